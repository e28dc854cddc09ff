//! The turns of small rotas, and how full they are.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Rota, RotaOwner, Turn};
use crate::pod::{OwnerRef, PodOwner};
use crate::schedule::{Calendar, QuietTimes, parse_timezone};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn calendar(cron: &str, zone: &str) -> Calendar {
    let zone = parse_timezone(zone).unwrap();
    Calendar::new(cron.parse().unwrap(), zone, QuietTimes::default())
}

fn rota(calendar: &Calendar, every: Duration) -> Rota<'_> {
    Rota {
        calendar,
        every,
        capacity: 1,
        seed: 7,
    }
}

fn owner(name: &str, every: Option<Duration>) -> RotaOwner {
    let owner = PodOwner {
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
    };
    RotaOwner {
        owner: OwnerRef {
            namespace: "shop".to_owned(),
            owner,
        },
        every,
    }
}

fn owners(count: usize) -> BTreeSet<RotaOwner> {
    (0..count)
        .map(|number| owner(&format!("app-{number}"), None))
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn names(turns: &[Turn]) -> Vec<&str> {
    turns.iter().map(|turn| turn.owner.owner.name.as_str()).collect()
}

#[test]
fn the_turns_of_a_seed_never_change() {
    let calendar = calendar("0 9-16 * * Mon-Fri", "Europe/Paris");
    let rota = rota(&calendar, 7 * DAY);
    let turns = rota.turns(&owners(3), at("2027-03-01T00:00:00Z"), at("2027-03-15T00:00:00Z"));

    let shown = turns
        .iter()
        .map(|turn| format!("{} {}", turn.slot, turn.owner.owner.name));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        RECORDED,
        "another hash moves the turns of everybody"
    );
}

const RECORDED: [&str; 6] = [
    "2027-03-01T13:00:00Z app-1",
    "2027-03-03T11:00:00Z app-2",
    "2027-03-04T14:00:00Z app-0",
    "2027-03-09T08:00:00Z app-1",
    "2027-03-09T12:00:00Z app-2",
    "2027-03-10T09:00:00Z app-0",
];

#[test]
fn a_period_begins_on_a_monday_of_the_zone_and_ends_at_its_midnight() {
    let calendar = calendar("0 * * * *", "Europe/Paris");
    let turns =
        rota(&calendar, 7 * DAY).turns(&owners(1), at("2027-03-23T00:00:00Z"), at("2027-03-29T00:00:00Z"));
    let ends: BTreeSet<_> = turns.iter().map(|turn| turn.period_end).collect();

    // The clocks go forward on Sunday.
    let monday = at("2027-03-28T22:00:00Z");
    assert!(
        ends.iter()
            .all(|end| *end == monday || *end == at("2027-04-04T22:00:00Z")),
        "{ends:?}"
    );
}

#[test]
fn owners_that_do_not_fit_are_named() {
    let calendar = calendar("0 9-16 * * Mon-Fri", "UTC");
    let rota = rota(&calendar, 7 * DAY);
    let now = at("2027-03-03T12:00:00Z");

    let load = rota.load(&owners(43), now);
    assert_eq!((load.wanted, load.offered, load.unplaced.len()), (43, 40, 3));
    let warning = load.warning().unwrap();
    assert!(
        warning.starts_with("3 owners have no turn in this period"),
        "{warning}"
    );

    let load = rota.load(&owners(29), now);
    assert_eq!(load.percent(), 72);
    let warning = load.warning().unwrap();
    assert!(warning.starts_with("72 % of the turns"), "{warning}");
    assert_eq!(rota.load(&owners(28), now).warning(), None);
}

#[test]
fn an_owner_has_turns_as_often_as_it_says() {
    let calendar = calendar("*/30 * * * *", "UTC");
    let rota = rota(&calendar, 10 * DAY);
    let often = owner("often", Some(DAY));
    let seldom = owner("seldom", Some(30 * DAY));
    let owners = BTreeSet::from([often, seldom, owner("usual", None)]);

    let start = at("1970-01-05T00:00:00Z");
    let turns = rota.turns(&owners, start, start + SignedDuration::from_hours(24 * 300));
    let count = |name| names(&turns).iter().filter(|shown| **shown == name).count();
    assert_eq!((count("often"), count("usual"), count("seldom")), (300, 30, 10));
}

