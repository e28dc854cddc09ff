//! Notes what happens: what the journal holds, the outcome for a victim, the end of a recovery and of a round.

use jiff::{SignedDuration, Timestamp};

use super::texts::{bounded_owner, bounded_pod, bounded_text};
use super::{
    EntryOutcome, EntryRecovery, History, HistoryEntry, HistoryLine, LineContent, Numbering, RoundSummary,
};
use crate::journal::{Journal, RecoveryRecord, Reservation, ReservationState};
use crate::notice::{refuser, short_name};
use crate::outcome::{DisruptionMethod, Outcome};
use crate::recovery::{AcceptedBy, RecoveryReport, RecoveryTimes, RecoveryVerdict};
use crate::report::{AttemptReport, RoundEnd, RoundReport};

/// What was noted of the journal when it was last read.
#[derive(Debug, Clone)]
pub(super) struct NotedJournal {
    uid: String,
    numbered_since: Option<Timestamp>,
    sequence: u64,
    entries: Vec<HistoryEntry>,
}

impl NotedJournal {
    fn is_of(&self, journal: &Journal) -> bool {
        self.uid == journal.uid() && self.numbered_since == journal.numbered_since()
    }
}

impl History {
    /// Notes what the journal holds at `now`: the numbers and outcomes of the victims of its round, and its recoveries.
    /// What was noted before, or belongs to an earlier state of the journal than was noted, costs next to nothing.
    pub fn note_journal(&mut self, journal: &Journal, now: Timestamp) {
        if self.has_noted(journal) {
            return;
        }
        let noted = self.noted.take().filter(|noted| noted.is_of(journal));

        // The journal that is in use now counts, even if its clock was behind that of an earlier one.
        let numbering = Numbering::of(journal, now);
        let is_another = self.numbering.as_ref().is_some_and(|known| !known.is_of(journal));
        if numbering.is_some() && is_another {
            self.forget_numbers();
        }
        let entries = entries_of(journal);
        let is_news = |entry: &&HistoryEntry| {
            let mut known = noted.iter().flat_map(|noted| &noted.entries);
            known.all(|known| known != *entry)
        };
        let news = Self {
            numbering,
            entries: entries.iter().filter(is_news).cloned().collect(),
            ..Self::new()
        };
        self.merge(&news);
        self.forget_released(journal);

        self.noted = Some(NotedJournal {
            uid: journal.uid().to_owned(),
            numbered_since: journal.numbered_since(),
            sequence: journal.sequence(),
            entries,
        });
    }

    /// Whether this state of the journal, or a later one, was noted: noting it changes nothing.
    pub fn has_noted(&self, journal: &Journal) -> bool {
        let is_noted = |noted: &NotedJournal| noted.is_of(journal) && journal.sequence() <= noted.sequence;
        self.noted.as_ref().is_some_and(is_noted)
    }

    /// Notes the outcome for a victim of the round of `slot`, which was known at `now`.
    pub fn note_attempt(
        &mut self,
        slot: Timestamp,
        method: DisruptionMethod,
        now: Timestamp,
        attempt: &AttemptReport,
    ) {
        let entry = HistoryEntry {
            number: None,
            slot,
            at: now,
            pod: bounded_pod(&attempt.pod),
            owner: attempt.owner.as_ref().map(bounded_owner),
            team: attempt.team.as_deref().map(short_name),
            method,
            outcome: outcome_of(attempt),
            inferred: false,
            recovery: None,
        };
        self.note(vec![entry], Vec::new());
    }

    /// Notes what became of a recovery, which was recorded at `now`.
    pub fn note_recovery(&mut self, report: &RecoveryReport, now: Timestamp) {
        let known = self.entry(report.slot, &report.pod.uid);
        let known = known.and_then(|entry| entry.recovery.as_ref());
        // Where the acceptance is not known here, it is by what this is merged with: there it is earlier.
        let accepted = known.map_or_else(|| latest_acceptance(report, now), |known| known.accepted);

        let recovery = EntryRecovery {
            accepted,
            verdict: report.verdict,
            ended: report.verdict.map(|_| now),
            times: report.times,
            expect_ms: report.expect_ms,
            trouble: report.trouble.as_ref().map(|trouble| short_name(&trouble.reason)),
        };
        let is_doubtful = report.verdict == Some(RecoveryVerdict::Unwatched);
        let entry = HistoryEntry {
            number: None,
            slot: report.slot,
            at: accepted,
            pod: bounded_pod(&report.pod),
            owner: Some(bounded_owner(&report.owner)),
            team: report.team.as_deref().map(short_name),
            method: report.method,
            outcome: EntryOutcome::of_disruption(report.method, is_doubtful),
            inferred: report.inferred,
            recovery: Some(recovery),
        };
        self.note(vec![entry], Vec::new());
    }

