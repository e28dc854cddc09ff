//! A round's dealings with the journal: no victim is disrupted that was not charged, and each charge is settled.

use jiff::Timestamp;

use super::attempt::{AttemptError, AttemptOutcome, GRACE};
use super::{RoundContext, RunningRound};
use crate::failpoint::FailPoint;
use crate::journal::JournalError;
use crate::k8s::ApiError;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Denial, Journal, JournalEvent, Resolution};
use macaque_core::report::{RoundEnd, RoundReport};

/// What came of an attempt to disrupt somebody.
pub(super) enum AttemptResult {
    /// This became of the victim.
    Attempted(AttemptOutcome),
    /// Its owner is left in peace until then: nothing was done.
    InCooldown(Timestamp),
    /// Nothing was done to the pod.
    NotAttempted(AttemptError),
}

impl RunningRound<'_> {
    /// Charges the victim, disrupts it, and settles the charge.
    ///
    /// # Errors
    /// The round ends: the journal does not allow the charge, or could not be written.
    pub(super) async fn disrupt_by_the_book(
        &mut self,
        victim: &Candidate,
    ) -> Result<AttemptResult, RoundEnd> {
        let table = self.table;
        table.faults.pass(FailPoint::BeforeReserve).await;
        match table.charge(victim).await {
            Ok(_) => {}
            Err(JournalError::Denied(Denial::InCooldown(resting))) => {
                return Ok(AttemptResult::InCooldown(resting.until));
            }
            Err(setback) => return Err(table.end_by(setback)),
        }
        table.faults.pass(FailPoint::AfterReserve).await;
        if table.stop.is_requested() {
            // Nothing was sent: that much is certain.
            table.settle(victim, Resolution::Released).await?;
            return Err(RoundEnd::Interrupted);
        }
        table.faults.pass(FailPoint::BeforeDisrupt).await;
        let tried = table.disrupt(&victim.pod).await;
        table.faults.pass(FailPoint::AfterDisrupt).await;
        let settled = tried
            .as_ref()
            .map_or(Resolution::Released, |tried| Resolution::from(&tried.outcome));
        table.faults.pass(FailPoint::BeforeResolve).await;
        if let Err(end) = table.settle(victim, settled).await {
            // It is told all the same, and the journal counts it as spent until it can be settled.
            if let Ok(tried) = tried {
                self.tell(victim.clone(), tried);
            }
            return Err(end);
        }
        table.faults.pass(FailPoint::AfterResolve).await;
        Ok(tried.map_or_else(AttemptResult::NotAttempted, AttemptResult::Attempted))
    }
}

impl RoundContext<'_> {
    /// Claims the round of `slot`.
    pub(super) async fn claim(&self, slot: Timestamp, seed: u64) -> Result<Journal, JournalError> {
        self.enter(&self.keeper.claim(slot, seed)).await
    }

    async fn charge(&self, victim: &Candidate) -> Result<Journal, JournalError> {
        self.enter(&JournalEvent::Reserve {
            victim: victim.clone(),
            method: self.orders.disrupt.method,
        })
        .await
    }

    /// Writes down what became of a victim.
    async fn settle(&self, victim: &Candidate, settled: Resolution) -> Result<(), RoundEnd> {
        let uid = victim.pod.uid.clone();
        let entered = self.enter(&JournalEvent::Resolve { uid, settled }).await;
        entered.map(drop).map_err(|setback| self.end_by(setback))
    }

    /// Closes the round with its story.
    pub(super) async fn close(&self, report: &RoundReport) -> Result<Journal, JournalError> {
        self.enter(&JournalEvent::Close(Box::new(report.clone()))).await
    }

    /// Writes an event down; once macaque was told to stop, within the grace of the victim in flight.
    pub(super) async fn enter(&self, event: &JournalEvent) -> Result<Journal, JournalError> {
        let entered = self
            .stop
            .within(GRACE, self.keeper.enter(self.cluster, event))
            .await;
        entered.unwrap_or_else(|| {
            Err(JournalError::Api(ApiError::Access(
                "macaque was told to stop before the journal was written".to_owned(),
            )))
        })
    }

    fn end_by(&self, setback: JournalError) -> RoundEnd {
        match self.stop.is_requested() {
            true => RoundEnd::Interrupted,
            false => setback.into(),
        }
    }
}
