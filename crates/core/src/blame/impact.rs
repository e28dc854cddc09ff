//! The time in which a disruption had its effect: for sure, and perhaps.

use std::time::Duration;

use jiff::Timestamp;

use super::{BlameEvidence, BlameQuestion};
use crate::history::{EntryOutcome, EntryRecovery, History, HistoryEntry};
use crate::instants::after;
use crate::journal::{Journal, RoundRecord};
use crate::recovery::RecoveryVerdict;

/// How long an owner that did not recover may go on lacking a pod.
const UNRECOVERED: Duration = Duration::from_secs(24 * 3600);

/// How long after its reservation a victim may be disrupted: its request, and the one that may follow it, take up to 40 s
/// each, and a pause comes between them.
const LONGEST_REQUESTS: Duration = Duration::from_secs(120);

/// One disruption that happened, or may have, and the time in which it had its effect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Impact<'a> {
    /// The disruption.
    pub entry: &'a HistoryEntry,
    /// The first instant at which it may have had its effect.
    pub begin: Timestamp,
    /// When it was accepted, as far as that is known.
    pub accepted: Timestamp,
    /// What is known of its end.
    pub end: ImpactEnd,
    /// The last instant at which its owner may have lacked a pod because of it.
    pub until: Timestamp,
}

/// What is known of the end of a disruption's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImpactEnd {
    /// The owner was whole again then.
    Whole(Timestamp),
    /// The owner was not comparable any more from then on: it was rolled out, had completed, or was deleted.
    Changed(Timestamp, RecoveryVerdict),
    /// The owner is not whole yet, as far as its watcher has seen.
    Open(Timestamp),
    /// The owner was not whole until then, when nobody watched any more.
    Unrecovered(Timestamp),
    /// Nobody saw the end.
    Unseen,
    /// The pod had no owner that could become whole again.
    Ownerless,
    /// Nobody knows whether there was an effect at all, or whether that of another was found.
    Unknown,
}

/// Every disruption that the question may be about, in the order in which they may have begun.
pub(super) fn impacts<'a>(
    known: &'a History,
    question: &BlameQuestion,
    evidence: BlameEvidence<'_>,
) -> Vec<Impact<'a>> {
    let entries = known.entries().iter();
    let disruptive = entries.filter(|entry| entry.outcome.is_disruption() || entry.outcome.is_unknown());
    let about = disruptive.filter(|entry| question.is_about(entry));

    let mut impacts: Vec<_> = about.map(|entry| Impact::of(entry, evidence)).collect();
    impacts.sort_by_key(|impact| impact.begin);
    impacts
}

impl<'a> Impact<'a> {
    fn of(entry: &'a HistoryEntry, evidence: BlameEvidence<'_>) -> Self {
        let accepted = entry
            .recovery
            .as_ref()
            .map_or(entry.at, |recovery| recovery.accepted);
        let end = ending(entry, accepted, evidence);

        // What nobody saw the end of lasts as long as it would have been watched.
        let unseen = after(accepted.max(entry.at), evidence.timeout);
        let seen = entry.recovery.as_ref().and_then(lasting_until);
        let until = match end {
            ImpactEnd::Whole(at) | ImpactEnd::Changed(at, _) | ImpactEnd::Open(at) => at,
            ImpactEnd::Unrecovered(at) => after(at, UNRECOVERED),
            ImpactEnd::Ownerless => accepted,
            ImpactEnd::Unknown if is_pending(entry, evidence) => unseen.max(evidence.now),
            ImpactEnd::Unseen | ImpactEnd::Unknown => seen.unwrap_or(unseen),
        };
        Self {
            entry,
            begin: entry.at.min(accepted),
            accepted,
            end,
            until,
        }
    }

    /// Whether an owner was surely not whole at some instant of the span.
    pub(super) fn is_cause(&self, question: &BlameQuestion) -> bool {
        !self.is_unknown() && self.accepted_by() <= question.to && self.sure_until() >= question.from
    }

    /// The instant by which it was surely accepted. Without a recovery, only when it was reserved is known.
    fn accepted_by(&self) -> Timestamp {
        match self.entry.recovery {
            Some(_) => self.accepted,
            None => after(self.accepted, LONGEST_REQUESTS),
        }
    }

