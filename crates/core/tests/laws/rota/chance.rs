//! Turns by chance come as often as they should, and each independently of the others.

use std::collections::BTreeSet;

use macaque_core::rota::{RotaOwner, by_chance};

use super::{DAY, at, half_hourly, owner, owners};

/// How many rounds are drawn.
const SEEDS: u64 = 2000;

fn drawn(owners: &BTreeSet<RotaOwner>, seed: u64, most: usize) -> BTreeSet<macaque_core::pod::OwnerRef> {
    let calendar = half_hourly();
    by_chance(&calendar, DAY, owners, at("2027-03-01T09:30:00Z"), seed, most)
}

#[test]
fn an_owner_has_a_turn_in_one_of_as_many_rounds_as_its_time_has_slots() {
    let mut owners = owners(10);
    owners.insert(owner(10, Some(4 * DAY)));
    let (mut usual, mut seldom) = (0, 0);
    for seed in 0..SEEDS {
        let drawn = drawn(&owners, seed, 11);
        let rare = drawn.contains(&owner(10, None).owner);
        seldom += usize::from(rare);
        usual += drawn.len() - usize::from(rare);
    }

    // 16 slots a day: 20,000 chances of 1/16 and 2,000 of 1/64, and five standard deviations around the means.
    assert!((1079..=1421).contains(&usual), "{usual}");
    assert!((4..=59).contains(&seldom), "{seldom}");
}

#[test]
fn who_has_a_turn_does_not_depend_on_who_else_is_there() {
    let all = owners(60);
    let some: BTreeSet<_> = all.iter().step_by(2).cloned().collect();
    for seed in 0..200 {
        let among_all = drawn(&all, seed, 60);
        let expected = some.iter().filter(|owner| among_all.contains(&owner.owner));
        let expected: BTreeSet<_> = expected.map(|owner| owner.owner.clone()).collect();
        assert_eq!(drawn(&some, seed, 60), expected);
    }
}

#[test]
fn at_most_as_many_as_a_round_takes_have_a_turn() {
    let owners = owners(200);
    let mut cut = 0;
    for seed in 0..50 {
        let all = drawn(&owners, seed, 200);
        let few = drawn(&owners, seed, 3);
        assert_eq!(few.len(), all.len().min(3));
        assert!(few.is_subset(&all));
        cut += usize::from(few.len() < all.len());
    }
    assert!(cut > 0);
}
