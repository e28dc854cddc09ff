//! Single stories of the history: what is lost, comes late, or is numbered by another journal.

use jiff::SignedDuration;
use macaque_core::history::{EntryOutcome, History, HistoryGap};
use macaque_core::journal::Resolution;
use macaque_core::recovery::RecoveryVerdict;

use super::merged;
use super::recorded::{RecordedHistory, WriteFate};
use crate::journal::history::{HolderStep, StepKind};

/// A journal whose first holder disrupts the pods with these numbers, an hour apart, each noted by a process of its own.
fn hourly(pods: impl IntoIterator<Item = u8>) -> (RecordedHistory, Vec<History>) {
    let mut recorded = RecordedHistory::new();
    let mut noted = Vec::new();
    for pod in pods {
        disrupt(&mut recorded, pod);
        noted.push(recorded.unwritten[0].take_unwritten());
    }
    (recorded, noted)
}

fn disrupt(recorded: &mut RecordedHistory, pod: u8) {
    let resolution = Resolution::Disrupted;
    assert!(recorded.take(&HolderStep::of(0, StepKind::Claim).after(3600)));
    assert!(recorded.take(&HolderStep::of(0, StepKind::Reserve { pod })));
    assert!(recorded.take(&HolderStep::of(0, StepKind::Resolve { resolution }).after(1)));
    assert!(recorded.take(&HolderStep::of(0, StepKind::Close)));
}

#[test]
fn a_gap_lies_between_its_neighbours_or_the_beginning_or_ends_with_the_last_disruption() {
    let (recorded, noted) = hourly([0, 1, 2, 3, 4]);
    let began = recorded.journal.journal.numbered_since().unwrap();
    let at = |number: u64| recorded.numbers[&number].1;

    // The first, the third and fourth are lost; the fifth is in the journal still.
    let stored = merged(&[noted[1].clone()]);
    let gap = |from, to, count| HistoryGap {
        from: Some(from),
        to,
        count,
    };
    assert_eq!(
        stored.gaps(&recorded.journal.journal),
        [gap(began, at(2), 1), gap(at(2), at(5), 2)]
    );
    assert_eq!(merged(&noted).gaps(&recorded.journal.journal), []);

    // A round without a victim follows.
    let mut recorded = recorded;
    assert!(recorded.take(&HolderStep::of(0, StepKind::Claim).after(3600)));
    let gaps = stored.gaps(&recorded.journal.journal);
    let [_, last] = gaps.as_slice() else {
        panic!("{gaps:?}");
    };
    let fifth = recorded.numbers[&5].1;
    assert_eq!((last.from, last.count), (Some(recorded.numbers[&2].1), 3));
    assert!(fifth <= last.to && last.to < fifth + SignedDuration::from_mins(1));
}

#[test]
fn a_victim_that_was_released_leaves_no_gap_and_none_is_seen_in_its_number() {
    let mut recorded = RecordedHistory::new();
    let step = HolderStep::of;
    assert!(recorded.take(&step(0, StepKind::Claim)));
    assert!(recorded.take(&step(0, StepKind::Reserve { pod: 0 })));
    recorded.write(0, WriteFate::Written);
    // The outcome is lost, and so is the next victim, which has the same number.
    let resolution = Resolution::Released;
    assert!(recorded.take(&step(0, StepKind::Resolve { resolution })));
    assert_eq!(recorded.stored.gaps(&recorded.journal.journal), []);
    recorded.write(0, WriteFate::Lost);
    disrupt_in_round(&mut recorded, 1);
    recorded.write(0, WriteFate::Lost);

    assert!(recorded.take(&step(0, StepKind::Claim).after(3600)));
    let gaps = recorded.stored.gaps(&recorded.journal.journal);
    assert_eq!(gaps.iter().map(|gap| gap.count).collect::<Vec<_>>(), [1]);
}

fn disrupt_in_round(recorded: &mut RecordedHistory, pod: u8) {
    let resolution = Resolution::Disrupted;
    assert!(recorded.take(&HolderStep::of(0, StepKind::Reserve { pod }).after(60)));
    assert!(recorded.take(&HolderStep::of(0, StepKind::Resolve { resolution })));
    assert!(recorded.take(&HolderStep::of(0, StepKind::Close)));
}

#[test]
fn a_journal_that_was_begun_anew_or_is_a_copy_has_a_numbering_of_its_own() {
    let (mut recorded, noted) = hourly([0, 1]);
    let stored = merged(&noted);
    let copied = recorded.journal.journal.clone().with_uid("another");
    recorded.journal.journal = copied;
    assert!(recorded.take(&HolderStep::of(0, StepKind::Quarantine).after(60)));
    assert!(recorded.take(&HolderStep::of(0, StepKind::Accept)));
    disrupt(&mut recorded, 2);

    let journal = &recorded.journal.journal;
    let new = recorded.unwritten[0].take_unwritten();
    for both in [merged(&[stored.clone(), new.clone()]), merged(&[new, stored])] {
        let numbers: Vec<_> = both.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [None, None, Some(1)]);
        assert_eq!(both.journal(), "another");
        assert_eq!(both.covered_since(journal), journal.numbered_since());
        assert_eq!(both.gaps(journal), []);
    }
}

#[test]
fn a_journal_that_was_set_back_unseen_is_seen_by_the_numbers_that_it_gives_again() {
    let (mut recorded, noted) = hourly([0, 1]);
    let kept = recorded.journal.journal.clone();
    disrupt(&mut recorded, 2);
    let lost = recorded.unwritten[0].take_unwritten();
    let stored = merged(&[noted[0].clone(), noted[1].clone(), lost]);

    // Another process starts with the older journal, and does not know better.
    recorded.journal.journal = kept;
    recorded.unwritten[0] = History::new();
    disrupt(&mut recorded, 3);

    let journal = &recorded.journal.journal;
    let new = recorded.unwritten[0].take_unwritten();
    let both = merged(&[stored, new]);
    let numbers: Vec<_> = both.entries().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [None, None, None, Some(3)]);
    assert_eq!(both.covered_since(journal), Some(both.entries()[3].at));
    assert_eq!(both.gaps(journal), []);
}

#[test]
fn a_recovery_that_ends_after_its_victim_was_written_is_merged_into_it() {
    let (mut recorded, noted) = hourly([0]);
    let verdict = Some(RecoveryVerdict::Recovered);
    assert!(recorded.take(&HolderStep::of(0, StepKind::Report { which: 0, verdict }).after(7)));
    let late = recorded.unwritten[0].take_unwritten();
    let [partial] = late.entries() else {
        panic!("{late:?}");
    };
    assert_eq!(partial.number, None);

    let stored = merged(&[noted[0].clone(), late]);
    let [entry] = stored.entries() else {
        panic!("{stored:?}");
    };
    let recovery = entry.recovery.as_ref().unwrap();
    assert_eq!((entry.number, &entry.outcome), (Some(1), &EntryOutcome::Evicted));
    assert_eq!(recovery.accepted, entry.at + SignedDuration::from_secs(1));
    assert_eq!(recovery.verdict, verdict);
    assert_eq!(recovery.ended, Some(recorded.journal.now));
}
