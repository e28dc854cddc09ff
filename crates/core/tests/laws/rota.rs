//! The rota keeps its promises: one turn for each owner in each period, at a slot of the calendar, as evenly as chance
//! would, and at the same slot when owners come and go, as far as there is room.

mod chance;
mod evenness;
mod properties;
mod stability;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::pod::{OwnerRef, PodOwner};
use macaque_core::rota::{Rota, RotaOwner};
use macaque_core::schedule::{Calendar, QuietTimes, parse_timezone};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn calendar(line: &str, zone: &str, quiet: &[&str]) -> Calendar {
    let quiet = QuietTimes::parse(quiet).unwrap();
    Calendar::new(line.parse().unwrap(), parse_timezone(zone).unwrap(), quiet)
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn owner(number: usize, every: Option<Duration>) -> RotaOwner {
    let owner = PodOwner {
        kind: "Deployment".to_owned(),
        name: format!("app-{number}"),
    };
    RotaOwner {
        owner: OwnerRef {
            namespace: format!("team-{}", number % 3),
            owner,
        },
        every,
    }
}

fn owners(count: usize) -> BTreeSet<RotaOwner> {
    (0..count).map(|number| owner(number, None)).collect()
}

/// What the wall clock of the calendar's zone shows, in seconds since it showed Monday 1970-01-05 00:00.
fn shown(calendar: &Calendar, instant: Timestamp) -> i64 {
    let offset = calendar.zone().to_offset(instant).seconds();
    instant.as_second() + i64::from(offset) - 4 * 24 * 3600
}

/// The number of the period of this length that the instant belongs to.
fn period(calendar: &Calendar, instant: Timestamp, every: Duration) -> i64 {
    shown(calendar, instant).div_euclid(i64::try_from(every.as_secs()).unwrap())
}

/// The slots outside quiet times from `from` on and before `to`, by the calendar's own word.
fn due(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let second_before = from - jiff::SignedDuration::from_secs(1);
    let slots = calendar.upcoming(second_before);
    let slots = slots.take_while(|slot| slot.instant < to);
    slots
        .filter(|slot| slot.quiet.is_none())
        .map(|slot| slot.instant)
        .collect()
}

/// A calendar with 16 slots a day, 160 in each period of ten days.
fn half_hourly() -> Calendar {
    calendar("*/30 9-16 * * *", "UTC", &[])
}

fn ten_days(calendar: &Calendar, capacity: usize, seed: u64) -> Rota<'_> {
    Rota {
        calendar,
        every: 10 * DAY,
        capacity,
        seed,
    }
}
