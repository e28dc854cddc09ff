//! Which rounds have recovered: the messages about rounds that are kept, as long as their victims recover, to be marked when
//! all have.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use macaque_core::recovery::RecoveryReport;

use crate::notify::RoundMessage;

/// How many rounds are kept: as many as recoveries are watched at once.
const CAPACITY: usize = 40;

/// The rounds whose victims recover.
#[derive(Default)]
pub(super) struct RoundMarks {
    rounds: BTreeMap<Timestamp, RecoveringRound>,
}

/// One round. Its first recoveries may end before the round does.
#[derive(Default)]
struct RecoveringRound {
    /// The message, once the round has ended.
    message: Option<RoundMessage>,
    /// The UIDs of its victims.
    victims: BTreeSet<String>,
    /// By the victim's UID, what is said of a recovery.
    recovered: BTreeMap<String, String>,
}

impl RoundMarks {
    /// Notes the message about a round that ended; returns the marked message if all its victims have recovered.
    pub(super) fn note_round(&mut self, message: &RoundMessage) -> Option<RoundMessage> {
        let report = &message.report;
        let victims: BTreeSet<_> = report
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome.counts_as_disruption())
            .map(|attempt| attempt.pod.uid.clone())
            .collect();
        if report.dry_run || victims.is_empty() {
            return None;
        }

        let round = self.rounds.entry(report.slot).or_default();
        round.message = Some(message.clone());
        round.victims = victims;
        let marked = self.take_marked(report.slot);
        self.forget_oldest();
        marked
    }

    /// Notes how a recovery ended, in words; returns the marked message if all victims of its round have recovered. A round
    /// with a victim that did not recover, or was not watched, is never marked.
    pub(super) fn note_recovery(&mut self, report: &RecoveryReport, words: &str) -> Option<RoundMessage> {
        let verdict = report.verdict?;
        if !verdict.is_recovered() {
            self.rounds.remove(&report.slot);
            return None;
        }

        let round = self.rounds.entry(report.slot).or_default();
        round.recovered.insert(report.pod.uid.clone(), words.to_owned());
        let marked = self.take_marked(report.slot);
        self.forget_oldest();
        marked
    }

    /// Takes the message of a round whose victims have all recovered.
    fn take_marked(&mut self, slot: Timestamp) -> Option<RoundMessage> {
        let round = self.rounds.get(&slot)?;
        let message = round.message.as_ref()?;
        if !round.victims.iter().all(|uid| round.recovered.contains_key(uid)) {
            return None;
        }

        let lines: Vec<_> = round.recovered.values().cloned().collect();
        let marked = message.marked_recovered(&lines);
        self.rounds.remove(&slot);
        Some(marked)
    }

    fn forget_oldest(&mut self) {
        while self.rounds.len() > CAPACITY {
            self.rounds.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use macaque_core::outcome::Outcome;
    use macaque_core::recovery::RecoveryVerdict;
    use macaque_core::report::RoundReport;

    use super::*;
    use crate::notify::message::recovery::tests::recovery;
    use crate::notify::message::tests::{attempt, report};

    /// A round some minutes after the first, with one victim.
    fn round(minutes: u64) -> RoundReport {
        let first = report([attempt("web-1", Outcome::Evicted)]);
        RoundReport {
            slot: first.slot + Duration::from_secs(60 * minutes),
            ..first
        }
    }

    /// Whether the round is marked when its victim has recovered.
    fn is_marked(marks: &mut RoundMarks, round: &RoundReport) -> bool {
        let mut report = recovery(Some(RecoveryVerdict::Recovered));
        report.slot = round.slot;
        report.pod = round.attempts[0].pod.clone();
        marks.note_recovery(&report, "whole again").is_some()
    }

    #[test]
    fn only_so_many_rounds_are_kept_and_each_is_marked_once() {
        let mut marks = RoundMarks::default();
        for minutes in 0..100 {
            let round = round(minutes);
            assert!(marks.note_round(&RoundMessage::of(&round)).is_none());
        }

        assert_eq!(marks.rounds.len(), CAPACITY);
        assert!(is_marked(&mut marks, &round(99)));
        assert!(!is_marked(&mut marks, &round(99)));
        assert!(!is_marked(&mut marks, &round(0)), "forgotten");
        assert!(marks.rounds.len() <= CAPACITY);
    }

    #[test]
    fn a_round_that_disrupted_nothing_is_not_kept() {
        let mut marks = RoundMarks::default();
        let mut dry = round(0);
        dry.dry_run = true;
        for report in [report([]), report([attempt("web-1", Outcome::Gone)]), dry] {
            assert!(marks.note_round(&RoundMessage::of(&report)).is_none());
        }
        assert!(marks.rounds.is_empty());
    }
}
