//! The context of a round, and how it uses the journal: a victim is reserved before it is disrupted, and every
//! reservation is resolved.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Denial, Journal, JournalEvent, Resolution, RoundRecord};
use macaque_core::pod::{ControllerRef, PodPlace};
use macaque_core::recovery::RecoveryBaseline;
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport};
use tokio::time::Instant;

use super::RoundConfig;
use super::attempt::GRACE;
use crate::facts::{Fact, Facts};
use crate::failpoint::FailPoints;
use crate::gates::Gates;
use crate::guards::GuardContext;
use crate::journal::{JournalError, JournalWriter};
use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;
use crate::recovery::FollowedVictim;
use crate::stop::StopToken;

/// The shortest wait before a claim is tried again.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// The longest: the API server's clock may have been set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The context of a round: everything that it works with.
#[derive(Clone, Copy)]
pub struct RoundContext<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The gates of the configuration.
    pub gates: &'a Gates,
    /// The journal.
    pub writer: &'a JournalWriter,
    /// The configuration of the round.
    pub config: &'a RoundConfig,
    /// Is called with each victim whose recovery is to be followed, as soon as the API server has accepted its disruption.
    pub on_accepted: &'a dyn Fn(FollowedVictim),
    /// Takes what happens.
    pub facts: &'a Facts,
    /// The request to stop, which ends a round early between two victims.
    pub stop: &'a StopToken,
    /// The source of time and randomness.
    pub platform: &'a Platform,
    /// The fail points, armed only in tests.
    pub fail_points: &'a FailPoints,
}

/// The result of a slot.
#[derive(Debug)]
pub enum RoundResult {
    /// The round ran here, or was withheld, and this is its report.
    Reported {
        /// The report, boxed because it is large.
        report: Box<RoundReport>,
        /// The state of the round in the journal.
        claim_state: ClaimState,
        /// The recoveries that this process has to watch after the round, as far as the journal shows them.
        recoveries: Vec<FollowedVictim>,
    },
    /// Another replica claimed the slot or reports why it is withheld, or a later incarnation of this Killer took the
    /// round over.
    Skipped(Denial),
}

/// The state of a round in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// The round was never claimed, so the journal has no record of it.
    Unclaimed,
    /// The round is claimed and could not be closed; the next takeover pass tries again.
    Open,
    /// The round is closed, and its report is in the outbox.
    Closed,
}

impl RoundResult {
    fn reported(report: RoundReport, claim_state: ClaimState) -> Self {
        Self::Reported {
            report: Box::new(report),
            claim_state,
            recoveries: Vec::new(),
        }
    }
}

impl<'a> RoundContext<'a> {
    /// What the guards of the round of `slot` are asked through.
    pub(super) fn guard_context(&self, slot: Timestamp) -> GuardContext<'a> {
        GuardContext {
            cluster: self.cluster,
            gates: self.gates,
            facts: Some(self.facts),
            config: &self.config.guards,
            eligibility: &self.config.eligibility,
            slot: Some(slot),
            dry_run: self.config.dry_run,
            method: self.config.disrupt.method,
            stop: self.stop,
            platform: self.platform,
        }
    }
}

