//! Laws of the numbers of disruptions: one for each that happened or may have, without a hole, in the order of reservation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use macaque_core::config::DisruptionLimits;
use macaque_core::journal::{Journal, Resolution, StoredJournal};
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::limits;

/// The victims that hold a number, by number.
type Holders = BTreeMap<u64, (Timestamp, String)>;

/// The victims of the journal's round that hold a number.
fn holders(journal: &Journal) -> Holders {
    let round = journal.round().into_iter();
    let reserved = round.flat_map(|round| {
        round
            .reservations
            .iter()
            .map(|reservation| (round.slot, reservation))
    });
    let numbered = reserved.filter(|(_, reservation)| reservation.number > 0);
    numbered
        .map(|(slot, reservation)| (reservation.number, (slot, reservation.pod.uid.clone())))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_count_is_that_of_the_reservations_that_were_not_released(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 3);
        let mut count = 0u64;
        for step in steps {
            let before = history.journal.clone();
            let took = history.take(&step);
            let journal = &history.journal;
            let is_new = |holder: &&(Timestamp, String)| !holders(&before).values().any(|known| known == *holder);
            match step.kind {
                StepKind::Quarantine if took => count = 0,
                StepKind::Reserve { .. } => count += u64::try_from(holders(journal).values().filter(is_new).count()).unwrap(),
                StepKind::Resolve { resolution: Resolution::Released } => {
                    let lost = holders(&before).len() - holders(journal).len();
                    count -= u64::try_from(lost).unwrap();
                }
                _ => {}
            }
            prop_assert_eq!(journal.disruptions(), count, "{:?}", step);
        }
    }

    #[test]
    fn each_reservation_has_the_next_number_until_it_is_released(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 3);
        let mut known = Holders::new();
        for step in steps {
            let (before, since) = (history.journal.disruptions(), history.journal.numbered_since());
            history.take(&step);
            let journal = &history.journal;
            if journal.numbered_since() != since && since.is_some() {
                prop_assert!(matches!(step.kind, StepKind::Quarantine));
                prop_assert!(holders(journal).is_empty(), "what was reserved before has no number any more");
                known.clear();
            }

            for (number, holder) in holders(journal) {
                let is_next = number == before + 1 && !known.contains_key(&number);
                prop_assert!(known.get(&number) == Some(&holder) || is_next, "{number} {holder:?} {known:?}");
                known.insert(number, holder);
            }
            known.retain(|number, _| *number <= journal.disruptions());
            prop_assert_eq!(known.keys().copied().collect::<Vec<_>>(), (1..=journal.disruptions()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_journal_numbers_disruptions_since_its_first_step_or_its_quarantine(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 3);
        prop_assert_eq!(history.journal.numbered_since(), None);
        for step in steps {
            let before = history.journal.clone();
            let took = history.take(&step);
            let since = history.journal.numbered_since();
            if matches!(step.kind, StepKind::Quarantine) && took || before.numbered_since().is_none() {
                prop_assert!(since == Some(history.now) || history.journal.sequence() == 0);
            } else {
                prop_assert_eq!(since, before.numbered_since());
            }
        }
    }
}

#[test]
fn a_number_that_is_given_back_goes_to_the_next_victim() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 2);
    let resolve = |resolution| StepKind::Resolve { resolution };
    let mut take = |kind| {
        assert!(history.take(&HolderStep::of(0, kind)));
        let last = history
            .journal
            .round()
            .and_then(|round| round.reservations.last());
        (history.journal.disruptions(), last.map(|last| last.number))
    };

    assert_eq!(take(StepKind::Claim), (0, None));
    assert_eq!(take(StepKind::Reserve { pod: 1 }), (1, Some(1)));
    assert_eq!(take(StepKind::Reserve { pod: 1 }), (1, Some(1)), "again");
    assert_eq!(take(resolve(Resolution::Released)), (0, None));
    assert_eq!(take(resolve(Resolution::Released)), (0, None), "again");
    assert_eq!(take(StepKind::Reserve { pod: 2 }), (1, Some(1)));
    assert_eq!(take(resolve(Resolution::Unknown)), (1, Some(1)));
    assert_eq!(take(resolve(Resolution::Released)), (1, Some(1)), "it is known");
    assert_eq!(take(StepKind::Reserve { pod: 3 }), (2, Some(2)));
}

#[test]
fn a_journal_from_before_the_numbers_is_read_and_numbers_what_comes() {
    let before = StoredJournal {
        uid: "uid".to_owned(),
        text: Some(include_str!("before_recoveries.json").to_owned()),
        seal: Some("affad58624ad4985".to_owned()),
        ..StoredJournal::default()
    };
    let journal = before.read().unwrap();
    assert_eq!((journal.disruptions(), journal.numbered_since()), (0, None));

    let mut history = JournalHistory::new(DisruptionLimits::default(), 3);
    history.now = "2026-11-28T10:31:00Z".parse().unwrap();
    history.holders[0] = journal.round().unwrap().holder.clone();
    history.journal = journal;
    let numbers = |history: &JournalHistory| -> Vec<_> {
        let round = history.journal.round().unwrap();
        round
            .reservations
            .iter()
            .map(|reservation| reservation.number)
            .collect()
    };
    assert_eq!(numbers(&history), [0, 0]);

    // What is released without a number gives none back.
    let resolution = Resolution::Released;
    assert!(history.take(&HolderStep::of(0, StepKind::Resolve { resolution })));
    assert_eq!((history.journal.disruptions(), numbers(&history)), (0, vec![0]));
    assert_eq!(history.journal.numbered_since(), Some(history.now));
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 5 })));
    assert_eq!(
        (history.journal.disruptions(), numbers(&history)),
        (1, vec![0, 1])
    );
}
