//! Every slot against a second opinion on every minute: zones with odd rules, clock changes, leap years.

use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use macaque_core::schedule::{Calendar, QuietTimes};

use super::oracle::{Window, changes, zone};

/// Lines for windows of days: dense and sparse, around midnight and the hours that clocks change in.
const LINES: &[&str] = &[
    "*/7 * * * *",
    "0 * * * *",
    "@hourly",
    "30 * * * *",
    "*/20 1-3 * * *",
    "15,45 0,1,2,23 * * *",
    "0 0 * * *",
    "@daily",
    "@midnight",
    "30 0 * * *",
    "0 1 * * *",
    "30 1 * * *",
    "0 2 * * *",
    "30 2 * * *",
    "59 2 * * *",
    "0 3 * * *",
    "59 23 * * *",
    "*/60 */24 * * *",
    "7-59/13 * * * *",
    "5 0-23/5 * * *",
    "*/5 2 * * 0",
    "*/5 2 * * 7",
    "30 2 * * sun",
    "0 */6 * * Sat,SUN",
    "0 9 * * 1-5",
    "0 9-17/4 * * mon-fri",
    "0 12 * * 5-7",
    "0 12 * * 6-7",
    "0 12 * * 1-7/2",
    "0 12 * * 7,1",
    "0 12 * * */2",
    "0 12 * * mon-5",
    "0 0 1 * *",
    "@monthly",
    "@weekly",
    "0 0 1,15 * 3",
    "0 0 13 * 5",
    "0 6 */2 * 1",
    "0 6 1-7 * Mon",
    "0 6 1-31 * MON",
    "0 6 13 * 1-7",
    "0 6 */2 * *",
    "0 6 * */2 *",
    "0 6 * Mar,Oct,Nov *",
    "0 6 * apr-SEP sun",
    "0 6 31 * *",
    "0 6 28-31 * *",
    "05 06 07 08 *",
    "0-59 0-23 31 1-12 *",
    "*,5 4 * * *",
    "0 5 * 1-12/3 1-5/2",
];

/// Lines for windows of years.
const SPARSE: &[&str] = &[
    "0 0 29 2 *",
    "@yearly",
    "@annually",
    "0 0 31 * *",
    "59 23 28,29 2 *",
    "0 0 29 2 1",
    "0 12 31 12 *",
    "0 0 1 3 7",
    "30 6 30 * *",
];

/// Compares every line in the window; answers how many slots both opinions found.
fn compare(lines: &[&str], zone: &TimeZone, window: &Window) -> usize {
    let mut found = 0;
    for line in lines {
        let calendar = Calendar::new(line.parse().unwrap(), zone.clone(), QuietTimes::default());
        let before = window.start - SignedDuration::from_secs(1);
        let slots = calendar.upcoming(before).map(|slot| slot.instant);
        let slots: Vec<Timestamp> = slots.take_while(|instant| *instant < window.end).collect();
        let expected = window.slots(line);
        assert!(
            slots == expected,
            "{calendar} after {before}: {}",
            difference(&slots, &expected)
        );
        found += slots.len();
    }

    found
}

fn difference(slots: &[Timestamp], expected: &[Timestamp]) -> String {
    let mut pairs = slots.iter().zip(expected);
    match pairs.find(|(slot, expected)| slot != expected) {
        Some((slot, expected)) => format!("{slot} instead of {expected}"),
        None => format!("{} slots instead of {}", slots.len(), expected.len()),
    }
}