    /// Notes a round that ended.
    pub fn note_round(&mut self, report: &RoundReport) {
        let why = match &report.end {
            RoundEnd::Complete => report.problems.first().cloned(),
            RoundEnd::Interrupted => Some("it was interrupted".to_owned()),
            RoundEnd::Withheld { why } | RoundEnd::Failed { why } => Some(why.clone()),
            RoundEnd::Held(hold) => Some(hold.to_string()),
        };
        let round = RoundSummary {
            slot: report.slot,
            finished: report.finished,
            dry_run: report.dry_run,
            status: report.status(),
            candidates: report.candidates,
            why: why.as_deref().map(bounded_text),
        };
        self.note(Vec::new(), vec![round]);
    }

    /// Notes what lines of a log say, in any order.
    pub fn note_lines(&mut self, lines: impl IntoIterator<Item = HistoryLine>) {
        let mut entries = Vec::new();
        let mut rounds = Vec::new();
        for line in lines {
            match line.into_content() {
                LineContent::Entry(entry) => entries.push(*entry),
                LineContent::Round(round) => rounds.push(round),
            }
        }
        self.note(entries, rounds);
    }

    fn note(&mut self, entries: Vec<HistoryEntry>, rounds: Vec<RoundSummary>) {
        self.merge(&Self {
            numbering: self.numbering.clone(),
            entries,
            rounds,
            ..Self::new()
        });
    }

    /// Forgets reservations without an outcome whose number `journal` has taken back: nothing was disrupted.
    fn forget_released(&mut self, journal: &Journal) {
        if !self.numbering.as_ref().is_some_and(|known| known.is_of(journal)) {
            return;
        }
        let given = Some(journal.disruptions());
        self.entries
            .retain(|entry| entry.outcome != EntryOutcome::Pending || entry.number <= given);
    }
}

/// The victims that `journal` knows: those of its round, and those whose recoveries are watched.
fn entries_of(journal: &Journal) -> Vec<HistoryEntry> {
    let rounds = journal.round().into_iter();
    let reserved = rounds.flat_map(|round| {
        let slot = round.slot;
        round
            .reservations
            .iter()
            .map(move |victim| reserved_entry(victim, slot))
    });
    let recovering = journal.recovering().iter().map(recovering_entry);
    reserved.chain(recovering).collect()
}

fn reserved_entry(reservation: &Reservation, slot: Timestamp) -> HistoryEntry {
    let method = reservation.method;
    HistoryEntry {
        number: Some(reservation.number).filter(|number| *number > 0),
        slot,
        at: reservation.at,
        pod: bounded_pod(&reservation.pod),
        owner: reservation.owner.as_ref().map(bounded_owner),
        team: reservation.team.as_deref().map(short_name),
        method,
        outcome: match reservation.state {
            ReservationState::Pending => EntryOutcome::Pending,
            ReservationState::Disrupted => EntryOutcome::of_disruption(method, false),
            ReservationState::Unknown => EntryOutcome::of_disruption(method, true),
        },
        inferred: reservation.inferred,
        recovery: None,
    }
}

fn recovering_entry(record: &RecoveryRecord) -> HistoryEntry {
    let victim = &record.victim;
    HistoryEntry {
        number: None,
        slot: victim.slot,
        // A victim is reserved before its disruption is accepted; what knows when is earlier, and wins.
        at: victim.accepted,
        pod: bounded_pod(&victim.pod),
        owner: Some(bounded_owner(&victim.owner)),
        team: victim.team.as_deref().map(short_name),
        method: victim.method,
        outcome: EntryOutcome::of_disruption(victim.method, victim.origin == AcceptedBy::Doubt),
        inferred: victim.origin == AcceptedBy::Lookup,
        recovery: Some(EntryRecovery {
            accepted: victim.accepted,
            verdict: None,
            ended: None,
            times: RecoveryTimes::default(),
            expect_ms: victim.baseline.expect_ms,
            trouble: record.trouble.as_ref().map(|trouble| short_name(&trouble.reason)),
        }),
    }
}

/// The latest instant at which the disruption can have been accepted whose recovery was recorded at `now`.
fn latest_acceptance(report: &RecoveryReport, now: Timestamp) -> Timestamp {
    let times = report.times;
    let phases = [times.gone_ms, times.created_ms, times.ready_ms, times.whole_ms];
    let longest = phases.into_iter().flatten().max().unwrap_or_default();
    let longest = i64::try_from(longest).map_or(SignedDuration::MAX, SignedDuration::from_millis);
    now.checked_sub(longest).unwrap_or(now)
}

fn outcome_of(attempt: &AttemptReport) -> EntryOutcome {
    match &attempt.outcome {
        Outcome::Evicted => EntryOutcome::Evicted,
        Outcome::Deleted => EntryOutcome::Deleted,
        Outcome::Refused(refusal) => EntryOutcome::Refused {
            by: short_name(&refuser(refusal, &attempt.pod.namespace)),
        },
        Outcome::Held(hold) => EntryOutcome::held(hold),
        Outcome::Gone => EntryOutcome::Gone,
        Outcome::DryRun => EntryOutcome::DryRun,
        Outcome::Unknown { .. } => EntryOutcome::Unknown,
    }
}
