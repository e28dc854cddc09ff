//! The iCalendar file holds every round, and is what RFC 5545 asks for, whatever the schedule and the names.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use macaque_core::icalendar::{CalendarFeed, FeedSpan, MOST_EVENTS, calendar_text};
use macaque_core::schedule::{Calendar, QuietTimes, parse_timezone};
use proptest::prelude::*;

const LINES: [&str; 8] = [
    "*/30 9-16 * * Mon-Fri",
    "@hourly",
    "* * * * *",
    "*/7 1-3,5,22 * * *",
    "30 2 * * Sun",
    "0,1 */2 1-7 * *",
    "@monthly",
    "*/20 * * * Sat,Sun",
];
const ZONES: [&str; 5] = [
    "UTC",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/New_York",
];
const QUIET: [&[&str]; 4] = [
    &[],
    &["Sat,Sun", "Fri 15:00-24:00"],
    &["22:00-06:00", "2027-03-20/2027-04-02"],
    &["01:30-02:30", "12-24/01-02", "Mon 12:00-12:05"],
];

/// One event as a program reads it.
struct ReadEvent {
    from: Timestamp,
    to: Timestamp,
    summary: String,
}

/// The lines without their folds.
fn unfolded(text: &str) -> Vec<String> {
    let text = text.replace("\r\n ", "");
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

/// A text as it was before it was escaped.
fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('n') => text.push('\n'),
                Some(escaped) => text.push(escaped),
                None => {}
            },
            _ => {
                assert!(!matches!(c, ',' | ';'), "{value}: {c} has a meaning of its own");
                text.push(c);
            }
        }
    }
    text
}

fn instant(value: &str) -> Timestamp {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", value).unwrap();
    Offset::UTC.to_timestamp(time).unwrap()
}

fn events(lines: &[String]) -> Vec<ReadEvent> {
    let of = |name: &str| {
        let values = lines.iter().filter_map(move |line| line.strip_prefix(name));
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    let times = of("DTSTART:").into_iter().zip(of("DTEND:"));
    let events = times.zip(of("SUMMARY:"));
    let read = events.map(|((from, to), summary)| ReadEvent {
        from: instant(&from),
        to: instant(&to),
        summary: unescaped(&summary),
    });
    read.collect()
}

/// How many rounds an event stands for.
fn rounds_of(event: &ReadEvent) -> usize {
    match event.summary.trim_start_matches("macaque: ") {
        "round" => 1,
        words => words
            .strip_suffix(" rounds")
            .map_or(0, |number| number.parse().unwrap()),
    }
}

fn schedule() -> impl Strategy<Value = Calendar> {
    let parts = (0..LINES.len(), 0..ZONES.len(), 0..QUIET.len());
    parts.prop_map(|(line, zone, quiet)| {
        let quiet = QuietTimes::parse(QUIET[quiet]).unwrap();
        Calendar::new(
            LINES[line].parse().unwrap(),
            parse_timezone(ZONES[zone]).unwrap(),
            quiet,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_calendar_is_in_the_form_that_is_asked_for_and_holds_each_round_once(
        calendar in schedule(),
        cluster in any::<String>(),
        at in 1_790_000_000..1_830_000_000i64,
        weeks in 1..5u8,
    ) {
        let at = Timestamp::from_second(at).unwrap();
        let span = FeedSpan::of(&calendar, at, weeks);
        let feed = CalendarFeed {
            calendar: &calendar,
            span,
            turns: None,
            cluster: Some(&cluster),
            scope: &cluster,
            dry_run: false,
        };
        let text = calendar_text(&feed, at);

        // The form: lines of 75 octets, which end in CRLF, and no control character beside.
        prop_assert!(text.ends_with("END:VCALENDAR\r\n"));
        for line in text.split_terminator("\r\n") {
            prop_assert!(line.len() <= 75, "{line}");
            prop_assert!(!line.contains(char::is_control), "{line:?}");
        }

        // The texts: what is read is what was written, without control characters.
        let lines = unfolded(&text);
        let name = lines.iter().find_map(|line| line.strip_prefix("NAME:")).unwrap();
        let seen: String = cluster.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        prop_assert_eq!(unescaped(name), format!("macaque ({seen})"));

        // The identifiers differ.
        let mut uids: Vec<_> = lines.iter().filter(|line| line.starts_with("UID:")).collect();
        let count = uids.len();
        uids.sort_unstable();
        uids.dedup();
        prop_assert_eq!(uids.len(), count);
        prop_assert!((1..=MOST_EVENTS).contains(&count));

        // The rounds: each is in one event, and no event has another.
        let events = events(&lines);
        let second_before = span.from - SignedDuration::from_secs(1);
        let slots = calendar.upcoming(second_before).take_while(|slot| slot.instant < span.to);
        let due: Vec<_> = slots.filter(|slot| slot.quiet.is_none()).map(|slot| slot.instant).collect();
        prop_assert_eq!(events.iter().map(rounds_of).sum::<usize>(), due.len());
        for event in events.iter().filter(|event| rounds_of(event) > 0) {
            let end = event.to - SignedDuration::from_mins(10);
            let within = due.iter().filter(|slot| event.from <= **slot && **slot <= end).count();
            prop_assert_eq!(within, rounds_of(event));
        }

        // The quiet times: a slot that is skipped lies in one of them.
        let slots = calendar.upcoming(second_before).take_while(|slot| slot.instant < span.to);
        for skipped in slots.filter(|slot| slot.quiet.is_some()) {
            let covers = |event: &ReadEvent| {
                let is_quiet = event.summary == "macaque: quiet time";
                is_quiet && event.from <= skipped.instant && skipped.instant < event.to
            };
            prop_assert!(events.iter().any(covers), "{}", skipped.instant);
        }
    }
}
