//! Turns by chance: whose turn it is at a slot, independently of all other slots.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ring::hmac;

use super::{RotaOwner, first_eight_bytes, hash};
use crate::pod::OwnerRef;
use crate::schedule::Calendar;

/// How far ahead slots are counted, to know how many there are in a time: a week has office hours and a weekend.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The owners whose turn it is at `slot` by the `seed` of its round, at most `most` of them. Each has a turn with a
/// probability such that the mean time between two of its turns is `every`, or its own if that is not less than the time
/// between two slots.
pub fn by_chance(
    calendar: &Calendar,
    every: Duration,
    owners: &BTreeSet<RotaOwner>,
    slot: Timestamp,
    seed: u64,
    most: usize,
) -> BTreeSet<OwnerRef> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes());
    let slots = slots_of_week(calendar, slot);
    let interval = calendar.cron().shortest_interval();

    let drawn = owners.iter().filter_map(|RotaOwner { owner, every: own }| {
        let own = own.filter(|own| *own >= interval);
        let coin = hash(&key, slot.as_second(), owner);
        let share = coin as f64 / u64::MAX as f64;
        (share < probability(slots, own.unwrap_or(every))).then(|| (rank(&key, owner), owner))
    });
    // If too many have a turn, those with the lowest rank keep it, which says nothing of how likely they were.
    let mut drawn: Vec<_> = drawn.collect();
    drawn.sort_unstable();
    drawn
        .into_iter()
        .take(most)
        .map(|(_, owner)| owner.clone())
        .collect()
}

/// The probability of a turn at each of so many `slots` in a week, for one in `every` on average; at most 1.
pub fn probability(slots: usize, every: Duration) -> f64 {
    let slots_in_every = slots as f64 * every.as_secs_f64() / WEEK.as_secs_f64();
    if slots_in_every <= 1.0 {
        1.0
    } else {
        1.0 / slots_in_every
    }
}

/// How many slots the week from `slot` on has; quiet ones do not count.
pub fn slots_of_week(calendar: &Calendar, slot: Timestamp) -> usize {
    let end = slot.checked_add(WEEK).unwrap_or(Timestamp::MAX);
    calendar.rounds(slot, end).len().max(1)
}

fn rank(key: &hmac::Key, owner: &OwnerRef) -> u64 {
    first_eight_bytes(hmac::sign(key, format!("rank {owner}").as_bytes()).as_ref())
}
