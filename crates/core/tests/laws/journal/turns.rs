//! Laws of the turns: no owner is disrupted twice in a period, and each slot's turns are reported once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionLimits;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{JournalEvent, Resolution};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::RoundReport;
use proptest::prelude::*;

use super::history::JournalHistory;
use super::samples::{candidate, place, report, withheld};

/// What becomes of one slot.
#[derive(Debug, Clone, Copy)]
enum SlotEnd {
    /// No process runs at the slot.
    Missed,
    /// The round is withheld.
    Withheld,
    /// The round is closed before it knows the turns.
    Cut,
    /// The round tells of the turns.
    Reported,
}

/// A history without limits but the turns.
fn history() -> JournalHistory {
    JournalHistory::new(DisruptionLimits::default(), 3)
}

fn claim(slot: Timestamp) -> JournalEvent {
    JournalEvent::Claim {
        slot,
        seed: 1,
        since: Timestamp::MIN,
    }
}

/// The end of the period around `now`, in periods of so many seconds.
fn end_of_period(now: Timestamp, every: i64) -> Timestamp {
    Timestamp::from_second((now.as_second() / every + 1) * every).unwrap()
}

fn reserve(pod: u8, period_end: Timestamp) -> JournalEvent {
    JournalEvent::Reserve {
        victim: Candidate {
            period_end: Some(period_end),
            ..candidate(pod)
        },
        place: place(pod),
        method: DisruptionMethod::Evict,
        baseline: None,
    }
}

proptest! {
    #[test]
    fn no_owner_is_disrupted_twice_in_a_period_and_none_is_denied_its_first_turn(
        every in 1_000i64..40_000,
        turns in prop::collection::vec((0u8..40, 60i64..4000, 0usize..3), 1..80),
    ) {
        let mut history = history();
        let mut had_turn = BTreeSet::new();
        for (pod, wait, outcome) in turns {
            history.now += SignedDuration::from_secs(wait);
            let slot = history.now;
            let period_end = end_of_period(slot, every);
            let resolution = [Resolution::Disrupted, Resolution::Unknown, Resolution::Released][outcome];
            let victim = candidate(pod);
            let turn = (victim.pod.namespace, victim.owner, period_end);

            prop_assert!(history.commit(&claim(slot)));
            let took = history.commit(&reserve(pod, period_end));
            prop_assert_eq!(took, !had_turn.contains(&turn));
            if took {
                let resolved = JournalEvent::Resolve { uid: victim.pod.uid, resolution, accepted: None };
                prop_assert!(history.commit(&resolved));
                if resolution != Resolution::Released {
                    had_turn.insert(turn);
                }
            }
            history.close(report(slot, 0, ""));
        }
    }

    #[test]
    fn the_turns_of_every_slot_are_reported_once_by_the_first_round_that_can(
        ends in prop::collection::vec(prop::sample::select(
            &[SlotEnd::Missed, SlotEnd::Withheld, SlotEnd::Cut, SlotEnd::Reported][..]
        ), 1..40),
    ) {
        let mut history = history();
        let mut reported: BTreeMap<Timestamp, usize> = BTreeMap::new();
        // The first round that tells of turns knows of none before its own.
        let mut began = false;
        for end in ends {
            history.now += SignedDuration::from_mins(10);
            let slot = history.now;
            if began {
                reported.insert(slot, 0);
            }
            match end {
                SlotEnd::Missed => {}
                SlotEnd::Withheld => prop_assert!(history.commit(&JournalEvent::Withhold(Box::new(withheld(slot))))),
                SlotEnd::Cut => {
                    prop_assert!(history.commit(&claim(slot)));
                    history.close(report(slot, 0, ""));
                }
                SlotEnd::Reported => {
                    prop_assert!(history.commit(&claim(slot)));
                    let since = history.journal.turns_reported();
                    history.close(RoundReport { turns_reported: true, ..report(slot, 0, "") });
                    began = true;
                    let tells_of = reported.iter_mut().filter(|(known, _)| since.is_some_and(|since| **known > since));
                    tells_of.for_each(|(_, times)| *times += 1);
                    prop_assert_eq!(history.journal.turns_reported(), Some(slot));
                }
            }
            let last = history.journal.turns_reported();
            for (slot, times) in &reported {
                let expected = usize::from(last.is_some_and(|last| *slot <= last));
                prop_assert_eq!(*times, expected, "{}", slot);
            }
        }
    }
}
