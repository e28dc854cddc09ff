//! The context of a round, and how it uses the journal: a victim is reserved before it is disrupted, and every
//! reservation is resolved.

use jiff::Timestamp;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Denial, Journal, JournalEvent, Resolution};
use macaque_core::report::{RoundEnd, RoundReport};

use super::attempt::GRACE;
use super::{RoundConfig, StopToken};
use crate::failpoint::FailPoints;
use crate::journal::{JournalError, JournalWriter};
use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;

/// The context of a round: everything that it works with.
#[derive(Clone, Copy)]
pub struct RoundContext<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The journal.
    pub writer: &'a JournalWriter,
    /// The configuration of the round.
    pub config: &'a RoundConfig,
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
        /// The report.
        report: RoundReport,
        /// The state of the round in the journal.
        claim_state: ClaimState,
    },
    /// Another replica claimed the slot, or a later incarnation of this Killer took it over.
    Skipped(Denial),
}

/// The state of a round in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// The round was never claimed, so the journal has no record of it.
    Unclaimed,
    /// The round is claimed and could not be closed; the next recovery pass tries again.
    Open,
    /// The round is closed, and its report is in the outbox.
    Closed,
}

impl RoundContext<'_> {
    /// Claims the round of `slot`.
    pub(super) async fn claim(&self, slot: Timestamp, seed: u64) -> Result<Journal, JournalError> {
        self.commit(&self.writer.claim(slot, seed)).await
    }

    /// Reserves a victim that is about to be disrupted.
    pub(super) async fn reserve(&self, victim: &Candidate) -> Result<Journal, JournalError> {
        let event = JournalEvent::Reserve {
            victim: victim.clone(),
            method: self.config.disrupt.method,
        };
        self.commit(&event).await
    }

    /// Records the outcome of a victim.
    pub(super) async fn resolve(&self, uid: &str, resolution: Resolution) -> Result<Journal, JournalError> {
        let uid = uid.to_owned();
        self.commit(&JournalEvent::Resolve { uid, resolution }).await
    }

    /// Closes the round with its report.
    pub(super) async fn close(&self, report: &RoundReport) -> Result<Journal, JournalError> {
        let report = Box::new(report.clone());
        self.commit(&JournalEvent::Close(report)).await
    }

    /// Commits an event; once macaque was asked to stop, within the grace of the current victim.
    pub(super) async fn commit(&self, event: &JournalEvent) -> Result<Journal, JournalError> {
        let written = self
            .stop
            .within(GRACE, self.writer.commit(self.cluster, event))
            .await;
        written.unwrap_or(Err(JournalError::Api(ApiError::Stopped)))
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
