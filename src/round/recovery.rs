//! Finishes what nobody else finishes: a round whose Killer is gone is looked after, and never played on.

use jiff::Timestamp;

use super::attempt::PodState;
use super::{RoundConfig, RoundContext, blank};
use crate::journal::JournalError;
use macaque_core::journal::{Journal, JournalEvent, OutboxEntry, ReservationState, Resolution, RoundRecord};
use macaque_core::report::{RoundEnd, RoundReport};

/// What a look round found.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The reports that are this Killer's to tell.
    pub notices: Vec<OutboxEntry>,
    /// How many notices were dropped untold, ever.
    pub dropped: u64,
}

/// Looks round: adopts what nobody holds any more, closes the round that was left open, and finds the notices to
/// tell. `unclosed` is the story of a round of one's own that could not be closed before.
///
/// A round must not be in flight here: it would be taken for one that was left.
///
/// # Errors
/// The journal could not be read or written.
pub async fn patrol(
    table: RoundContext<'_>,
    unclosed: Option<&RoundReport>,
) -> Result<Recovery, JournalError> {
    let mut journal = table.enter(&JournalEvent::Recover).await?;
    if let Some(round) = journal.open_round_of(table.keeper.holder()).cloned() {
        journal = match unclosed.filter(|report| report.slot == round.slot) {
            Some(report) => table.close_late(&round, report).await?,
            None => table.close_for_another(&round).await?,
        };
    }
    Ok(Recovery {
        notices: journal.notices_of(table.keeper.holder()).cloned().collect(),
        dropped: journal.dropped(),
    })
}

impl RoundContext<'_> {
    /// Closes a round of one's own, whose story is known.
    async fn close_late(&self, round: &RoundRecord, report: &RoundReport) -> Result<Journal, JournalError> {
        for charge in &round.charges {
            let known = report
                .attempts
                .iter()
                .find(|attempt| attempt.pod.uid == charge.pod.uid);
            // A victim without a story was never asked for, or was refused for want of a grant.
            let settled = known.map_or(Resolution::Released, |attempt| Resolution::from(&attempt.outcome));
            let uid = charge.pod.uid.clone();
            self.enter(&JournalEvent::Resolve { uid, settled }).await?;
        }
        self.close(report).await
    }

    /// Closes a round that was interrupted: its victims are looked up, and none is disrupted any more.
    async fn close_for_another(&self, round: &RoundRecord) -> Result<Journal, JournalError> {
        let open = round
            .charges
            .iter()
            .filter(|charge| charge.state == ReservationState::Pending);
        let mut journal = None;
        for charge in open {
            let settled = match self.look(&charge.pod).await {
                PodState::GoneOrTerminating => Resolution::Disrupted,
                // It may be disrupted yet, by a request that is still on its way.
                PodState::Alive | PodState::Unknown(_) => Resolution::Unknown,
            };
            let uid = charge.pod.uid.clone();
            journal = Some(self.enter(&JournalEvent::Resolve { uid, settled }).await?);
        }
        let settled = journal.as_ref().and_then(Journal::round).unwrap_or(round);
        log::warn!(slot:% = round.slot; "the round of {} was interrupted; its books are finished here", round.slot);
        self.close(&story(settled, self.orders)).await
    }
}

/// What the journal tells of an interrupted round.
fn story(round: &RoundRecord, orders: &RoundConfig) -> RoundReport {
    let mut report = blank(orders, round.slot, round.seed);
    report.attempts = round.attempts();
    report.finished = Timestamp::now();
    report.end = RoundEnd::Failed {
        why: "it was interrupted, and its books were finished later: victims that were refused are not told of, and \
              what became of the others was found by looking them up"
            .to_owned(),
    };
    report
}
