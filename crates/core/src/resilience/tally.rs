//! Counts what happened to one owner, entry by entry.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{OwnerFinding, OwnerResilience, RecoveryStats, WithoutTurn};
use crate::history::{EntryOutcome, EntryRecovery, HistoryEntry};
use crate::journal::Journal;
use crate::notice::OwnerResult;
use crate::pod::OwnerRef;
use crate::recovery::RecoveryVerdict;

/// What is counted of one owner.
#[derive(Debug, Default)]
pub(super) struct OwnerTally {
    team: Option<String>,
    disruptions: usize,
    unknown: usize,
    last: Option<Timestamp>,
    picked: usize,
    refused: BTreeMap<String, usize>,
    held: BTreeMap<String, usize>,
    unanswered: BTreeMap<String, usize>,
    gone: usize,
    /// How long the recoveries took that were measured, in milliseconds.
    times: Vec<u64>,
    /// The other recoveries.
    others: RecoveryStats,
    /// What kept the last replacement that was stuck.
    trouble: Option<String>,
    /// What became of the last attempt.
    result: Option<OwnerResult>,
    /// Whether the owner is in scope now and, if so, by which rule it is exempt, if by one.
    in_scope: Option<Option<&'static str>>,
}

impl OwnerTally {
    /// Counts a victim that was tried; the journal, if it can be read, has the recoveries that go on.
    pub(super) fn note(&mut self, entry: &HistoryEntry, journal: Option<&Journal>) {
        if entry.team.is_some() {
            self.team.clone_from(&entry.team);
        }

        match &entry.outcome {
            // Who took the pod is not known.
            EntryOutcome::Evicted | EntryOutcome::Deleted if entry.inferred => self.unknown += 1,
            EntryOutcome::Evicted | EntryOutcome::Deleted => {
                self.disruptions += 1;
                self.note_earlier(entry);
                self.note_recovery(entry, journal);
            }
            EntryOutcome::Pending | EntryOutcome::Unknown => self.unknown += 1,
            EntryOutcome::DryRun => self.picked += 1,
            EntryOutcome::Refused { by } => *self.refused.entry(by.clone()).or_default() += 1,
            EntryOutcome::Held {
                by,
                unanswered: false,
            } => *self.held.entry(by.clone()).or_default() += 1,
            EntryOutcome::Held { by, unanswered: true } => {
                *self.unanswered.entry(by.clone()).or_default() += 1;
            }
            EntryOutcome::Gone => self.gone += 1,
        }

        if let Some(result) = result_of(&entry.outcome) {
            let known = self.result.get_or_insert_with(|| result.clone());
            known.note(result);
        }
    }

    /// Notes that the owner is in scope now, and which rule exempts it, if one does.
    pub(super) fn note_in_scope(&mut self, rule: Option<&'static str>) {
        self.in_scope = Some(rule);
    }

    /// Notes when a pod was disrupted.
    pub(super) fn note_earlier(&mut self, entry: &HistoryEntry) {
        self.last = self.last.max(Some(entry.at));
    }

    /// What was counted of `owner`, seen at `to`.
    pub(super) fn finish(self, owner: OwnerRef, to: Timestamp) -> OwnerResilience {
        let finding = self.finding();
        let without_turn = self.without_turn();
        let recovery = RecoveryStats {
            slow: self.others.slow,
            unrecovered: self.others.unrecovered,
            unwatched: self.others.unwatched,
            open: self.others.open,
            other: self.others.other,
            ..RecoveryStats::measured(self.times)
        };

        OwnerResilience {
            owner,
            team: self.team,
            finding,
            disruptions: self.disruptions,
            unknown: self.unknown,
            last: self.last,
            days_since: self.last.map(|last| to.duration_since(last).as_hours() / 24),
            picked: self.picked,
            refused: self.refused,
            held: self.held,
            unanswered: self.unanswered,
            gone: self.gone,
            recovery,
            trouble: self.trouble,
            without_turn,
        }
    }

    /// Counts the recovery of a pod that was disrupted.
    fn note_recovery(&mut self, entry: &HistoryEntry, journal: Option<&Journal>) {
        let others = &mut self.others;
        if entry.owner.is_none() {
            others.other += 1;
            return;
        }
        let Some(recovery) = &entry.recovery else {
            others.unwatched += 1;
            return;
        };

        let goes_on = |journal: &Journal| journal.recovery_of(entry.slot, &entry.pod.uid).is_some();
        match (recovery.verdict, recovery.times.whole_ms) {
            (Some(RecoveryVerdict::Recovered), Some(whole_ms)) => self.times.push(whole_ms),
            (Some(RecoveryVerdict::Slow), Some(whole_ms)) => {
                self.times.push(whole_ms);
                others.slow += 1;
                self.note_trouble(recovery);
            }
            (Some(RecoveryVerdict::Unrecovered), _) => {
                others.unrecovered += 1;
                self.note_trouble(recovery);
            }
            (Some(RecoveryVerdict::Recovered | RecoveryVerdict::Slow | RecoveryVerdict::Unwatched), _) => {
                others.unwatched += 1;
            }
            (
                Some(
                    RecoveryVerdict::Shrunk
                    | RecoveryVerdict::Rolled
                    | RecoveryVerdict::Completed
                    | RecoveryVerdict::Ownerless,
                ),
                _,
            ) => others.other += 1,
            (None, _) if journal.is_none_or(goes_on) => others.open += 1,
            // The end was recorded, and did not get into the history.
            (None, _) => others.unwatched += 1,
        }
    }

    fn note_trouble(&mut self, recovery: &EntryRecovery) {
        if recovery.trouble.is_some() {
            self.trouble.clone_from(&recovery.trouble);
        }
    }

    /// What stands out: the most urgent that is true.
    fn finding(&self) -> OwnerFinding {
        let others = &self.others;
        if others.unrecovered > 0 {
            OwnerFinding::Unrecovered
        } else if others.slow > 0 {
            OwnerFinding::Slow
        } else if self.unknown > 0 {
            OwnerFinding::Unknown
        } else if others.open > 0 {
            OwnerFinding::Recovering
        } else if !self.times.is_empty() {
            OwnerFinding::Recovered
        } else if others.unwatched > 0 {
            OwnerFinding::Unwatched
        } else if self.disruptions > 0 {
            OwnerFinding::Disrupted
        } else if self.picked > 0 {
            OwnerFinding::Picked
        } else {
            let without_turn = self.without_turn();
            without_turn.map_or(OwnerFinding::Gone, |none| none.reason.into())
        }
    }

    /// The reason for which the owner had no turn, if it had none. Of an owner that was not tried this is only known if it
    /// is in scope.
    fn without_turn(&self) -> Option<WithoutTurn> {
        let is_known = self.result.is_some() || self.in_scope.is_some();
        let none = OwnerResult::without_turn(self.result.as_ref(), self.in_scope.flatten());
        let (reason, by) = none.filter(|_| is_known)?;
        Some(WithoutTurn { reason, by })
    }
}

/// What an outcome means for the turn of the owner; a pod that was gone already says nothing.
fn result_of(outcome: &EntryOutcome) -> Option<OwnerResult> {
    match outcome {
        EntryOutcome::Gone => None,
        EntryOutcome::Refused { by } => Some(OwnerResult::Refused(by.clone())),
        EntryOutcome::Held { by, .. } => Some(OwnerResult::Held(by.clone())),
        EntryOutcome::Pending
        | EntryOutcome::Evicted
        | EntryOutcome::Deleted
        | EntryOutcome::DryRun
        | EntryOutcome::Unknown => Some(OwnerResult::Had),
    }
}
