//! Disrupts one victim and finds out what happened to it. If the outcome is in doubt, the request is repeated for the
//! same victim by its UID, never for another.

mod conclusions;
mod confirmation;

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::eligibility::Candidate;
use macaque_core::instants::after;
use macaque_core::outcome::Outcome;
use macaque_core::pod::{Pod, PodRef};
use macaque_core::recovery::{AcceptedBy, DisruptedVictim, RecoveryBaseline, WatchedSince};
use macaque_core::refusal::Refusal;
use macaque_core::report::RoundEnd;
use macaque_core::schedule::timer::ClockReading;
use macaque_core::verdict::{DisruptionVerdict, classify};
use tokio::time::Instant;

use super::RoundContext;
use crate::guards::RoundGuards;
use crate::k8s::ApiError;
use crate::read_retry::{LONGEST_PAUSE, RetryEnd, RetryPolicy};
use crate::recovery::FollowedVictim;

/// How long the current victim may take, request and check together, once macaque was asked to stop.
pub(super) const GRACE: Duration = Duration::from_secs(15);

/// How often the check after a disruption is tried before the log says that the API server is away: more often than
/// other reads.
const QUIET_CHECKS: u32 = 4;

/// How long after its request an answer without a date no longer shows when the server gave it.
const LATE: Duration = Duration::from_secs(2);

/// How many times a throttled disruption is sent again.
const THROTTLE_RETRIES: u32 = 3;

/// The outcome of an attempt, with the warnings that the API server sent.
pub(super) struct AttemptOutcome {
    pub(super) outcome: Outcome,
    pub(super) warnings: Vec<String>,
    /// When the API server accepted the disruption, if it did.
    pub(super) accepted: Option<Timestamp>,
}

/// What an attempt is about.
#[derive(Clone, Copy)]
pub(super) struct AttemptSubject<'a> {
    /// The victim.
    pub(super) victim: &'a Candidate,
    /// Its pod as it was read before the guards were asked.
    pub(super) fresh: &'a Pod,
    /// The slot of the round.
    pub(super) slot: Timestamp,
    /// What the pods of the owner are, if the recovery is to be watched.
    pub(super) baseline: Option<&'a RecoveryBaseline>,
}

/// The reason why an attempt has no outcome: nothing was done to the pod.
pub(super) enum AttemptError {
    /// macaque may not disrupt in this namespace.
    Namespace(ApiError),
    /// No other victim can be disrupted either: the round ends.
    Round(RoundEnd),
}

/// What a check of a pod by its UID found.
pub(super) enum PodState {
    /// There is no pod of that name, or one with another UID, or the pod is being deleted.
    GoneOrTerminating,
    /// The pod exists and is not being deleted.
    Alive,
    /// The check failed, for this reason.
    Unknown(String),
}

/// A running attempt.
struct DisruptionAttempt<'a, 'g> {
    context: &'a RoundContext<'a>,
    guards: &'a mut RoundGuards<'g>,
    subject: AttemptSubject<'a>,
    pod: &'a PodRef,
    /// When the outcome is no longer looked for.
    until: Instant,
    /// How many times it may still be sent again after throttling.
    throttle_retries: u32,
    /// The reason for which the outcome of an earlier request is unknown. Once set, later answers prove nothing by
    /// themselves: that request may already have disrupted the pod.
    doubt: Option<String>,
    /// When the API server first accepted the disruption.
    accepted: Option<Timestamp>,
    warnings: Vec<String>,
}

impl RoundContext<'_> {
    /// Checks the state of `pod` by its UID. While the API server does not answer, looks again and again, until `until`
    /// or the end of the grace after a request to stop.
    pub(super) async fn check(&self, pod: &PodRef, until: Instant) -> PodState {
        let read = async || self.cluster.pod(pod).await;
        let policy = |end| RetryPolicy { end, grace: GRACE };

        let quiet = policy(RetryEnd::Tries(QUIET_CHECKS));
        let mut found = quiet.read(self.platform, self.stop, read).await;
        if let Err(error) = &found
            && error.is_transient()
        {
            log::warn!("{error}; what became of pod {pod} is looked up as soon as the API server is back");
            let patient = policy(RetryEnd::At(until));
            found = patient.read(self.platform, self.stop, read).await;
        }

        match found {
            Ok(Some(now)) if now.id.uid == pod.uid && !now.terminating => PodState::Alive,
            Ok(_) => PodState::GoneOrTerminating,
            Err(error) => PodState::Unknown(error.to_string()),
        }
    }

    /// Disrupts a reserved victim, for which the `guards` said go, and finds out, until `until`, what happened to it.
    pub(super) async fn disrupt(
        &self,
        subject: AttemptSubject<'_>,
        guards: &mut RoundGuards<'_>,
        until: Instant,
    ) -> Result<AttemptOutcome, AttemptError> {
        let mut attempt = DisruptionAttempt {
            context: self,
            guards,
            subject,
            pod: &subject.victim.pod,
            until,
            throttle_retries: THROTTLE_RETRIES,
            doubt: None,
            accepted: None,
            warnings: Vec::new(),
        };

        if let Some(hold) = attempt.confirm_unless_fresh().await? {
            return Ok(Outcome::Held(hold).into());
        }
        loop {
            let verdict = attempt.send().await;
            if let Some(outcome) = attempt.conclude(verdict).await? {
                return Ok(AttemptOutcome {
                    outcome,
                    warnings: attempt.warnings,
                    accepted: attempt.accepted,
                });
            }
        }
    }
}

