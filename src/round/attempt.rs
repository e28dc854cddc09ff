//! Disrupts one victim and finds out what became of it. A doubt resumes the same victim by its UID, never another.

use std::time::Duration;

use crate::k8s::ApiError;
use macaque_core::config::DisruptConfig;
use macaque_core::outcome::{DisruptionMethod, Outcome, Refusal};
use macaque_core::pod::PodRef;
use macaque_core::verdict::{DisruptionVerdict, classify};

use super::retry::{ReadError, RetryPolicy};
use super::{LONGEST_PAUSE, RoundContext};

/// How long the victim in flight may take, call and look together, once macaque was told to stop.
pub(super) const GRACE: Duration = Duration::from_secs(15);

/// A look after a disruption is worth more tries than another read, and goes on within the grace.
const LOOK: RetryPolicy = RetryPolicy {
    tries: 4,
    grace: GRACE,
};

/// How often a throttled disruption is sent again.
const THROTTLES: u32 = 3;

/// One victim's outcome, with what the API server remarked on the way.
pub(super) struct AttemptOutcome {
    pub(super) outcome: Outcome,
    pub(super) warnings: Vec<String>,
}

impl From<Outcome> for AttemptOutcome {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            warnings: Vec::new(),
        }
    }
}

/// Why an attempt has no outcome: nothing was done to the pod.
pub(super) enum AttemptError {
    /// macaque may not disrupt in this namespace.
    Namespace(ApiError),
    /// Going on is useless anywhere.
    Round(String),
}

/// What a look by UID saw.
pub(super) enum PodState {
    /// No pod of that name, another one, or the pod being deleted.
    GoneOrTerminating,
    /// The pod, as alive as before.
    Alive,
    /// Nothing: the look failed, and why.
    Unknown(String),
}

/// One victim under way.
struct DisruptionAttempt<'a> {
    table: &'a RoundContext<'a>,
    pod: &'a PodRef,
    /// How often it may be throttled yet.
    throttles: u32,
    /// What came instead of an answer. From then on no answer is taken at its word: it may be about a pod that an
    /// earlier request has already disrupted.
    doubt: Option<String>,
    warnings: Vec<String>,
}

impl RoundContext<'_> {
    /// Looks `pod` up by its UID, several times if the API server does not answer.
    pub(super) async fn look(&self, pod: &PodRef) -> PodState {
        let Self { stop, cluster, .. } = self;
        match LOOK.read(stop, async || cluster.pod(pod).await).await {
            Ok(Some(now)) if now.id.uid == pod.uid && !now.terminating => PodState::Alive,
            Ok(_) => PodState::GoneOrTerminating,
            Err(ReadError::Failed(error)) => PodState::Unknown(error.to_string()),
            Err(ReadError::Stopped) => PodState::Unknown("macaque was told to stop".to_owned()),
        }
    }

    /// Disrupts `pod` and finds out what became of it.
    pub(super) async fn disrupt(&self, pod: &PodRef) -> Result<AttemptOutcome, AttemptError> {
        let mut trial = DisruptionAttempt {
            table: self,
            pod,
            throttles: THROTTLES,
            doubt: None,
            warnings: Vec::new(),
        };
        loop {
            let verdict = trial.ask().await;
            if let Some(outcome) = trial.conclude(verdict).await? {
                let warnings = trial.warnings;
                return Ok(AttemptOutcome { outcome, warnings });
            }
        }
    }
}

