//! Laws that hold for any calendar, length of period, capacity and owners.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::rota::{Rota, RotaOwner, Turn};
use macaque_core::schedule::Calendar;
use proptest::prelude::*;

use super::{DAY, HOUR, at, calendar, due, owner, period};

const LINES: [&str; 5] = [
    "*/30 9-16 * * Mon-Fri",
    "0 * * * *",
    "*/20 0-3 * * *",
    "15 3 * * *",
    "0 12 1-7 * *",
];

/// Zones that change their clocks by an hour, by half an hour, at midnight, and never.
const ZONES: [&str; 4] = ["Europe/Paris", "Australia/Lord_Howe", "Africa/Cairo", "UTC"];

/// Days near clock changes of those zones, near the end of a year, and in a leap year's February.
const DAYS: [&str; 7] = [
    "2027-03-26T00:00:00Z",
    "2027-10-29T07:00:00Z",
    "2027-04-02T00:00:00Z",
    "2027-10-01T11:30:00Z",
    "2027-04-29T21:00:00Z",
    "2026-12-28T10:15:00Z",
    "2028-02-27T00:00:00Z",
];

const QUIET: [&[&str]; 3] = [
    &[],
    &["Sat,Sun", "12:00-13:30"],
    &["12-24/01-03", "Fri 15:00-24:00"],
];

/// The lengths of periods, of which each of the lines accepts the last three.
const LENGTHS: [Duration; 6] = [
    Duration::from_secs(6 * 3600),
    Duration::from_secs(36 * 3600),
    Duration::from_secs(2 * 24 * 3600),
    Duration::from_secs(3 * 24 * 3600),
    Duration::from_secs(7 * 24 * 3600),
    Duration::from_secs(10 * 24 * 3600),
];

#[derive(Debug, Clone)]
struct RotaCase {
    calendar: Calendar,
    every: Duration,
    capacity: usize,
    seed: u64,
    owners: BTreeSet<RotaOwner>,
    from: Timestamp,
}

impl RotaCase {
    fn rota(&self) -> Rota<'_> {
        Rota {
            calendar: &self.calendar,
            every: self.every,
            capacity: self.capacity,
            seed: self.seed,
        }
    }

    /// Three of the longest periods, and the days before and after them that a period may begin or end in.
    fn to(&self) -> Timestamp {
        self.from + SignedDuration::try_from(3 * self.longest()).unwrap() + SignedDuration::from_hours(96)
    }

    fn longest(&self) -> Duration {
        let own = self.owners.iter().filter_map(|owner| owner.every);
        own.chain([self.every]).max().unwrap()
    }

    fn turns(&self) -> Vec<Turn> {
        self.rota().turns(&self.owners, self.from, self.to())
    }

    /// The periods of this length that have slots and lie within the window as a whole.
    fn whole_periods(&self, every: Duration) -> BTreeMap<i64, usize> {
        let number = |instant| period(&self.calendar, instant, every);
        let first = number(self.from) + 1;
        let last = number(self.to()) - 1;

        let mut slots = BTreeMap::new();
        for slot in due(&self.calendar, self.from, self.to()) {
            if (first..=last).contains(&number(slot)) {
                *slots.entry(number(slot)).or_default() += 1;
            }
        }
        slots
    }

    /// How many turns each owner has in each of its periods of this length.
    fn turns_by_period(&self, turns: &[Turn], every: Duration) -> BTreeMap<i64, usize> {
        let mut count = BTreeMap::new();
        for turn in turns {
            *count.entry(period(&self.calendar, turn.slot, every)).or_default() += 1;
        }
        count
    }
}

fn scene(owners: impl Strategy<Value = BTreeSet<RotaOwner>>) -> impl Strategy<Value = RotaCase> {
    let calendars = (
        prop::sample::select(&LINES[..]),
        prop::sample::select(&ZONES[..]),
        prop::sample::select(&QUIET[..]),
    );
    let numbers = (prop::sample::select(&LENGTHS[..]), 1..4usize, any::<u64>());
    (calendars, numbers, owners, prop::sample::select(&DAYS[..])).prop_map(
        |((line, zone, quiet), (every, capacity, seed), owners, day)| RotaCase {
            calendar: calendar(line, zone, quiet),
            every,
            capacity,
            seed,
            owners,
            from: at(day),
        },
    )
}

/// Owners that all have the configured length.
fn equal_owners() -> impl Strategy<Value = BTreeSet<RotaOwner>> {
    prop::collection::btree_set(0..200usize, 0..60)
        .prop_map(|numbers| numbers.into_iter().map(|number| owner(number, None)).collect())
}