impl DisruptionAttempt<'_, '_> {
    /// Sends the disruption once.
    async fn send(&mut self) -> DisruptionVerdict {
        let sent = self.context.platform.reading();
        let disrupt = &self.context.config.disrupt;
        let request = self
            .context
            .cluster
            .disrupt(self.pod, disrupt.method, disrupt.grace_period);
        let answer = self.context.stop.within(GRACE, request).await;

        match answer.unwrap_or(Err(ApiError::Stopped)) {
            Ok(answer) => {
                let verdict = classify(&answer);
                if verdict == DisruptionVerdict::Accepted {
                    self.note_acceptance(sent, answer.date);
                }
                self.warnings.extend(answer.warnings);
                verdict
            }
            Err(error) => DisruptionVerdict::Uncertain(error.to_string()),
        }
    }

    /// Notes that the API server has accepted the disruption that was `sent`, in the second `answered`: the recovery begins
    /// then, and is watched from now on.
    fn note_acceptance(&mut self, sent: ClockReading, answered: Option<Timestamp>) {
        if self.accepted.is_some() {
            return;
        }
        let cluster = self.context.cluster;
        let took = self.context.platform.reading().longest_since(sent);
        let Some(accepted) = accepted_at(answered, cluster.server_time(), took) else {
            return;
        };
        let at = cluster.instant_of(accepted);
        self.accepted = Some(accepted);

        let AttemptSubject {
            victim,
            slot,
            baseline,
            ..
        } = self.subject;
        if let (Some(owner), Some(baseline)) = (&victim.owner, baseline) {
            let victim = DisruptedVictim {
                slot,
                pod: victim.pod.clone(),
                owner: owner.clone(),
                team: victim.team.clone(),
                method: self.context.config.disrupt.method,
                accepted,
                origin: AcceptedBy::Answer,
                baseline: baseline.clone(),
            };
            (self.context.on_accepted)(FollowedVictim {
                victim,
                accepted: at,
                since: WatchedSince::Acceptance,
                timeout: self.context.config.recovery.timeout,
                awake: sent,
            });
        }
    }

    /// Draws the outcome from the verdict; `None` means to send the request once more, for the same pod.
    async fn conclude(&mut self, verdict: DisruptionVerdict) -> Result<Option<Outcome>, AttemptError> {
        if let DisruptionVerdict::Refused(Refusal::Throttled { retry_after }) = &verdict
            && self.pause(*retry_after).await
        {
            match self.ask_again().await {
                None => return self.confirm_repeat().await,
                Some(hold) if !self.context.stop.is_requested() => return Ok(Some(self.held(hold))),
                Some(_) => {}
            }
        }

        match (verdict, self.doubt.take()) {
            (DisruptionVerdict::Accepted, None) => Ok(Some(self.verify().await)),
            (DisruptionVerdict::Uncertain(doubt), None) => Ok(self.check_doubt(doubt).await),
            (verdict, Some(doubt)) => Ok(Some(self.conclude_in_doubt(doubt, verdict).await)),
            (DisruptionVerdict::Gone, None) => Ok(Some(Outcome::Gone)),
            (DisruptionVerdict::Refused(refusal), None) => Ok(Some(Outcome::Refused(refusal))),
            (DisruptionVerdict::Forbidden(why), None) => {
                let what = self.describe();
                Err(AttemptError::Namespace(ApiError::Forbidden { what, why }))
            }
            (DisruptionVerdict::Unauthorized, None) => {
                let what = self.describe();
                let why = ApiError::Unauthorized { what }.to_string();
                Err(AttemptError::Round(RoundEnd::Failed { why }))
            }
            (DisruptionVerdict::Invalid(why), None) => {
                let why = format!("{}: {why}", self.describe());
                Err(AttemptError::Round(RoundEnd::Failed { why }))
            }
        }
    }

    /// Waits as the server asked; returns `false` if it was throttled too often, or macaque was asked to stop.
    async fn pause(&mut self, retry_after: Duration) -> bool {
        let Some(left) = self.throttle_retries.checked_sub(1) else {
            return false;
        };
        self.throttle_retries = left;

        let pause = self.context.platform.sleep(retry_after.min(LONGEST_PAUSE));
        self.context.stop.within(Duration::ZERO, pause).await.is_some()
    }

    fn describe(&self) -> String {
        format!("{} {}", self.context.config.disrupt.method, self.pod)
    }
}

impl From<Outcome> for AttemptOutcome {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            warnings: Vec::new(),
            accepted: None,
        }
    }
}

/// When the API server accepted a disruption, by an answer of the second `answered` that was read at `now`, so long after the
/// request; `None` if that is not known. A process that was suspended reads an answer long after it was given.
fn accepted_at(answered: Option<Timestamp>, now: Timestamp, took: Duration) -> Option<Timestamp> {
    match answered {
        Some(second) => Some(now.min(after(second, Duration::from_secs(1)))),
        None => (took < LATE).then_some(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_read_late_counts_from_its_date_and_without_one_from_no_time() {
        let ago = |seconds: u64| after(Timestamp::UNIX_EPOCH, Duration::from_secs(60 - seconds));
        let read = ago(0);

        assert_eq!(accepted_at(Some(ago(0)), read, Duration::ZERO), Some(read));
        assert_eq!(
            accepted_at(Some(ago(20)), read, Duration::from_secs(21)),
            Some(ago(19))
        );
        assert_eq!(accepted_at(None, read, Duration::from_millis(1_999)), Some(read));
        assert_eq!(accepted_at(None, read, LATE), None);
    }
}
