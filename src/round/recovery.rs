//! Recovers what a dead Killer left behind: an interrupted round is closed, and never continued; reports that were not
//! delivered are found.

use macaque_core::journal::{
    Journal, JournalEvent, OutboxEntry, Reservation, ReservationState, Resolution, RoundRecord,
};
use macaque_core::report::{RoundEnd, RoundReport};

use super::RoundContext;
use super::attempt::PodState;
use crate::journal::JournalError;

/// What a recovery pass found.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The reports that this Killer has to deliver.
    pub outbox: Vec<OutboxEntry>,
    /// How many reports were dropped before they were delivered, ever.
    pub dropped: u64,
}

/// Runs a recovery pass: takes over what nobody holds any more, closes the round that was left open, and finds the
/// reports to deliver. `unclosed` is the report of one's own round that could not be closed before.
///
/// A round must not be in flight here: it would be taken for one that was left behind.
///
/// # Errors
/// The journal could not be read or written.
pub async fn recover(
    context: RoundContext<'_>,
    unclosed: Option<&RoundReport>,
) -> Result<Recovery, JournalError> {
    let holder = context.writer.holder();
    let mut journal = context.commit(&JournalEvent::Recover).await?;

    if let Some(round) = journal.open_round_of(holder).cloned() {
        journal = match unclosed.filter(|report| report.slot == round.slot) {
            Some(report) => context.close_late(&round, report).await?,
            None => context.close_interrupted(&round).await?,
        };
    }

    Ok(Recovery {
        outbox: journal.outbox_of(holder).cloned().collect(),
        dropped: journal.dropped(),
    })
}

impl RoundContext<'_> {
    /// Closes a round of one's own, whose report is known.
    async fn close_late(&self, round: &RoundRecord, report: &RoundReport) -> Result<Journal, JournalError> {
        for reservation in &round.reservations {
            let uid = &reservation.pod.uid;
            let known = report.attempts.iter().find(|attempt| attempt.pod.uid == *uid);
            // A victim without an attempt was never asked for, or was refused because a grant is missing.
            let resolution = match known {
                Some(attempt) => Resolution::from(&attempt.outcome),
                None => Resolution::Released,
            };
            self.resolve(uid, resolution).await?;
        }
        self.close(report).await
    }

    /// Closes a round that was interrupted: its victim in flight is looked up, and nothing is disrupted any more.
    async fn close_interrupted(&self, round: &RoundRecord) -> Result<Journal, JournalError> {
        let mut resolved = round.clone();
        let is_pending = |reservation: &&Reservation| reservation.state == ReservationState::Pending;
        for reservation in round.reservations.iter().filter(is_pending) {
            let resolution = match self.check(&reservation.pod).await {
                PodState::GoneOrTerminating => Resolution::Disrupted,
                // It may yet be disrupted, by a request that is still on its way.
                PodState::Alive | PodState::Unknown(_) => Resolution::Unknown,
            };
            let journal = self.resolve(&reservation.pod.uid, resolution).await?;
            resolved = journal.round().cloned().unwrap_or(resolved);
        }

        let slot = round.slot;
        log::warn!(slot:%; "round {slot} was interrupted; recovering it on this replica");
        self.close(&self.report_of(&resolved)).await
    }

    /// What the journal knows of an interrupted round.
    fn report_of(&self, round: &RoundRecord) -> RoundReport {
        let why = "it was interrupted and recovered later: victims that were refused are not listed, and what happened \
                   to the others was found by looking them up";
        RoundReport {
            attempts: round.attempts(),
            finished: self.platform.now(),
            end: RoundEnd::Failed { why: why.to_owned() },
            ..self.config.blank_report(round.slot, round.seed)
        }
    }
}
