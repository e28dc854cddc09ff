//! Laws of the history: what the journal numbered is in it or named as missing, however much of it was never written.

mod recorded;
mod stories;

use jiff::Timestamp;
use macaque_core::history::{EntryOutcome, History};
use proptest::prelude::*;

use self::recorded::{RecordedHistory, WriteFate, fates};
use crate::journal::history::{HolderStep, steps};

/// What of a history must not depend on how it was put together: which outcome each victim has, with which number and
/// recovery, and when it was disrupted. A reservation without an outcome may have been released meanwhile.
fn gist(history: &History) -> Vec<String> {
    let entries = history.entries().iter();
    let settled = entries.filter(|entry| entry.outcome != EntryOutcome::Pending);
    let mut gist: Vec<_> = settled
        .map(|entry| {
            let at = entry.number.map(|_| entry.at);
            let (outcome, recovery) = (&entry.outcome, &entry.recovery);
            let uid = &entry.pod.uid;
            format!(
                "{} {uid}: {outcome:?} {:?} {at:?} {recovery:?}",
                entry.slot, entry.number
            )
        })
        .collect();
    gist.sort();
    gist.extend(history.rounds().iter().map(|round| format!("{round:?}")));
    gist.push(format!("{} {:?}", history.journal(), history.numbered_since()));
    gist
}

/// All pieces in one history.
pub(crate) fn merged(pieces: &[History]) -> History {
    let mut all = History::new();
    for piece in pieces {
        all.merge(piece);
    }
    all
}

/// Steps by a clock that only goes forth.
fn forward(steps: Vec<HolderStep>) -> impl Iterator<Item = HolderStep> {
    steps.into_iter().map(|step| HolderStep {
        clock_shift: step.clock_shift.abs(),
        ..step
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn gaps_name_every_disruption_that_is_missing_and_none_that_is_there(steps in steps(), fates in fates()) {
        let mut recorded = RecordedHistory::new();
        for (step, fate) in forward(steps).zip(fates) {
            recorded.take(&step);
            recorded.write(step.holder % 2, fate);

            let gaps = recorded.stored.gaps(&recorded.journal.journal);
            let missing = recorded.missing();
            let counts: Vec<_> = gaps.iter().map(|gap| gap.count).collect();
            let expected: Vec<_> = missing.iter().map(|run| u64::try_from(run.len()).unwrap()).collect();
            prop_assert_eq!(counts, expected, "{:?} {:?}", recorded.numbers, recorded.stored);
            for (gap, run) in gaps.iter().zip(&missing) {
                let is_enclosed = |at: &Timestamp| gap.from.is_none_or(|from| from <= *at) && *at <= gap.to;
                prop_assert!(run.iter().all(is_enclosed), "{gap:?} {run:?}");
                prop_assert!(gap.from.is_some(), "a journal knows when it began to number disruptions");
            }
        }
    }

    #[test]
    fn the_order_of_merges_and_their_repetition_make_no_difference(
        steps in steps(), fates in fates(), seed in any::<u64>(),
    ) {
        let mut recorded = RecordedHistory::new();
        for (step, fate) in forward(steps).zip(fates) {
            recorded.take(&step);
            recorded.write(step.holder % 2, fate);
        }
        let mut pieces = recorded.pieces;
        let in_order = merged(&pieces);

        // Associative: the rest is merged first.
        let mut rest = History::new();
        for piece in pieces.iter().rev() {
            let mut first = piece.clone();
            first.merge(&rest);
            rest = first;
        }
        prop_assert_eq!(gist(&rest), gist(&in_order));

        // Commutative: another order.
        let length = pieces.len().max(1);
        pieces.rotate_left(usize::try_from(seed % 1000).unwrap() % length);
        if seed % 2 == 0 {
            pieces.reverse();
        }
        let shuffled = merged(&pieces);
        prop_assert_eq!(gist(&shuffled), gist(&in_order));

        // Idempotent: all of it once more.
        let mut twice = shuffled.clone();
        twice.merge(&in_order);
        twice.merge(&pieces.first().cloned().unwrap_or_default());
        prop_assert_eq!(gist(&twice), gist(&in_order));
    }

    #[test]
    fn what_is_noted_once_is_written_once(steps in steps()) {
        let mut recorded = RecordedHistory::new();
        for step in forward(steps) {
            recorded.take(&step);
            recorded.write(step.holder % 2, WriteFate::Written);

            let noted = &mut recorded.unwritten[step.holder % 2];
            noted.note_journal(&recorded.journal.journal, recorded.journal.now);
            prop_assert!(noted.is_empty(), "{noted:?}");
        }
    }

    #[test]
    fn every_history_that_was_noted_is_read_as_it_was_written(steps in steps(), fates in fates()) {
        let mut recorded = RecordedHistory::new();
        for (step, fate) in steps.into_iter().zip(fates) {
            recorded.take(&step);
            recorded.write(step.holder % 2, fate);
        }
        prop_assert_eq!(History::read(&recorded.stored.write()), Ok(recorded.stored));
    }
}
