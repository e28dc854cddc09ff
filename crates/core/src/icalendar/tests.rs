//! What a feed shows of a schedule.

use std::time::Duration;

use super::*;
use crate::pod::{OwnerRef, PodOwner};
use crate::schedule::{QuietTimes, parse_timezone};

fn calendar(line: &str, quiet: &[&str]) -> Calendar {
    let quiet = QuietTimes::parse(quiet).unwrap();
    Calendar::new(
        line.parse().unwrap(),
        parse_timezone("Europe/Berlin").unwrap(),
        quiet,
    )
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn feed<'a>(calendar: &'a Calendar, from: &str, weeks: u8) -> CalendarFeed<'a> {
    CalendarFeed {
        calendar,
        span: FeedSpan::of(calendar, at(from), weeks),
        turns: None,
        cluster: Some("prod"),
        scope: "shop",
        dry_run: false,
    }
}

/// The values of one property, in the order of the feed.
fn values(feed: &CalendarFeed<'_>, name: &str) -> Vec<String> {
    let text = calendar_text(feed, at("2026-11-27T12:00:00Z")).replace("\r\n ", "");
    let lines = text.split("\r\n");
    let values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    values.map(str::to_owned).collect()
}

fn turn(slot: &str, name: &str) -> Turn {
    Turn {
        slot: at(slot),
        owner: OwnerRef {
            namespace: "shop".to_owned(),
            owner: PodOwner {
                kind: "Deployment".to_owned(),
                name: name.to_owned(),
            },
        },
        every: Duration::from_secs(86_400),
        period_end: at("2027-01-01T00:00:00Z"),
    }
}

#[test]
fn each_round_is_an_event_of_ten_minutes_in_utc_on_which_nobody_is_busy() {
    let weekly = calendar("30 14 * * Fri", &[]);
    let text = calendar_text(
        &feed(&weekly, "2026-11-27T12:30:00Z", 1),
        at("2026-11-27T12:30:00Z"),
    );
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        concat!("PRODID:-//macaque//macaque ", env!("CARGO_PKG_VERSION"), "//EN"),
        "CALSCALE:GREGORIAN",
        "NAME:macaque (prod)",
        "X-WR-CALNAME:macaque (prod)",
        "DESCRIPTION:Rounds of macaque\\, a chaos monkey for Kubernetes: 30 14 * * Fr",
        " i (Europe/Berlin)",
        "X-WR-CALDESC:Rounds of macaque\\, a chaos monkey for Kubernetes: 30 14 * * F",
        " ri (Europe/Berlin)",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "BEGIN:VEVENT",
        "UID:20261127T133000Z-round-8d9001d32c6a703d@macaque",
        "DTSTAMP:20261127T123000Z",
        "DTSTART:20261127T133000Z",
        "DTEND:20261127T134000Z",
        "SUMMARY:macaque: round",
        "DESCRIPTION:Round at Fri 2026-11-27 14:30 CET.",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    assert_eq!(text, expected.join("\r\n"));
}

#[test]
fn whole_days_are_shown_so_an_event_stays_as_it_was_until_its_day_is_over() {
    let hourly = calendar("0 9-16 * * *", &[]);
    let morning = feed(&hourly, "2026-11-27T05:00:00Z", 1);
    let evening = feed(&hourly, "2026-11-27T22:00:00Z", 1);
    assert_eq!(values(&morning, "UID"), values(&evening, "UID"));
    assert_eq!(values(&morning, "UID").len(), 7 * 8);
}

#[test]
fn a_day_of_many_rounds_has_an_event_for_each_window() {
    // 16 rounds are events; one more, and they are windows.
    assert_eq!(
        values(
            &feed(&calendar("*/30 9-16 * * *", &[]), "2026-11-27T12:00:00Z", 1),
            "UID"
        )
        .len(),
        7 * 16
    );

    let dense = calendar("* 9-11,14-16 * * Fri", &[]);
    let dense = feed(&dense, "2026-11-27T12:00:00Z", 1);
    assert_eq!(values(&dense, "SUMMARY"), ["macaque: 180 rounds"; 2]);
    assert_eq!(
        values(&dense, "DTSTART"),
        ["20261127T080000Z", "20261127T130000Z"]
    );
    assert_eq!(values(&dense, "DTEND"), ["20261127T110900Z", "20261127T160900Z"]);
}

