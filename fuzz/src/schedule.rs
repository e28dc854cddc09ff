//! Laws of the schedule: crontab lines and quiet times.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use macaque_core::schedule::{Calendar, CronSchedule, QuietTimes, parse_timezone};

use crate::text;

pub(crate) const CRON_LAW: &str = "a line prints as it parses, its slots are whole minutes and strictly increase after \
                                   any instant in any zone, and nothing lies between one and the next";
pub(crate) const QUIET_LAW: &str = "quiet times print as they parse, an error names its entry and the spelling that it \
                                    advises is right, spans are in order and quiet, and no round is due in one";

/// How many slots are looked at.
const SLOTS: usize = 20;

/// The line, the zone and the instant are a line each.
pub(crate) fn cron(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (line, rest) = text::first_line(text);
    let (zone, now) = text::first_line(rest);
    let cron: CronSchedule = match line.parse() {
        Ok(cron) => cron,
        Err(error) => return assert!(!format!("{error}").is_empty()),
    };
    let printed = cron.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&cron), "{printed}");

    let zone = parse_timezone(zone).unwrap_or(TimeZone::UTC);
    let now = instant(now);
    let fires = cron.must_fire().is_ok();
    let calendar = Calendar::new(cron, zone.clone(), QuietTimes::default());
    let mut before = now;
    for slot in calendar.upcoming(now).take(SLOTS) {
        let found = slot.instant;
        assert!(fires && found > before, "{found} is not after {before}");
        assert_eq!(zone.to_datetime(found).second(), 0, "{found}");

        let middle = before + found.duration_since(before) / 2;
        for earlier in [middle, found - SignedDuration::from_nanos(1)] {
            let again = calendar.next_slot(earlier).map(|slot| slot.instant);
            assert_eq!(
                again,
                (earlier < found).then_some(found).or(again),
                "after {earlier}"
            );
        }
        before = found;
    }
    assert_eq!(
        calendar.next_round(now),
        calendar.next_slot(now).map(|slot| slot.instant)
    );
}

/// The instant is the first line, and an entry each other.
pub(crate) fn quiet(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (now, entries) = text::first_line(text);
    let now = instant(now);
    let quiet = match QuietTimes::parse(entries.lines()) {
        Ok(quiet) => quiet,
        Err(errors) => {
            for error in errors {
                let words = error.to_string();
                let named = entries
                    .lines()
                    .any(|entry| words.starts_with(&format!("quiet time `{entry}`: ")));
                assert!(named, "{words}");
                if error.is_spelling() {
                    let right = words.rsplit('`').nth(1).unwrap_or_default();
                    assert!(QuietTimes::parse([right]).is_ok(), "{words}");
                }
            }
            return;
        }
    };

    let printed: Vec<_> = quiet.iter().map(ToString::to_string).collect();
    assert_eq!(QuietTimes::parse(&printed).as_ref(), Ok(&quiet), "{printed:?}");

    let half_hours = "*/30 * * * *".parse().expect("a crontab line");
    let calendar = Calendar::new(half_hours, TimeZone::UTC, quiet.clone());
    let week = now
        .saturating_add(SignedDuration::from_hours(24 * 7))
        .unwrap_or(now);
    let spans = calendar.quiet_spans(now, week);
    assert!(
        spans.windows(2).all(|pair| pair[0].to <= pair[1].from),
        "{spans:?}"
    );
    for span in spans {
        assert!(span.from < span.to, "{span:?}");
        let local = TimeZone::UTC.to_datetime(span.from);
        assert!(quiet.covering(local).is_some(), "{span:?}");
    }

    if let Some(round) = calendar.next_round(now) {
        assert!(round > now);
        assert_eq!(quiet.covering(TimeZone::UTC.to_datetime(round)), None, "{round}");
        let skipped = calendar
            .upcoming(now)
            .take(SLOTS)
            .take_while(|slot| slot.instant < round);
        for slot in skipped {
            assert!(
                slot.quiet.is_some(),
                "{} is neither quiet nor a round",
                slot.instant
            );
        }
    }
}

/// The instant of a text; some instant for any other text.
pub(crate) fn instant(text: &str) -> Timestamp {
    let fallback = Timestamp::from_second(1_800_000_000).expect("an instant");
    text.trim().parse().unwrap_or(fallback)
}