/// Owners of which some have a length of their own.
fn mixed_owners() -> impl Strategy<Value = BTreeSet<RotaOwner>> {
    let length = prop::option::of(prop::sample::select(&LENGTHS[3..]));
    prop::collection::btree_map(0..200usize, length, 0..12).prop_map(|lengths| {
        let owners = lengths.into_iter();
        owners.map(|(number, every)| owner(number, every)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn every_turn_is_at_a_slot_that_is_due_and_no_slot_has_more_than_it_holds(scene in scene(mixed_owners())) {
        let due: BTreeSet<_> = due(&scene.calendar, scene.from, scene.to()).into_iter().collect();
        let turns = scene.turns();

        let mut held: BTreeMap<Timestamp, usize> = BTreeMap::new();
        for turn in &turns {
            prop_assert!(due.contains(&turn.slot), "{} is not due", turn.slot);
            *held.entry(turn.slot).or_default() += 1;
        }
        prop_assert!(held.values().all(|held| *held <= scene.capacity), "{held:?}");
        prop_assert!(turns.is_sorted_by_key(|turn| (turn.slot, turn.owner.clone())));
    }

    #[test]
    fn each_owner_has_one_turn_in_each_period_as_far_as_slots_hold_them(scene in scene(equal_owners())) {
        let turns = scene.turns();
        for (number, slots) in scene.whole_periods(scene.every) {
            let of_period = turns.iter().filter(|turn| period(&scene.calendar, turn.slot, scene.every) == number);
            let of_period: Vec<_> = of_period.map(|turn| &turn.owner).collect();
            let different: BTreeSet<_> = of_period.iter().collect();

            prop_assert_eq!(of_period.len(), scene.owners.len().min(slots * scene.capacity));
            prop_assert_eq!(different.len(), of_period.len(), "an owner has two turns in one period");
        }
    }

    #[test]
    fn owners_with_periods_of_their_own_have_one_turn_in_each_of_them(scene in scene(mixed_owners())) {
        // Each slot holds a turn of everybody.
        let scene = RotaCase { capacity: scene.owners.len().max(1), ..scene };
        let turns = scene.turns();

        for owner in &scene.owners {
            let accepted = owner.every.filter(|every| scene.rota().accepts(*every));
            let every = accepted.unwrap_or(scene.every);
            let own: Vec<_> = turns.iter().filter(|turn| turn.owner == owner.owner).cloned().collect();
            prop_assert!(own.iter().all(|turn| turn.every == every));

            let count = scene.turns_by_period(&own, every);
            prop_assert!(count.values().all(|count| *count == 1), "{count:?}");
            for number in scene.whole_periods(every).keys() {
                prop_assert!(count.contains_key(number), "no turn of {} in period {number}", owner.owner);
            }
        }
    }

    #[test]
    fn no_owner_has_two_turns_in_one_of_its_periods_however_full_the_slots_are(scene in scene(mixed_owners())) {
        let scene = RotaCase { capacity: 1, ..scene };
        let mut seen = BTreeSet::new();
        for turn in scene.turns() {
            let number = period(&scene.calendar, turn.slot, turn.every);
            prop_assert!(seen.insert((turn.owner.clone(), number)), "{} has two turns", turn.owner);
        }
    }

    #[test]
    fn turns_of_one_period_have_the_same_end_and_those_of_the_next_another(scene in scene(mixed_owners())) {
        let mut ends: BTreeMap<(Duration, i64), Timestamp> = BTreeMap::new();
        for turn in scene.turns() {
            prop_assert!(turn.slot < turn.period_end);
            let number = period(&scene.calendar, turn.slot, turn.every);
            let end = *ends.entry((turn.every, number)).or_insert(turn.period_end);
            prop_assert_eq!(end, turn.period_end);
        }

        let different: BTreeSet<_> = ends.iter().map(|((every, _), end)| (every, end)).collect();
        prop_assert_eq!(different.len(), ends.len());
    }

    #[test]
    fn a_question_in_two_parts_has_the_same_answer(scene in scene(mixed_owners()), share in 0..=100i32) {
        let length = scene.to().duration_since(scene.from);
        let middle = scene.from + length / 100 * share;
        let mut parts = scene.rota().turns(&scene.owners, scene.from, middle);
        parts.extend(scene.rota().turns(&scene.owners, middle, scene.to()));
        prop_assert_eq!(parts, scene.turns());
    }
}

#[test]
fn each_line_and_length_of_the_mixed_laws_has_slots_and_turns() {
    for line in LINES {
        let calendar = calendar(line, "Europe/Paris", &[]);
        let rota = Rota {
            calendar: &calendar,
            every: 10 * DAY,
            capacity: 1,
            seed: 1,
        };
        assert!(LENGTHS[3..].iter().all(|every| rota.accepts(*every)), "{line}");

        let from = at("2027-03-26T00:00:00Z");
        let to = from + SignedDuration::try_from(31 * 24 * HOUR).unwrap();
        assert!(!rota.turns(&BTreeSet::from([owner(1, None)]), from, to).is_empty());
    }
}
