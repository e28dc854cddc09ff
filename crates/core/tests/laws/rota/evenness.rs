//! Turns are spread over the slots as evenly as chance would.

use jiff::SignedDuration;

use super::{at, due, half_hourly, owners, ten_days};

/// The periods that are counted, and the seeds.
const PERIODS: i64 = 50;
const SEEDS: u64 = 4;

/// With 159 degrees of freedom chance stays below this in all but one of 10,000 cases.
const CHI_SQUARE: f64 = 232.0;

/// The sum over the 160 places in a period of (turns - mean)² / mean.
fn chi_square(owner_count: usize, capacity: usize, seed: u64) -> f64 {
    let calendar = half_hourly();
    let owners = owners(owner_count);
    // A period begins: 2072 periods of ten days after the first Monday.
    let from = at("1970-01-05T00:00:00Z") + SignedDuration::from_hours(2072 * 240);
    let to = from + SignedDuration::from_hours(240 * PERIODS);
    let slots = due(&calendar, from, to);
    let periods = usize::try_from(PERIODS).unwrap();
    assert_eq!(slots.len(), 160 * periods);

    let mut count = [0u32; 160];
    let turns = ten_days(&calendar, capacity, seed).turns(&owners, from, to);
    for turn in &turns {
        let place = slots.binary_search(&turn.slot).unwrap();
        count[place % 160] += 1;
    }
    assert_eq!(turns.len(), owner_count * periods);

    let mean = turns.len() as f64 / 160.0;
    let square = |count: u32| (f64::from(count) - mean).powi(2) / mean;
    count.into_iter().map(square).sum()
}

#[test]
fn wanted_slots_are_as_even_as_chance() {
    for seed in 0..SEEDS {
        // Nobody is moved: each slot holds everybody.
        let chi_square = chi_square(40, 40, seed);
        assert!(chi_square < CHI_SQUARE, "seed {seed}: {chi_square}");
        assert!(
            chi_square > 100.0,
            "seed {seed}: {chi_square} is more even than chance would be"
        );
    }
}

#[test]
fn moving_on_from_full_slots_makes_no_slot_more_likely() {
    for seed in 0..SEEDS {
        let chi_square = chi_square(100, 1, seed);
        assert!(chi_square < CHI_SQUARE, "seed {seed}: {chi_square}");
    }
}
