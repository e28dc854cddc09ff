//! A round's dealings with the journal: no victim is disrupted that was not charged, and each charge is settled.

use jiff::Timestamp;

use super::attempt::{Failure, GRACE, Tried};
use super::{Round, Table};
use crate::failpoint::Point;
use crate::journal::Setback;
use crate::k8s::ClusterError;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Denial, Event, Journal, Settled};
use macaque_core::report::{End, Report};

/// What came of an attempt to disrupt somebody.
pub(super) enum Deed {
    /// This became of the victim.
    Done(Tried),
    /// Its owner is left in peace until then: nothing was done.
    Resting(Timestamp),
    /// Nothing was done to the pod.
    Nothing(Failure),
}

impl Round<'_> {
    /// Charges the victim, disrupts it, and settles the charge.
    ///
    /// # Errors
    /// The round ends: the journal does not allow the charge, or could not be written.
    pub(super) async fn disrupt_by_the_book(&mut self, victim: &Candidate) -> Result<Deed, End> {
        let table = self.table;
        table.faults.pass(Point::BeforeCharge).await;
        match table.charge(victim).await {
            Ok(_) => {}
            Err(Setback::Denied(Denial::Resting(resting))) => return Ok(Deed::Resting(resting.until)),
            Err(setback) => return Err(table.end_by(setback)),
        }
        table.faults.pass(Point::AfterCharge).await;
        if table.stop.is_requested() {
            // Nothing was sent: that much is certain.
            table.settle(victim, Settled::Undone).await?;
            return Err(End::Interrupted);
        }
        table.faults.pass(Point::BeforeDisrupt).await;
        let tried = table.disrupt(&victim.pod).await;
        table.faults.pass(Point::AfterDisrupt).await;
        let settled = tried
            .as_ref()
            .map_or(Settled::Undone, |tried| Settled::from(&tried.outcome));
        table.faults.pass(Point::BeforeSettle).await;
        if let Err(end) = table.settle(victim, settled).await {
            // It is told all the same, and the journal counts it as spent until it can be settled.
            if let Ok(tried) = tried {
                self.tell(victim.clone(), tried);
            }
            return Err(end);
        }
        table.faults.pass(Point::AfterSettle).await;
        Ok(tried.map_or_else(Deed::Nothing, Deed::Done))
    }
}

impl Table<'_> {
    /// Claims the round of `slot`.
    pub(super) async fn claim(&self, slot: Timestamp, seed: u64) -> Result<Journal, Setback> {
        self.enter(&self.keeper.claim(slot, seed)).await
    }

    async fn charge(&self, victim: &Candidate) -> Result<Journal, Setback> {
        self.enter(&Event::Charge {
            victim: victim.clone(),
            method: self.orders.disrupt.method,
        })
        .await
    }

    /// Writes down what became of a victim.
    async fn settle(&self, victim: &Candidate, settled: Settled) -> Result<(), End> {
        let uid = victim.pod.uid.clone();
        let entered = self.enter(&Event::Settle { uid, settled }).await;
        entered.map(drop).map_err(|setback| self.end_by(setback))
    }

    /// Closes the round with its story.
    pub(super) async fn close(&self, report: &Report) -> Result<Journal, Setback> {
        self.enter(&Event::Close(Box::new(report.clone()))).await
    }

    /// Writes an event down; once macaque was told to stop, within the grace of the victim in flight.
    pub(super) async fn enter(&self, event: &Event) -> Result<Journal, Setback> {
        let entered = self
            .stop
            .within(GRACE, self.keeper.enter(self.cluster, event))
            .await;
        entered.unwrap_or_else(|| {
            Err(Setback::Failed(ClusterError::Access(
                "macaque was told to stop before the journal was written".to_owned(),
            )))
        })
    }

    fn end_by(&self, setback: Setback) -> End {
        match self.stop.is_requested() {
            true => End::Interrupted,
            false => setback.into(),
        }
    }
}
