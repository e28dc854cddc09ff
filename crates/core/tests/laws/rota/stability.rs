//! When an owner comes or goes, the turns of the others stay where they are, as far as there is room.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use macaque_core::pod::OwnerRef;
use macaque_core::rota::RotaOwner;

use super::{at, due, half_hourly, owner, owners, ten_days};

/// How many seeds the means are taken over.
const SEEDS: u64 = 100;

fn first() -> Timestamp {
    at("1970-01-05T00:00:00Z") + SignedDuration::from_hours(2072 * 240)
}

/// The place of each owner's turn among the 160 slots of one period.
fn places(owners: &BTreeSet<RotaOwner>, capacity: usize, seed: u64) -> BTreeMap<OwnerRef, usize> {
    let calendar = half_hourly();
    let to = first() + SignedDuration::from_hours(240);
    let slots = due(&calendar, first(), to);
    let turns = ten_days(&calendar, capacity, seed).turns(owners, first(), to);
    let places = turns.into_iter();
    places
        .map(|turn| (turn.owner, slots.binary_search(&turn.slot).unwrap()))
        .collect()
}

/// The owners that a newcomer moves, with their places before and after, and the places of everybody then.
struct Newcomer {
    owner: OwnerRef,
    moved: Vec<(usize, usize)>,
    after: BTreeMap<OwnerRef, usize>,
}

fn newcomer(count: usize, seed: u64) -> Newcomer {
    let mut all = owners(count);
    let before = places(&all, 1, seed);
    let new = owner(count, None);
    all.insert(new.clone());
    let after = places(&all, 1, seed);

    let moved = before.iter().map(|(owner, place)| (*place, after[owner]));
    Newcomer {
        owner: new.owner,
        moved: moved.filter(|(before, after)| before != after).collect(),
        after,
    }
}

/// The places of the run of full slots around `place`, in a period whose end joins its beginning.
fn run_around(taken: &BTreeSet<usize>, place: usize) -> BTreeSet<usize> {
    let onward = (0..160).map(|step| (place + step) % 160);
    let back = (0..160).map(|step| (place + 160 - step) % 160);
    let onward = onward.take_while(|place| taken.contains(place));
    let back = back.take_while(|place| taken.contains(place));
    onward.chain(back).collect()
}

fn mean_moved(count: usize) -> f64 {
    let moved: usize = (0..SEEDS).map(|seed| newcomer(count, seed).moved.len()).sum();
    moved as f64 / SEEDS as f64
}

#[test]
fn a_newcomer_moves_only_owners_in_its_own_run_of_full_slots() {
    for seed in 0..SEEDS {
        let Newcomer { owner, moved, after } = newcomer(100, seed);
        let taken: BTreeSet<_> = after.values().copied().collect();
        let run = run_around(&taken, after[&owner]);
        for (before, after) in moved {
            assert!(
                run.contains(&before) && run.contains(&after),
                "seed {seed}: {before} to {after}"
            );
        }
    }
}

#[test]
fn a_newcomer_moves_few_others_while_there_is_room_and_many_when_the_period_is_nearly_full() {
    let few = mean_moved(40);
    assert!((0.05..0.5).contains(&few), "40 owners in 160 slots: {few} moved");
    let many = mean_moved(150);
    assert!(
        (5.0..40.0).contains(&many),
        "150 owners in 160 slots: {many} moved"
    );
}

#[test]
fn nobody_moves_where_each_slot_has_room_for_all() {
    let without = places(&owners(40), 41, 7);
    let with = places(&owners(41), 41, 7);
    assert!(without.iter().all(|(owner, place)| with[owner] == *place));
}