impl RoundContext<'_> {
    /// Claims the round of `slot`. If the previous round, perhaps of another replica, was claimed only a moment ago,
    /// waits until this one may follow.
    pub(super) async fn claim(&self, slot: Timestamp, seed: u64) -> Result<Journal, JournalError> {
        loop {
            let claimed = self.commit(&self.writer.claim(slot, seed)).await;
            let Err(JournalError::Denied(Denial::TooSoon {
                retry_at: Some(retry_at),
                ..
            })) = claimed
            else {
                return claimed;
            };

            let wait = Duration::try_from(retry_at.duration_since(self.cluster.server_time()));
            log::debug!(slot:%; "round {slot} waits until {retry_at}: the previous one started only a moment ago");
            let wait = wait.unwrap_or_default().clamp(SHORTEST_WAIT, LONGEST_WAIT);
            let sleep = self.platform.sleep(wait);
            if self.stop.within(Duration::ZERO, sleep).await.is_none() {
                return claimed;
            }
        }
    }

    /// Ends a round that was not claimed. If no replica can claim it, one of them records that and reports it.
    pub(super) async fn withhold(&self, report: RoundReport, error: &JournalError) -> RoundResult {
        let unclaimed = ClaimState::Unclaimed;
        let JournalError::Denied(denial) = error else {
            return RoundResult::reported(report, unclaimed);
        };
        // A round that did not wait to the end may yet be run by another replica.
        let may_follow = matches!(
            denial,
            Denial::TooSoon {
                retry_at: Some(_),
                ..
            }
        );
        let has_left = may_follow && self.stop.is_requested();
        if denial.is_held_elsewhere() || has_left {
            return RoundResult::Skipped(denial.clone());
        }
        if !denial.is_common() {
            return RoundResult::reported(report, unclaimed);
        }

        let withheld = JournalEvent::Withhold(Box::new(report.clone()));
        match self.commit(&withheld).await {
            Ok(_) => RoundResult::reported(report, ClaimState::Closed),
            Err(JournalError::Denied(denial)) if denial.is_held_elsewhere() => RoundResult::Skipped(denial),
            Err(_) => RoundResult::reported(report, unclaimed),
        }
    }

    /// Reserves a victim that is about to be disrupted; with a baseline, its recovery will be watched.
    pub(super) async fn reserve(
        &self,
        victim: &Candidate,
        place: &PodPlace,
        baseline: Option<&RecoveryBaseline>,
    ) -> Result<Journal, JournalError> {
        let event = JournalEvent::Reserve {
            victim: victim.clone(),
            place: place.clone(),
            method: self.config.disrupt.method,
            baseline: baseline.cloned().map(Box::new),
        };
        self.commit(&event).await
    }

    /// Confirms that a reserved victim may still be disrupted, whatever was written to the journal meanwhile.
    pub(super) async fn confirm(
        &self,
        victim: &Candidate,
        place: &PodPlace,
        baseline: Option<&RecoveryBaseline>,
    ) -> Result<Journal, JournalError> {
        self.writer.forget_cached();
        self.reserve(victim, place, baseline).await
    }

    /// The end of the search for a victim's outcome: shortly before the lease of the round ends, so that the outcome is
    /// recorded before another replica takes the round over.
    pub(super) fn end_of_search(&self, round: Option<&RoundRecord>) -> Instant {
        let lease = round.map_or(SignedDuration::ZERO, |round| {
            round.lease_until.duration_since(self.cluster.server_time())
        });
        let lease = Duration::try_from(lease).unwrap_or_default();
        self.platform.monotonic() + lease.saturating_sub(self.writer.takeover_interval())
    }

    /// Records the outcome of a victim, and when the API server accepted the disruption, if it did.
    pub(super) async fn resolve(
        &self,
        uid: &str,
        resolution: Resolution,
        accepted: Option<Timestamp>,
    ) -> Result<Journal, JournalError> {
        let event = JournalEvent::Resolve {
            uid: uid.to_owned(),
            resolution,
            accepted,
        };
        self.commit(&event).await
    }

    /// Closes the round with its report.
    pub(super) async fn close(&self, report: &RoundReport) -> Result<Journal, JournalError> {
        let report = Box::new(report.clone());
        self.commit(&JournalEvent::Close(report)).await
    }

    /// The recoveries that this process has to watch, as far as the journal shows them.
    pub(super) fn recoveries_in(&self, journal: &Journal) -> Vec<FollowedVictim> {
        let records = journal.recoveries_of(self.writer.holder());
        let adopt = |record| FollowedVictim::adopt(record, self.cluster);
        records.map(adopt).collect()
    }

    /// Commits an event; once macaque was asked to stop, within the grace of the current victim.
    pub(super) async fn commit(&self, event: &JournalEvent) -> Result<Journal, JournalError> {
        let written = self
            .stop
            .within(GRACE, self.writer.commit(self.cluster, event))
            .await;
        written.unwrap_or(Err(JournalError::Api(ApiError::Stopped)))
    }

    /// Publishes the outcome for a victim of the round of `slot`.
    pub(super) fn publish_tried(
        &self,
        (slot, seed): (Timestamp, u64),
        attempt: &AttemptReport,
        controller: Option<&ControllerRef>,
    ) {
        let method = self.config.disrupt.method;
        self.facts.publish(Fact::VictimTried {
            slot,
            seed,
            method,
            attempt,
            controller,
        });
    }

    /// How the round ends after an error of the journal.
    pub(super) fn end_of(&self, error: JournalError) -> RoundEnd {
        if self.stop.is_requested() {
            RoundEnd::Interrupted
        } else {
            error.into()
        }
    }
}
