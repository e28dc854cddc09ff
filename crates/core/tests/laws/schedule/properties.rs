//! Laws that hold for any line, zone and instant.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use macaque_core::schedule::{Calendar, CronSchedule, QuietTimes};
use proptest::prelude::*;

use super::oracle::{Oracle, zone};

const ZONES: [&str; 10] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "Asia/Gaza",
];

fn field(low: u8, high: u8, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let number = move || {
        (low..=high, any::<u8>()).prop_map(move |(number, case)| match names.get(usize::from(number)) {
            Some(name) if case % 4 == 0 => name.to_uppercase(),
            Some(name) if case % 4 == 1 => (*name).to_owned(),
            _ => number.to_string(),
        })
    };
    // A step longer than its range is no line; `*` stands for seven weekdays, though Sunday is 0 and 7.
    let all = if high == 7 { 7 } else { high - low + 1 };
    let range = (low..=high, low..=high).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let stepped = (range.clone(), 1..9u8);
    let item = prop_oneof![
        6 => number(),
        2 => range.prop_map(|(a, b)| format!("{a}-{b}")),
        1 => stepped.prop_map(|((a, b), step)| format!("{a}-{b}/{}", step.min(b - a + 1))),
        2 => (1..40u8).prop_map(move |step| format!("*/{}", step.min(all))),
        1 => Just("*".to_owned()),
    ];

    prop_oneof![3 => Just("*".to_owned()), 4 => prop::collection::vec(item, 1..4).prop_map(|items| items.join(","))]
}

fn line() -> impl Strategy<Value = String> {
    let months = &[
        "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let weekdays = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    (
        field(0, 59, &[]),
        field(0, 23, &[]),
        field(1, 31, &[]),
        field(1, 12, months),
        field(0, 7, weekdays),
    )
        .prop_map(|(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"))
}

/// Instants near a clock change as often as anywhere.
fn zone_and_instant() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let years_2000_to_2099 = 946_684_800..4_070_908_800i64;
    let near = (-100_000_000_000..100_000_000_000i64, any::<bool>());
    (prop::sample::select(&ZONES[..]), years_2000_to_2099, near).prop_map(|(name, second, (nanos, near))| {
        let zone = zone(name);
        let anywhere = Timestamp::from_second(second).unwrap();
        let change = zone.following(anywhere).next().map(|change| change.timestamp());
        let instant = change.filter(|_| near).unwrap_or(anywhere);
        (zone, instant + SignedDuration::from_nanos(nanos) * 60)
    })
}

fn plain(line: &str, zone: TimeZone) -> Calendar {
    Calendar::new(line.parse().unwrap(), zone, QuietTimes::default())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_next_slot_is_the_first_minute_that_the_line_matches(line in line(), (zone, now) in zone_and_instant()) {
        let oracle = Oracle::new(&line);
        let minute = now.as_second().div_euclid(60) + 1;
        let instant = |minute| Timestamp::from_second(60 * minute).unwrap();
        let end = minute + 3 * 24 * 60;
        let expected = (minute..end).map(instant).find(|instant| oracle.fires(zone.to_datetime(*instant)));
        let slot = plain(&line, zone).next_slot(now).map(|slot| slot.instant);

        match expected {
            Some(expected) => prop_assert_eq!(slot, Some(expected)),
            None => prop_assert!(slot.is_none_or(|slot| slot >= instant(end))),
        }
    }

    #[test]
    fn slots_strictly_increase_from_after_now(line in line(), (zone, now) in zone_and_instant()) {
        let calendar = plain(&line, zone.clone());
        let oracle = Oracle::new(&line);
        let mut last = now;
        for slot in calendar.upcoming(now).take(20) {
            prop_assert!(slot.instant > last);
            prop_assert!(oracle.fires(zone.to_datetime(slot.instant)));
            last = slot.instant;
        }
    }

    #[test]
    fn a_line_prints_what_reads_as_itself(line in line()) {
        let cron: CronSchedule = line.parse().unwrap();
        prop_assert_eq!(cron.to_string(), line);
        prop_assert_eq!(cron.to_string().parse::<CronSchedule>(), Ok(cron));
    }

    #[test]
    fn a_line_that_must_fire_does(line in line()) {
        let cron: CronSchedule = line.parse().unwrap();
        let fires = cron.must_fire().is_ok();
        let calendar = Calendar::new(cron, TimeZone::UTC, QuietTimes::default());
        prop_assert_eq!(calendar.next_slot(Timestamp::UNIX_EPOCH).is_some(), fires);
    }

    #[test]
    fn no_line_whatever_panics(line in "[@*/,0-9a-zL#?é -]{0,20}( [*0-9/,-]{1,4}){0,6}") {
        if let Ok(cron) = line.parse::<CronSchedule>() {
            prop_assert_eq!(cron.to_string().parse::<CronSchedule>(), Ok(cron));
        }
    }
}