    /// Whether the disruption can be the cause of something in the span: slack and clocks included.
    pub(super) fn may_be_cause(&self, question: &BlameQuestion) -> bool {
        self.begin <= question.latest() && self.until >= question.earliest()
    }

    /// Whether nobody knows if the victim was disrupted, or by whom.
    pub(super) fn is_unknown(&self) -> bool {
        self.end == ImpactEnd::Unknown
    }

    /// The last instant at which its owner surely lacked a pod.
    fn sure_until(&self) -> Timestamp {
        match self.end {
            ImpactEnd::Whole(at)
            | ImpactEnd::Changed(at, _)
            | ImpactEnd::Open(at)
            | ImpactEnd::Unrecovered(at) => at.max(self.accepted),
            ImpactEnd::Unseen | ImpactEnd::Ownerless | ImpactEnd::Unknown => self.accepted,
        }
    }
}

/// How the effect of a disruption ended.
fn ending(entry: &HistoryEntry, accepted: Timestamp, evidence: BlameEvidence<'_>) -> ImpactEnd {
    if entry.outcome.is_unknown() || entry.inferred {
        return ImpactEnd::Unknown;
    }
    let Some(recovery) = &entry.recovery else {
        return match entry.owner {
            Some(_) => ImpactEnd::Unseen,
            None => ImpactEnd::Ownerless,
        };
    };
    if let Some(whole) = whole_at(recovery) {
        return ImpactEnd::Whole(whole);
    }

    let given_up = after(accepted, evidence.timeout);
    let ended = recovery.ended.map_or(given_up, |ended| ended.min(given_up));
    match recovery.verdict {
        Some(RecoveryVerdict::Recovered | RecoveryVerdict::Slow | RecoveryVerdict::Shrunk) => {
            ImpactEnd::Whole(ended)
        }
        Some(
            verdict @ (RecoveryVerdict::Rolled | RecoveryVerdict::Completed | RecoveryVerdict::Ownerless),
        ) => ImpactEnd::Changed(ended, verdict),
        Some(RecoveryVerdict::Unrecovered) => ImpactEnd::Unrecovered(ended),
        Some(RecoveryVerdict::Unwatched) => ImpactEnd::Unseen,
        None if is_watched(entry, evidence) => ImpactEnd::Open(evidence.now),
        None => ImpactEnd::Unseen,
    }
}

/// When the owner was seen whole again, if it was.
fn whole_at(recovery: &EntryRecovery) -> Option<Timestamp> {
    let is_whole = recovery.verdict.is_some_and(RecoveryVerdict::is_whole);
    let whole = recovery.times.whole_ms.filter(|_| is_whole)?;
    Some(after(recovery.accepted, Duration::from_millis(whole)))
}

/// Until when the owner may have lacked a pod, whoever took it: until it was seen whole again or, if it did not recover,
/// for a day more.
fn lasting_until(recovery: &EntryRecovery) -> Option<Timestamp> {
    let is_unrecovered = recovery.verdict == Some(RecoveryVerdict::Unrecovered);
    let given_up = recovery.ended.filter(|_| is_unrecovered);
    whole_at(recovery).or_else(|| Some(after(given_up?, UNRECOVERED)))
}

/// Whether the victim may still be disrupted, as the journal says: it is reserved, and has no outcome.
fn is_pending(entry: &HistoryEntry, evidence: BlameEvidence<'_>) -> bool {
    let round = evidence.journal.ok().and_then(Journal::round);
    let round = round.filter(|round| round.slot == entry.slot);
    let pending = round.and_then(RoundRecord::pending_reservation);
    entry.outcome == EntryOutcome::Pending
        && pending.is_some_and(|reservation| reservation.pod.uid == entry.pod.uid)
}

/// Whether somebody still watches the recovery, as the journal says.
fn is_watched(entry: &HistoryEntry, evidence: BlameEvidence<'_>) -> bool {
    let journal = evidence.journal.ok();
    let record = journal.and_then(|journal| journal.recovery_of(entry.slot, &entry.pod.uid));
    record.is_some_and(|record| record.is_watched(evidence.now))
}