impl DisruptionAttempt<'_> {
    /// Sends the disruption once.
    async fn ask(&mut self) -> DisruptionVerdict {
        let RoundContext {
            stop,
            cluster,
            orders,
            ..
        } = self.table;
        let DisruptConfig {
            method, grace_period, ..
        } = orders.disrupt;
        match stop
            .within(GRACE, cluster.disrupt(self.pod, method, grace_period))
            .await
        {
            Some(Ok(answer)) => {
                let verdict = classify(&answer);
                self.warnings.extend(answer.warnings);
                verdict
            }
            Some(Err(error)) => DisruptionVerdict::Uncertain(error.to_string()),
            None => DisruptionVerdict::Uncertain("macaque was told to stop before an answer came".to_owned()),
        }
    }

    /// What follows from the verdict; `None` asks once more for the same pod.
    async fn conclude(&mut self, verdict: DisruptionVerdict) -> Result<Option<Outcome>, AttemptError> {
        if let DisruptionVerdict::Refused(Refusal::Throttled { retry_after }) = &verdict
            && self.rest(*retry_after).await
        {
            return Ok(None);
        }
        match (verdict, self.doubt.take()) {
            (DisruptionVerdict::Accepted, _) => Ok(Some(self.verify().await)),
            (DisruptionVerdict::Uncertain(doubt), None) => Ok(self.settle(doubt).await),
            (verdict, Some(doubt)) => Ok(Some(self.give_up(doubt, verdict).await)),
            (DisruptionVerdict::Gone, None) => Ok(Some(Outcome::Gone)),
            (DisruptionVerdict::Refused(refusal), None) => Ok(Some(Outcome::Refused(refusal))),
            (DisruptionVerdict::Forbidden(why), None) => Err(AttemptError::Namespace(ApiError::Forbidden {
                what: self.what(),
                why,
            })),
            (DisruptionVerdict::Unauthorized, None) => Err(AttemptError::Round(
                ApiError::Unauthorized { what: self.what() }.to_string(),
            )),
            (DisruptionVerdict::Invalid(why), None) => {
                Err(AttemptError::Round(format!("{}: {why}", self.what())))
            }
        }
    }

    /// Pauses for a throttle; `false` where there was no more patience, or macaque was told to stop.
    async fn rest(&mut self, retry_after: Duration) -> bool {
        let Some(left) = self.throttles.checked_sub(1) else {
            return false;
        };
        self.throttles = left;
        let pause = tokio::time::sleep(retry_after.min(LONGEST_PAUSE));
        self.table.stop.within(Duration::ZERO, pause).await.is_some()
    }

    /// A yes is no proof: the pod must be gone or going.
    async fn verify(&self) -> Outcome {
        match self.look().await {
            PodState::GoneOrTerminating => self.done(),
            PodState::Alive => Outcome::Refused(Refusal::AcceptedButAlive),
            PodState::Unknown(why) => Outcome::Unknown {
                why: format!("accepted, and then {why}"),
            },
        }
    }

    /// Settles the first doubt by looking; `None` where the pod lives and may be asked for once more, by its UID.
    async fn settle(&mut self, doubt: String) -> Option<Outcome> {
        match self.look().await {
            PodState::GoneOrTerminating => Some(self.done_all_the_same(&doubt)),
            PodState::Alive if !self.table.stop.is_requested() => {
                self.doubt = Some(doubt);
                None
            }
            PodState::Alive => Some(Outcome::Unknown {
                why: format!("{doubt}; a moment later the pod was alive"),
            }),
            PodState::Unknown(why) => Some(Outcome::Unknown {
                why: format!("{doubt}; then {why}"),
            }),
        }
    }

    /// Ends in doubt: an answer other than yes may be about what the request before it did.
    async fn give_up(&mut self, doubt: String, verdict: DisruptionVerdict) -> Outcome {
        let why = match self.look().await {
            PodState::GoneOrTerminating => return self.done_all_the_same(&doubt),
            PodState::Alive => "a moment later the pod was alive".to_owned(),
            PodState::Unknown(why) => format!("then {why}"),
        };
        let again = match verdict {
            DisruptionVerdict::Refused(refusal) => format!("asked again: refused by {refusal}"),
            DisruptionVerdict::Uncertain(why)
            | DisruptionVerdict::Forbidden(why)
            | DisruptionVerdict::Invalid(why) => {
                format!("asked again: {why}")
            }
            DisruptionVerdict::Unauthorized => "asked again: the credentials are not accepted".to_owned(),
            DisruptionVerdict::Accepted | DisruptionVerdict::Gone => "asked again".to_owned(),
        };
        Outcome::Unknown {
            why: format!("{doubt}; {again}; {why}"),
        }
    }

    fn done_all_the_same(&mut self, doubt: &str) -> Outcome {
        let seen = format!("no clear answer ({doubt}), but the pod was seen gone or going");
        self.warnings.push(seen);
        self.done()
    }

    fn done(&self) -> Outcome {
        match self.table.orders.disrupt.method {
            DisruptionMethod::Evict => Outcome::Evicted,
            DisruptionMethod::Delete => Outcome::Deleted,
        }
    }

    fn what(&self) -> String {
        format!("{} {}", self.table.orders.disrupt.method, self.pod)
    }

    async fn look(&self) -> PodState {
        self.table.look(self.pod).await
    }
}
