//! Quiet times take the slots they cover, by the wall clock of the zone, and no other.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, ToSpan};
use macaque_core::schedule::QuietTime;
use proptest::prelude::*;

use super::{at, quiet_calendar, slots};

#[test]
fn a_quiet_slot_names_the_quiet_time_that_takes_it() {
    let calendar = quiet_calendar("0 12 * * *", "Europe/Paris", &["12-25", "12-24/12-26"]);
    let slots: Vec<_> = calendar.upcoming(at("2026-12-23T12:00:00Z")).take(4).collect();
    let quiet: Vec<_> = slots
        .iter()
        .map(|slot| slot.quiet.map(|quiet| quiet.to_string()))
        .collect();

    assert_eq!(
        quiet[..],
        ["12-24/12-26", "12-25", "12-24/12-26"]
            .map(|text| Some(text.to_owned()))
            .into_iter()
            .chain([None])
            .collect::<Vec<_>>()
    );
    assert_eq!(
        calendar.next_round(at("2026-12-23T12:00:00Z")),
        Some(at("2026-12-27T11:00:00Z"))
    );
}

#[test]
fn quiet_hours_are_of_the_zones_wall_clock() {
    let calendar = quiet_calendar("0 * * * *", "America/New_York", &["00:00-23:00"]);
    assert_eq!(
        calendar.next_round(at("2027-01-10T00:00:00Z")),
        Some(at("2027-01-10T04:00:00Z"))
    );
    assert_eq!(
        calendar.next_round(at("2027-07-10T00:00:00Z")),
        Some(at("2027-07-10T03:00:00Z"))
    );
}

#[test]
fn an_hour_shown_twice_is_judged_twice() {
    // Quiet from 01:30: the second 01:00 comes after a quiet 01:30 and is not quiet.
    let calendar = quiet_calendar("*/30 * * * *", "America/New_York", &["01:30-05:00"]);
    let rounds = std::iter::successors(calendar.next_round(at("2027-11-07T04:45:00Z")), |now| {
        calendar.next_round(*now)
    });

    assert_eq!(
        rounds.take(3).collect::<Vec<_>>(),
        [
            "2027-11-07T05:00:00Z",
            "2027-11-07T06:00:00Z",
            "2027-11-07T10:00:00Z"
        ]
        .map(at)
    );
}

#[test]
fn a_calendar_that_is_always_quiet_has_no_round() {
    for always in [
        &["Mon-Sun"][..],
        &["00:00-12:00", "12:00-24:00"],
        &["01-01/12-31"],
        &["Mon-Fri", "Sat,Sun"],
    ] {
        for zone in ["UTC", "America/New_York", "Africa/Casablanca"] {
            let calendar = quiet_calendar("* * * * *", zone, always);
            assert_eq!(
                calendar.next_round(at("2026-11-23T00:00:00Z")),
                None,
                "{calendar}"
            );
            assert!(calendar.next_slot(at("2026-11-23T00:00:00Z")).is_some());
        }
    }
}

#[test]
fn quiet_on_a_day_that_never_was_takes_nothing() {
    let calendar = quiet_calendar("0 12 * * *", "Pacific/Apia", &["2011-12-30"]);
    let slots = slots(&calendar, "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z");
    assert_eq!(slots.len(), 2);
    assert_eq!(calendar.next_round(slots[0]), Some(slots[1]));
}

#[test]
fn a_slot_serializes_with_its_reason() {
    let calendar = quiet_calendar("0 12 * * *", "UTC", &["sat,sun"]);
    let slots: Vec<_> = calendar.upcoming(at("2026-11-27T00:00:00Z")).take(2).collect();
    assert_eq!(
        serde_json::to_string(&slots).unwrap(),
        r#"[{"instant":"2026-11-27T12:00:00Z","quiet":null},{"instant":"2026-11-28T12:00:00Z","quiet":"Sat,Sun"}]"#
    );
}

/// A quiet time as written, and what it means.
#[derive(Debug, Clone)]
struct Meant {
    text: String,
    days: Days,
    /// Minutes since midnight.
    hours: Option<(u32, u32)>,
}

#[derive(Debug, Clone)]
enum Days {
    /// Monday is 0.
    Weekdays(Vec<u8>),
    Yearly(Date, Date),
    Dated(Date, Date),
}

impl Meant {
    fn covers(&self, local: DateTime) -> bool {
        let minute = local.hour() as u32 * 60 + local.minute() as u32;
        let day = |back: i64| self.days.include(local.date().checked_sub(back.days()).unwrap());
        match self.hours {
            None => day(0),
            Some((from, to)) if from < to => day(0) && minute >= from && minute < to,
            Some((from, to)) => day(0) && minute >= from || day(1) && minute < to,
        }
    }
}