#[test]
fn a_schedule_of_every_minute_and_many_quiet_times_stays_within_the_bound() {
    let quiet: Vec<_> = (0..30)
        .map(|i| {
            format!(
                "{:02}:{:02}-{:02}:{:02}",
                i / 2,
                i % 2 * 30,
                i / 2,
                i % 2 * 30 + 5
            )
        })
        .collect();
    let quiet: Vec<_> = quiet.iter().map(String::as_str).collect();
    let dense = calendar("* * * * *", &quiet);
    let uids = values(&feed(&dense, "2026-11-27T12:00:00Z", MOST_WEEKS), "UID");
    assert_eq!(uids.len(), MOST_EVENTS);

    let dense = calendar("* * * * *", &[]);
    assert_eq!(
        values(&feed(&dense, "2026-11-27T12:00:00Z", MOST_WEEKS), "UID").len(),
        56
    );
}

#[test]
fn quiet_time_is_an_event_where_it_skips_a_slot() {
    let quiet = ["Sat,Sun", "Fri 15:00-24:00", "Mon 20:00-21:00"];
    let hourly = calendar("0 9-16 * * Fri,Sat", &quiet);
    let feed = feed(&hourly, "2026-11-28T12:00:00Z", 1);

    let quiet = values(&feed, "SUMMARY")
        .iter()
        .filter(|it| *it == "macaque: quiet time")
        .count();
    // The one that began on the day before, and the next Friday's.
    assert_eq!(quiet, 2);
    assert_eq!(values(&feed, "DTSTART")[0], "20261127T140000Z");
    assert_eq!(values(&feed, "DTEND")[0], "20261129T230000Z");
    assert_eq!(
        values(&feed, "DESCRIPTION")[1],
        "No round starts before Mon 2026-11-30 00:00 CET."
    );
}

#[test]
fn turns_are_events_that_name_their_owners() {
    let half_hours = calendar("*/30 9-16 * * *", &[]);
    let turns = [
        turn("2026-11-27T08:00:00Z", "web"),
        turn("2026-11-27T09:30:00Z", "cart"),
        turn("2026-11-27T09:30:00Z", "pay"),
        turn("2027-03-01T09:30:00Z", "far"),
    ];
    let feed = CalendarFeed {
        turns: Some(&turns),
        dry_run: true,
        ..feed(&half_hours, "2026-11-27T12:00:00Z", 1)
    };
    assert_eq!(
        values(&feed, "SUMMARY"),
        [
            "macaque: shop/deployment/web (dry run)",
            "macaque: shop/deployment/cart and 1 more (dry run)"
        ]
    );
    let description = "Round at Fri 2026-11-27 10:30 CET.\\nDry run: nothing is disrupted.\\nWhose turn it is:\
         \\n- shop/deployment/cart\\n- shop/deployment/pay";
    assert_eq!(values(&feed, "DESCRIPTION")[2], description);
}

#[test]
fn a_feed_without_rounds_says_when_the_next_one_is() {
    let yearly = calendar("@yearly", &[]);
    let empty = feed(&yearly, "2026-02-03T12:00:00Z", 8);
    assert_eq!(values(&empty, "SUMMARY"), ["macaque: no round before 2027-01-01"]);

    let nobody = CalendarFeed {
        turns: Some(&[]),
        ..empty
    };
    assert_eq!(
        values(&nobody, "SUMMARY"),
        ["macaque: nobody has a turn before 2026-03-31"]
    );

    let over = feed(&yearly, "2150-02-03T12:00:00Z", 8);
    assert_eq!(values(&over, "SUMMARY"), ["macaque: no round ever"]);
}

#[test]
fn another_macaque_has_other_identifiers_and_the_same_keeps_them() {
    let daily = calendar("@daily", &[]);
    let shop = feed(&daily, "2026-11-27T12:00:00Z", 2);
    let later = feed(&daily, "2026-11-28T12:00:00Z", 2);
    assert_eq!(values(&shop, "UID")[1..], values(&later, "UID")[..13]);

    let bank = CalendarFeed {
        scope: "bank",
        ..shop
    };
    assert_ne!(values(&shop, "UID")[0], values(&bank, "UID")[0]);
}