/// Three days on both sides of some changes, and some days in midsummer.
fn around_changes(name: &str, years: &[(i16, i16)], at_least: usize) {
    let zone = zone(name);
    let mut windows = Vec::new();
    for (from, to) in years {
        let changes = changes(&zone, *from, *to);
        windows.extend(
            changes
                .into_iter()
                .map(|change| Window::around(&zone, change, 72)),
        );
    }

    assert!(windows.len() >= at_least, "{name}: {} changes", windows.len());
    let calm = date(2026, 7, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    windows.push(Window::around(&zone, calm, 72));
    let found: usize = windows.iter().map(|window| compare(LINES, &zone, window)).sum();
    println!(
        "{name}: {} lines x {} windows, {found} slots",
        LINES.len(),
        windows.len()
    );

    assert!(found > 1000 * windows.len(), "{name}: {found} slots");
}

macro_rules! zones {
    ($($test:ident: $name:literal, $years:expr, $at_least:literal;)*) => {$(
        #[test]
        fn $test() {
            around_changes($name, &$years, $at_least);
        }
    )*};
}

zones! {
    new_york_agrees: "America/New_York", [(2027, 2029)], 4;
    berlin_agrees: "Europe/Berlin", [(2026, 2027), (2099, 2100)], 4;
    london_agrees: "Europe/London", [(1971, 1973), (2028, 2029)], 5;
    lord_howe_with_its_half_hour_agrees: "Australia/Lord_Howe", [(1981, 1982), (2027, 2028)], 3;
    sao_paulo_with_its_change_at_midnight_agrees: "America/Sao_Paulo", [(2017, 2019)], 4;
    apia_with_its_missing_day_agrees: "Pacific/Apia", [(2011, 2013)], 4;
    kolkata_without_a_change_agrees: "Asia/Kolkata", [(2027, 2028)], 0;
    casablanca_with_its_ramadan_agrees: "Africa/Casablanca", [(2018, 2019), (2027, 2028)], 3;
    st_johns_with_its_change_a_minute_past_midnight_agrees: "America/St_Johns", [(2010, 2012)], 4;
    gaza_agrees: "Asia/Gaza", [(2011, 2012), (2026, 2027)], 4;
    kathmandu_with_its_fifteen_minutes_agrees: "Asia/Kathmandu", [(1985, 1987)], 1;
    dublin_with_its_winter_time_agrees: "Europe/Dublin", [(2027, 2028)], 2;
    cairo_agrees: "Africa/Cairo", [(2010, 2011), (2027, 2028)], 6;
    troll_with_its_two_hours_agrees: "Antarctica/Troll", [(2027, 2028)], 2;
    kwajalein_over_the_date_line_agrees: "Pacific/Kwajalein", [(1993, 1994)], 1;
    utc_agrees: "UTC", [(2027, 2028)], 0;
}

/// Six hours on both sides of the first change after some years, in each zone there is.
#[test]
fn every_zone_of_the_database_agrees() {
    let lines = ["*/10 * * * *", "0 0 * * *", "30 0-3 * * *"];
    let mut windows = 0;
    for name in TimeZoneDatabase::bundled().available() {
        let zone = zone(name.as_str());
        for year in [1975, 1995, 2026] {
            let year = date(year, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
            let Some(change) = zone.following(year).next() else {
                continue;
            };
            if change.timestamp().as_second() % 60 == 0 && zone.to_offset(year).seconds() % 60 == 0 {
                compare(&lines, &zone, &Window::around(&zone, change.timestamp(), 6));
                windows += 1;
            }
        }
    }

    println!("every zone: {} lines x {windows} windows", lines.len());
    assert!(windows > 900, "{windows}");
}

/// Until 1972-01-07 Monrovia was 44 minutes and 30 seconds behind: slots are not on full minutes of UTC.
#[test]
fn an_offset_with_odd_seconds_agrees() {
    let zone = zone("Africa/Monrovia");
    let [start, end] = ["1972-01-06T21:00:00Z", "1972-01-07T04:00:00Z"].map(|text| text.parse().unwrap());
    let window = Window::new(&zone, start, end, SignedDuration::from_secs(1));
    let found = compare(LINES, &zone, &window);

    assert!(found > 100, "{found}");
    assert!(
        window
            .slots("* * * * *")
            .iter()
            .any(|slot| slot.as_second() % 60 == 30)
    );
}

/// 2000 was a leap year, 2100 is none; 2096 to 2100 is the longest wait that the engine's years hold.
#[test]
fn leap_years_agree() {
    for (name, from, to) in [
        ("UTC", date(1999, 12, 30), date(2000, 3, 3)),
        ("America/New_York", date(2027, 12, 30), date(2028, 3, 3)),
        ("UTC", date(2028, 12, 30), date(2029, 3, 3)),
        ("Asia/Kolkata", date(2096, 2, 20), date(2096, 3, 5)),
        ("UTC", date(2099, 12, 30), date(2100, 3, 3)),
    ] {
        let zone = zone(name);
        let [from, to] = [from, to].map(|date| date.to_zoned(zone.clone()).unwrap().timestamp());
        let window = Window::new(&zone, from, to, SignedDuration::from_mins(1));
        compare(&LINES[6..], &zone, &window);
        compare(SPARSE, &zone, &window);
    }
}

#[test]
fn sparse_lines_agree_over_years() {
    for (name, from, to) in [
        ("Europe/Paris", date(2026, 11, 1), date(2028, 4, 1)),
        ("America/Sao_Paulo", date(2016, 1, 1), date(2018, 4, 1)),
    ] {
        let zone = zone(name);
        let [from, to] = [from, to].map(|date| date.to_zoned(zone.clone()).unwrap().timestamp());
        let window = Window::new(&zone, from, to, SignedDuration::from_mins(1));
        assert!(compare(SPARSE, &zone, &window) > 30);
    }
}
