//! The schedule keeps its promises: slots are where the wall clock shows them, whatever the clocks do.
#![expect(clippy::print_stdout, reason = "`--nocapture` shows how much was compared")]

mod brute_force;
mod oracle;
mod properties;
mod quiet;

use jiff::Timestamp;
use macaque_core::schedule::{Calendar, QuietTimes, parse_timezone};

fn calendar(line: &str, zone: &str) -> Calendar {
    quiet_calendar(line, zone, &[])
}

fn quiet_calendar(line: &str, zone: &str, quiet: &[&str]) -> Calendar {
    let quiet = QuietTimes::parse(quiet).unwrap();
    Calendar::new(line.parse().unwrap(), parse_timezone(zone).unwrap(), quiet)
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// The slots after `from` and before `to`.
fn slots(calendar: &Calendar, from: &str, to: &str) -> Vec<Timestamp> {
    let instants = calendar.upcoming(at(from)).map(|slot| slot.instant);
    instants.take_while(|instant| *instant < at(to)).collect()
}

fn instants<const N: usize>(texts: [&str; N]) -> [Timestamp; N] {
    texts.map(at)
}

// The three traps of cron 0.17 in the hour that a clock shows twice. New York, 2027-11-07: 01:00 to 02:00 EDT
// is 05:00Z to 06:00Z, and again in EST 06:00Z to 07:00Z.

#[test]
fn in_the_second_autumn_hour_the_next_slot_is_not_in_the_first() {
    let calendar = calendar("*/20 * * * *", "America/New_York");
    let now = at("2027-11-07T06:10:00Z");
    assert_eq!(calendar.next_round(now), Some(at("2027-11-07T06:20:00Z")));
}

#[test]
fn at_the_end_of_the_first_autumn_hour_the_next_slot_opens_the_second() {
    let calendar = calendar("*/20 * * * *", "America/New_York");
    let now = at("2027-11-07T05:59:59Z");
    assert_eq!(calendar.next_round(now), Some(at("2027-11-07T06:00:00Z")));
}

#[test]
fn the_two_autumn_hours_do_not_interleave() {
    let calendar = calendar("*/20 * * * *", "America/New_York");
    assert_eq!(
        slots(&calendar, "2027-11-07T04:59:59Z", "2027-11-07T07:00:00Z"),
        instants([
            "2027-11-07T05:00:00Z",
            "2027-11-07T05:20:00Z",
            "2027-11-07T05:40:00Z",
            "2027-11-07T06:00:00Z",
            "2027-11-07T06:20:00Z",
            "2027-11-07T06:40:00Z",
        ])
    );
}

#[test]
fn no_slot_falls_in_a_gap() {
    // Berlin skips 02:00 to 03:00 on 2027-03-28.
    let calendar = calendar("30 2 * * *", "Europe/Berlin");
    assert_eq!(
        slots(&calendar, "2027-03-27T00:00:00Z", "2027-03-30T00:00:00Z"),
        instants(["2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z"])
    );
}

#[test]
fn a_minute_shown_twice_has_two_slots() {
    let calendar = calendar("30 2 * * *", "Europe/Berlin");
    assert_eq!(
        slots(&calendar, "2027-10-30T12:00:00Z", "2027-11-01T00:00:00Z"),
        instants(["2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"])
    );
}

#[test]
fn a_change_of_half_an_hour_is_followed() {
    // Lord Howe goes from 02:00 +11 back to 01:30 +10:30 on 2027-04-04.
    let calendar = calendar("45 1 * * *", "Australia/Lord_Howe");
    assert_eq!(
        slots(&calendar, "2027-04-03T00:00:00Z", "2027-04-05T00:00:00Z"),
        instants([
            "2027-04-03T14:45:00Z",
            "2027-04-03T15:15:00Z",
            "2027-04-04T15:15:00Z"
        ])
    );
}

#[test]
fn a_midnight_that_never_was_has_no_slot() {
    // São Paulo went from 2017-10-14 24:00 to 2017-10-15 01:00.
    let calendar = calendar("@daily", "America/Sao_Paulo");
    assert_eq!(
        slots(&calendar, "2017-10-13T12:00:00Z", "2017-10-17T00:00:00Z"),
        instants(["2017-10-14T03:00:00Z", "2017-10-16T02:00:00Z"])
    );
}

#[test]
fn a_day_that_never_was_has_no_slot() {
    // Apia had no 2011-12-30: it moved over the date line.
    let calendar = calendar("0 12 * * *", "Pacific/Apia");
    assert_eq!(
        slots(&calendar, "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z"),
        instants(["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"])
    );

    let friday = quiet_calendar("0 12 * * Fri", "Pacific/Apia", &[]);
    assert_eq!(
        friday.next_round(at("2011-12-29T00:00:00Z")),
        Some(at("2012-01-05T22:00:00Z"))
    );
}

#[test]
fn either_day_field_suffices_when_both_are_restricted() {
    let either = calendar("0 0 13 * Fri", "UTC");
    assert_eq!(
        slots(&either, "2026-11-10T00:00:00Z", "2026-12-05T00:00:00Z"),
        instants([
            "2026-11-13T00:00:00Z",
            "2026-11-20T00:00:00Z",
            "2026-11-27T00:00:00Z",
            "2026-12-04T00:00:00Z",
        ])
    );

    // `*/2` is a restriction: exactly `*` is none.
    let stepped = calendar("0 0 */2 * Mon", "UTC");
    assert_eq!(
        slots(&stepped, "2026-11-21T12:00:00Z", "2026-11-26T00:00:00Z"),
        instants(["2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z"])
    );

    let monday = calendar("0 0 16-17 * Mon", "UTC");
    assert_eq!(
        slots(&monday, "2026-11-15T12:00:00Z", "2026-11-24T00:00:00Z"),
        instants([
            "2026-11-16T00:00:00Z",
            "2026-11-17T00:00:00Z",
            "2026-11-23T00:00:00Z"
        ])
    );
}

#[test]
fn a_leap_day_waits_for_its_year_and_2100_has_none() {
    let leap = calendar("0 0 29 2 *", "Europe/London");
    assert_eq!(
        leap.next_round(at("2026-01-01T00:00:00Z")),
        Some(at("2028-02-29T00:00:00Z"))
    );
    assert_eq!(
        leap.next_round(at("2092-03-01T00:00:00Z")),
        Some(at("2096-02-29T00:00:00Z"))
    );
    assert_eq!(leap.next_round(at("2096-03-01T00:00:00Z")), None);
}

#[test]
fn slots_end_with_the_year_2100() {
    let hourly = calendar("@hourly", "America/New_York");
    assert_eq!(hourly.next_round(at("2100-12-31T23:30:00-05")), None);
    assert_eq!(
        hourly.next_round(at("2100-12-31T22:30:00-05")),
        Some(at("2100-12-31T23:00:00-05"))
    );

    for extreme in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
        assert!(
            hourly
                .next_slot(extreme)
                .is_none_or(|slot| slot.instant > extreme)
        );
    }
}

#[test]
fn a_fraction_of_a_second_is_late_enough() {
    let calendar = calendar("* * * * *", "UTC");
    let full = at("2026-11-23T12:00:00Z");
    assert_eq!(
        calendar.next_round(at("2026-11-23T11:59:59.999999999Z")),
        Some(full)
    );
    assert_eq!(calendar.next_round(full), Some(at("2026-11-23T12:01:00Z")));
    assert_eq!(
        calendar.next_round(at("1969-12-31T23:59:59.5Z")),
        Some(Timestamp::UNIX_EPOCH)
    );
}

#[test]
fn it_prints_line_zone_and_quiet_times() {
    let line = "*/30 9-16 * * Mon-Fri";
    assert_eq!(
        calendar(line, "europe/paris").to_string(),
        "*/30 9-16 * * Mon-Fri (Europe/Paris)"
    );
    assert_eq!(
        quiet_calendar(line, "UTC", &["12-25", "fri 15:00-24:00"]).to_string(),
        "*/30 9-16 * * Mon-Fri (UTC), quiet: 12-25; Fri 15:00-24:00"
    );
}