#[test]
fn a_length_that_is_too_short_for_a_period_counts_as_if_it_were_not_there() {
    let calendar = calendar("*/30 * * * *", "UTC");
    let rota = rota(&calendar, 10 * DAY);
    for every in [Duration::ZERO, Duration::from_secs(29 * 60)] {
        assert!(!rota.accepts(every), "{every:?}");
        let owners = BTreeSet::from([owner("odd", Some(every))]);
        let turns = rota.turns(&owners, at("2027-03-01T00:00:00Z"), at("2027-03-31T00:00:00Z"));
        assert!(turns.iter().all(|turn| turn.every == 10 * DAY), "{turns:?}");
    }
    for every in [Duration::from_secs(30 * 60), DAY, 365 * DAY] {
        assert!(rota.accepts(every), "{every:?}");
    }

    let each_minute = self::calendar("* * * * *", "UTC");
    let rota = self::rota(&each_minute, DAY);
    assert!(rota.accepts(69 * DAY));
    assert!(!rota.accepts(70 * DAY));
}

#[test]
fn an_owner_that_asks_for_fewer_turns_than_there_can_be_has_none_and_is_named() {
    let calendar = calendar("* * * * *", "UTC");
    let rota = rota(&calendar, 10 * DAY);
    let owners = BTreeSet::from([owner("seldom", Some(90 * DAY)), owner("usual", None)]);
    let start = at("2027-03-01T00:00:00Z");
    let turns = rota.turns(&owners, start, start + SignedDuration::from_hours(24 * 30));
    assert!(!turns.is_empty() && names(&turns).iter().all(|name| *name == "usual"));

    let unplaced = rota.load(&owners, start).unplaced;
    assert_eq!(unplaced.len(), 1);
    assert_eq!(unplaced[0].owner.name, "seldom");
}

#[test]
fn lengths_that_would_take_too_long_to_place_do_not_count_the_longest_first() {
    let calendar = calendar("0 * * * *", "UTC");
    let rota = rota(&calendar, 10 * DAY);
    let hour = Duration::from_secs(3600);
    let often = (0..200).map(|number| owner(&format!("often-{number}"), Some(hour)));
    let seldom = (345..365).map(|days| owner(&format!("seldom-{days}"), Some(days * DAY)));
    let owners: BTreeSet<_> = often.chain(seldom).collect();

    let start = at("2027-03-01T00:00:00Z");
    let turns = rota.turns(&owners, start, start + SignedDuration::from_hours(1));
    assert_eq!(names(&turns).len(), 1, "a slot holds one");
    let unplaced = rota.load(&owners, start).unplaced;
    let left_out = unplaced
        .iter()
        .filter(|owner| owner.owner.name.starts_with("seldom"));
    assert_eq!(left_out.count(), 20);
}

#[test]
fn a_period_without_slots_has_no_turns() {
    let calendar = calendar("0 9 * * Mon", "UTC");
    let turns =
        rota(&calendar, DAY).turns(&owners(1), at("2027-03-01T00:00:00Z"), at("2027-03-15T00:00:00Z"));
    assert_eq!(turns.len(), 2);
}

#[test]
fn of_many_lengths_the_shortest_count() {
    let calendar = calendar("0 9 * * *", "UTC");
    let rota = Rota {
        capacity: 30,
        ..rota(&calendar, 10 * DAY)
    };
    let lengths = (300..330).map(|days| days * DAY);
    let owners: BTreeSet<_> = lengths
        .map(|every| owner(&format!("{every:?}"), Some(every)))
        .collect();

    let from = at("2027-01-01T00:00:00Z");
    let turns = rota.turns(&owners, from, from + SignedDuration::from_hours(24 * 800));
    let named: BTreeSet<_> = turns
        .iter()
        .map(|turn| turn.every)
        .filter(|every| *every != 10 * DAY)
        .collect();
    assert_eq!(named, (300..320).map(|days| days * DAY).collect());
}
