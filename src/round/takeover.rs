//! Takes over what a crashed Killer left behind: closes an interrupted round, which is never continued, and finds the
//! messages that were not delivered and the recoveries that nobody watches.

use macaque_core::journal::{
    Journal, JournalEvent, OutboxEntry, Reservation, ReservationState, Resolution, RoundRecord,
};
use macaque_core::report::{RoundEnd, RoundReport};

use super::RoundContext;
use super::attempt::PodState;
use crate::facts::Fact;
use crate::journal::JournalError;
use crate::recovery::FollowedVictim;

/// What a takeover pass found.
#[derive(Debug, Default)]
pub struct Takeover {
    /// The messages that this Killer has to deliver.
    pub outbox: Vec<OutboxEntry>,
    /// The recoveries that this process has to watch.
    pub recoveries: Vec<FollowedVictim>,
    /// How many undelivered reports were ever dropped from the outbox.
    pub dropped: u64,
    /// The guard that held the last round, whichever replica ran it, and its answer.
    pub held: Option<String>,
}

/// Runs a takeover pass: takes over expired leases, closes a round that was left open, and finds the messages to deliver
/// and the recoveries to watch. `unclosed` is the report of this Killer's own round that could not be closed before.
///
/// No round may be running meanwhile: it would be closed as an interrupted one.
///
/// # Errors
/// The journal could not be read or written.
pub async fn take_over(
    context: RoundContext<'_>,
    unclosed: Option<&RoundReport>,
) -> Result<Takeover, JournalError> {
    let holder = context.writer.holder();
    // By a copy from before, nothing that another process has left since could be seen.
    context.writer.forget_cached();
    let mut journal = context.commit(&JournalEvent::TakeOver).await?;

    if let Some(round) = journal.open_round_of(holder).cloned() {
        journal = match unclosed.filter(|report| report.slot == round.slot) {
            Some(report) => context.close_late(&round, report).await?,
            None => context.close_interrupted(&round).await?,
        };
    }

    Ok(Takeover {
        outbox: journal.outbox_of(holder).cloned().collect(),
        recoveries: context.recoveries_in(&journal),
        dropped: journal.dropped(),
        held: journal.round().and_then(|round| round.held.clone()),
    })
}

impl RoundContext<'_> {
    /// Closes a round of this Killer, whose report is known.
    async fn close_late(&self, round: &RoundRecord, report: &RoundReport) -> Result<Journal, JournalError> {
        for reservation in &round.reservations {
            let uid = &reservation.pod.uid;
            let known = report.attempts.iter().find(|attempt| attempt.pod.uid == *uid);
            // For a victim without an attempt no request was sent, or a permission was missing.
            let resolution = match known {
                Some(attempt) => Resolution::from(&attempt.outcome),
                None => Resolution::Released,
            };
            self.resolve(uid, resolution, None).await?;

            let is_pending = reservation.state == ReservationState::Pending;
            if let Some(attempt) = known.filter(|_| is_pending) {
                self.publish_tried((report.slot, report.seed), attempt, None);
            }
        }
        self.close_taken_over(report).await
    }

    /// Closes an interrupted round: checks what happened to its pending victim, and disrupts nothing more.
    async fn close_interrupted(&self, round: &RoundRecord) -> Result<Journal, JournalError> {
        let mut resolved = round.clone();
        let is_pending = |reservation: &&Reservation| reservation.state == ReservationState::Pending;
        for reservation in round.reservations.iter().filter(is_pending) {
            let until = self.end_of_search(Some(round));
            let resolution = match self.check(&reservation.pod, until).await {
                PodState::GoneOrTerminating => Resolution::Disrupted,
                // A request that is still on its way may yet disrupt the pod.
                PodState::Alive | PodState::Unknown(_) => Resolution::Unknown,
            };
            let journal = self.resolve(&reservation.pod.uid, resolution, None).await?;
            resolved = journal.round().cloned().unwrap_or(resolved);

            let attempts = resolved.attempts();
            if let Some(attempt) = attempts.iter().find(|attempt| attempt.pod == reservation.pod) {
                self.publish_tried((round.slot, round.seed), attempt, None);
            }
        }

        let slot = round.slot;
        log::warn!(slot:%; "round {slot} was interrupted; closing it on this replica");
        self.close_taken_over(&self.report_interrupted(&resolved)).await
    }

    /// Closes a round with its report, and publishes that it ended.
    async fn close_taken_over(&self, report: &RoundReport) -> Result<Journal, JournalError> {
        let journal = self.close(report).await?;
        self.facts.publish(Fact::RoundFinished(report));
        Ok(journal)
    }

    /// The report of an interrupted round, from its record in the journal.
    fn report_interrupted(&self, round: &RoundRecord) -> RoundReport {
        let why = "it was interrupted and taken over later: refused victims are not listed, and a victim without a \
                   recorded outcome was looked up";
        RoundReport {
            attempts: round.attempts(),
            finished: self.platform.now().max(round.slot),
            end: RoundEnd::Failed { why: why.to_owned() },
            ..self.config.blank_report(round.slot, round.seed)
        }
    }
}
