//! Two processes that note what happens to one journal, and what of it is written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use macaque_core::config::DisruptionLimits;
use macaque_core::history::{EntryOutcome, History};
use macaque_core::journal::{Journal, Resolution};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::AttemptReport;
use proptest::prelude::*;

use crate::journal::history::{HolderStep, JournalHistory, StepKind};
use crate::journal::samples::{recovery_report, report};

/// What happens to what a process has noted and not written yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteFate {
    /// The next write takes it along.
    Waits,
    /// A write stores it.
    Written,
    /// A write fails for good, and the process goes on.
    Lost,
    /// The process ends before a write.
    Crash,
}

pub(crate) fn fates() -> impl Strategy<Value = Vec<WriteFate>> {
    let fate = prop_oneof![
        8 => Just(WriteFate::Waits),
        4 => Just(WriteFate::Written),
        1 => Just(WriteFate::Lost),
        1 => Just(WriteFate::Crash),
    ];
    prop::collection::vec(fate, 120)
}

/// Two processes that note what one journal and its holders do, what of it is stored, and what is true.
pub(crate) struct RecordedHistory {
    pub(crate) journal: JournalHistory,
    pub(crate) unwritten: [History; 2],
    pub(crate) stored: History,
    /// What was ever taken to be written, lost or not.
    pub(crate) pieces: Vec<History>,
    /// The victims that hold the numbers of the journal, and when they were reserved.
    pub(crate) numbers: BTreeMap<u64, (String, Timestamp)>,
}

impl RecordedHistory {
    pub(crate) fn new() -> Self {
        Self {
            journal: JournalHistory::new(DisruptionLimits::default(), 3),
            unwritten: [History::new(), History::new()],
            stored: History::new(),
            pieces: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Takes a step, and what the process that took it notes of it.
    pub(crate) fn take(&mut self, step: &HolderStep) -> bool {
        let before = self.journal.journal.clone();
        let took = self.journal.take(step);
        let (after, now) = (&self.journal.journal, self.journal.now);
        let noted = &mut self.unwritten[step.holder % 2];
        noted.note_journal(after, now);
        if !took {
            return false;
        }

        match step.kind {
            StepKind::Resolve { resolution } => {
                if let Some((slot, attempt)) = resolved(&before, after, resolution) {
                    noted.note_attempt(slot, DisruptionMethod::Evict, now, &attempt);
                }
            }
            StepKind::Report { verdict, .. } => {
                let ended = before.recovering().iter().find(|record| {
                    let mut left = after.recovering().iter();
                    left.all(|other| other.victim != record.victim)
                });
                if let Some(record) = ended {
                    noted.note_recovery(&recovery_report(&record.victim, verdict), now);
                }
            }
            StepKind::Close => {
                let slot = after.round().map(|round| round.slot);
                noted.note_round(&report(slot.unwrap(), 0, "why"));
            }
            _ => {}
        }
        self.note_numbers(&before);
        true
    }

    /// Notes which victims hold the numbers of the journal now.
    fn note_numbers(&mut self, before: &Journal) {
        let journal = &self.journal.journal;
        if journal.numbered_since() != before.numbered_since() {
            self.numbers.clear();
        }
        let reserved = journal.round().map(|round| &round.reservations);
        for reservation in reserved.into_iter().flatten().filter(|one| one.number > 0) {
            let holder = (reservation.pod.uid.clone(), reservation.at);
            self.numbers.insert(reservation.number, holder);
        }
        self.numbers.retain(|number, _| *number <= journal.disruptions());
    }

    pub(crate) fn write(&mut self, process: usize, fate: WriteFate) {
        let unwritten = &mut self.unwritten[process];
        match fate {
            WriteFate::Waits => {}
            WriteFate::Crash => *unwritten = History::new(),
            WriteFate::Written | WriteFate::Lost => {
                let piece = unwritten.take_unwritten();
                if fate == WriteFate::Written {
                    self.stored.merge(&piece);
                }
                self.pieces.push(piece);
            }
        }
    }

    /// The numbers that neither the stored history nor the journal knows the outcome of, in runs without a number between.
    pub(crate) fn missing(&self) -> Vec<Vec<Timestamp>> {
        let round = self.journal.journal.round();
        let reserved = round.into_iter().flat_map(|round| &round.reservations);
        let reserved: Vec<_> = reserved
            .map(|reservation| (reservation.number, &reservation.pod.uid))
            .collect();
        let entries = self.stored.entries().iter();
        let written: Vec<_> = entries
            .filter(|entry| entry.outcome != EntryOutcome::Pending)
            .map(|entry| (entry.number, &entry.pod.uid))
            .collect();

        let mut runs = vec![Vec::new()];
        for (number, (uid, at)) in &self.numbers {
            if reserved.contains(&(*number, uid)) || written.contains(&(Some(*number), uid)) {
                runs.push(Vec::new());
            } else if let Some(run) = runs.last_mut() {
                run.push(*at);
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

/// The slot and the outcome of the victim that `after` has no pending reservation of any more.
fn resolved(before: &Journal, after: &Journal, resolution: Resolution) -> Option<(Timestamp, AttemptReport)> {
    let round = before.round()?;
    let pending = round.pending_reservation()?;
    if after.round()?.pending_reservation().is_some() {
        return None;
    }
    let attempt = AttemptReport {
        pod: pending.pod.clone(),
        owner: pending.owner.clone(),
        team: pending.team.clone(),
        outcome: match resolution {
            Resolution::Disrupted => Outcome::Evicted,
            Resolution::Unknown => Outcome::Unknown { why: String::new() },
            Resolution::Released => Outcome::Gone,
        },
        warnings: Vec::new(),
    };
    Some((round.slot, attempt))
}