impl Days {
    fn include(&self, date: Date) -> bool {
        match self {
            Self::Weekdays(days) => days.contains(&(date.weekday().to_monday_zero_offset() as u8)),
            Self::Dated(first, last) => (*first..=*last).contains(&date),
            Self::Yearly(first, last) => {
                let key = |date: &Date| 100 * i32::from(date.month()) + i32::from(date.day());
                let first = key(first);
                let last = key(last);
                let date = key(&date);
                if first > last {
                    date >= first || date <= last
                } else {
                    date >= first && date <= last
                }
            }
        }
    }
}

fn days() -> impl Strategy<Value = (String, Days)> {
    const NAMES: [&str; 7] = ["mon", "Tue", "WED", "Thu", "Fri", "Sat", "Sun"];
    let name = |day: u8| NAMES[usize::from(day)];
    let date = || (0..1200i32).prop_map(|day| jiff::civil::date(2026, 1, 1).checked_add(day.days()).unwrap());
    let month_day = |date: Date| date.strftime("%m-%d").to_string();

    prop_oneof![
        prop::collection::vec(0..7u8, 1..4).prop_map(move |days| {
            (
                days.iter().map(|day| name(*day)).collect::<Vec<_>>().join(","),
                Days::Weekdays(days),
            )
        }),
        (0..7u8, 0..7u8).prop_map(move |(first, length)| {
            let days: Vec<u8> = (first..=first + length).map(|day| day % 7).collect();
            (
                format!("{}-{}", name(first), name((first + length) % 7)),
                Days::Weekdays(days),
            )
        }),
        date().prop_map(move |date| (month_day(date), Days::Yearly(date, date))),
        (date(), date())
            .prop_map(move |(a, b)| (format!("{}/{}", month_day(a), month_day(b)), Days::Yearly(a, b))),
        date().prop_map(|date| (date.to_string(), Days::Dated(date, date))),
        (date(), date()).prop_map(|(a, b)| (
            format!("{}/{}", a.min(b), a.max(b)),
            Days::Dated(a.min(b), a.max(b))
        )),
    ]
}

fn meant() -> impl Strategy<Value = Meant> {
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let hours = (0..1440u32, 1..=1440u32).prop_filter("hours have a length", |(from, to)| from != to);
    (days(), prop::option::of(hours), any::<bool>()).prop_map(move |((text, days), hours, every)| match hours
    {
        None => Meant { text, days, hours },
        Some((from, to)) => {
            let range = format!("{}-{}", clock(from), clock(to));
            if every {
                Meant {
                    text: range,
                    days: Days::Weekdays((0..7).collect()),
                    hours,
                }
            } else {
                Meant {
                    text: format!("{text} {range}"),
                    days,
                    hours,
                }
            }
        }
    })
}

fn wall_clock() -> impl Strategy<Value = DateTime> {
    (0..1_800_000i64).prop_map(|minute| jiff::civil::date(2025, 12, 1).at(0, 0, 0, 0) + minute.minutes())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_quiet_time_covers_what_it_means(meant in meant(), locals in prop::collection::vec(wall_clock(), 50)) {
        let quiet: QuietTime = meant.text.parse().unwrap();
        for local in locals {
            prop_assert_eq!(quiet.covers(local), meant.covers(local), "{} at {}", meant.text, local);
        }
    }

    #[test]
    fn a_quiet_time_prints_what_reads_as_itself(meant in meant()) {
        let quiet: QuietTime = meant.text.parse().unwrap();
        prop_assert_eq!(quiet.to_string().parse::<QuietTime>(), Ok(quiet));
    }

    #[test]
    fn no_entry_whatever_panics(entry in "[MonFriSat0-9:/, é-]{0,16}") {
        if let Ok(quiet) = entry.parse::<QuietTime>() {
            prop_assert_eq!(quiet.to_string().parse::<QuietTime>(), Ok(quiet));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// Around clock changes, and with quiet times that touch and overlap.
    #[test]
    fn the_next_round_is_the_first_slot_that_is_not_quiet(
        meant in prop::collection::vec(meant(), 1..4),
        zone in prop::sample::select(vec!["America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Europe/Paris"]),
        hours in -30..30i64,
    ) {
        let texts: Vec<&str> = meant.iter().map(|meant| meant.text.as_str()).collect();
        let calendar = quiet_calendar("*/30 * * * *", zone, &texts);
        let change = calendar.zone().following(at("2017-06-01T00:00:00Z")).next().unwrap().timestamp();
        let now: Timestamp = change + SignedDuration::from_hours(hours);
        let mut rounds = Vec::new();

        for slot in calendar.upcoming(now).take(300) {
            let local = calendar.zone().to_datetime(slot.instant);
            prop_assert_eq!(slot.quiet.is_some(), meant.iter().any(|meant| meant.covers(local)));
            if slot.quiet.is_none() {
                rounds.push(slot.instant);
            }
        }

        let mut last = now;
        for round in rounds {
            prop_assert_eq!(calendar.next_round(last), Some(round));
            last = round;
        }
    }
}
