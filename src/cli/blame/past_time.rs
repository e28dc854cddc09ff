//! A time in the past, as people write it: an instant, a local time, a time of day, or how long ago it is.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};
use macaque_core::duration::parse_duration;

use crate::cli::schedule::StartTime;

/// A time in the past, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum PastTime {
    /// The moment of the command.
    Now,
    /// So long before the command.
    Ago(Duration),
    /// The last time at which a clock on the wall showed this.
    Clock(Time, WrittenUnit),
    /// A time on the wall clock of the schedule's zone.
    Local(DateTime, WrittenUnit),
    /// An instant.
    Instant(Timestamp, WrittenUnit),
}

/// The smallest unit in which a time was written: 03:12 is a whole minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum WrittenUnit {
    Day,
    Minute,
    Second,
    Fraction,
}

/// The first and the last instant of a time: of a minute or a day, if no smaller unit was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct TimeSpan {
    pub first: Timestamp,
    pub last: Timestamp,
}

impl FromStr for PastTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("now") {
            return Ok(Self::Now);
        }
        // Before lengths: 03:12:05 is one too.
        let unit = WrittenUnit::of(text);
        if let Some(clock) = clock(text) {
            return Ok(Self::Clock(clock, unit));
        }
        let length = text.strip_suffix("ago").unwrap_or(text);
        if let Ok(length) = parse_duration(length) {
            return Ok(Self::Ago(length));
        }

        match text.parse() {
            Ok(StartTime::Local(local)) => Ok(Self::Local(local, unit)),
            Ok(StartTime::Instant(instant)) => Ok(Self::Instant(instant, unit)),
            Err(_) => Err(
                "write a time of day such as 03:12, how long ago it is, such as 10m, a local time such as \
                           2026-12-24T15:00, or an instant such as 2026-12-24T15:00:00Z",
            ),
        }
    }
}

impl PastTime {
    /// The instants that are meant, if it is `now` in `zone`; a time that has begun ends now at the latest.
    ///
    /// # Errors
    /// The reason if the time is out of range.
    pub(in crate::cli) fn span(self, zone: &TimeZone, now: Timestamp) -> Result<TimeSpan, jiff::Error> {
        let span = match self {
            Self::Now => TimeSpan {
                first: now,
                last: now,
            },
            Self::Ago(length) => {
                let instant = now.checked_sub(length)?;
                TimeSpan {
                    first: instant,
                    last: instant,
                }
            }
            Self::Clock(clock, unit) => {
                let today = now.to_zoned(zone.clone()).date();
                let span = unit.local_span(today.to_datetime(clock), zone)?;
                if span.first > now {
                    unit.local_span(today.yesterday()?.to_datetime(clock), zone)?
                } else {
                    span
                }
            }
            Self::Local(local, unit) => unit.local_span(local, zone)?,
            Self::Instant(instant, unit) => TimeSpan {
                first: instant,
                last: before(instant.checked_add(unit.instant_length())?, unit),
            },
        };

        let last = if span.first <= now {
            span.last.min(now)
        } else {
            span.last
        };
        Ok(TimeSpan { last, ..span })
    }
}

impl WrittenUnit {
    /// The smallest unit that is written in `text`.
    fn of(text: &str) -> Self {
        let Some((_, time)) = text
            .split_once(['T', 't', ' '])
            .or_else(|| text.contains(':').then_some(("", text)))
        else {
            return Self::Day;
        };
        let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
        let clock = time.split(|c| !is_time(c)).next().unwrap_or_default();
        match clock.matches(':').count() {
            _ if clock.contains(['.', ',']) => Self::Fraction,
            0 | 1 => Self::Minute,
            _ => Self::Second,
        }
    }

    /// The instants at which the clock on the wall of `zone` shows `local`: if it does so twice, both are meant.
    fn local_span(self, local: DateTime, zone: &TimeZone) -> Result<TimeSpan, jiff::Error> {
        let first = zone.to_ambiguous_zoned(local).earlier()?.timestamp();
        let next = zone
            .to_ambiguous_zoned(local.checked_add(self.length())?)
            .later()?
            .timestamp();
        Ok(TimeSpan {
            first,
            last: before(next, self),
        })
    }

    fn length(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Minute => 1.minute(),
            Self::Second => 1.second(),
            Self::Fraction => Span::new(),
        }
    }

    fn instant_length(self) -> SignedDuration {
        match self {
            Self::Day => SignedDuration::from_hours(24),
            Self::Minute => SignedDuration::from_mins(1),
            Self::Second => SignedDuration::from_secs(1),
            Self::Fraction => SignedDuration::ZERO,
        }
    }
}

/// The last instant of the `unit` that ends at `next`.
fn before(next: Timestamp, unit: WrittenUnit) -> Timestamp {
    match unit {
        WrittenUnit::Fraction => next,
        _ => next.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(next),
    }
}

/// A time of day such as `03:12` or `3:12:05`.
fn clock(text: &str) -> Option<Time> {
    let digits = |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<_> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| digits(part)) {
        return None;
    }
    let number = |at: usize| parts.get(at).map_or(Some(0), |part| part.parse::<i8>().ok());
    Time::new(number(0)?, number(1)?, number(2)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-29T03:20:30.5Z";

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Zurich").unwrap()
    }

    #[test]
    fn a_time_that_is_written_in_minutes_is_that_whole_minute_and_one_in_seconds_that_second() {
        let now: Timestamp = NOW.parse().unwrap();
        for (text, first, last) in [
            ("now", NOW, NOW),
            ("10m", "2026-11-29T03:10:30.5Z", "2026-11-29T03:10:30.5Z"),
            ("10m ago", "2026-11-29T03:10:30.5Z", "2026-11-29T03:10:30.5Z"),
            ("1h30m ago", "2026-11-29T01:50:30.5Z", "2026-11-29T01:50:30.5Z"),
            ("04:12", "2026-11-29T03:12:00Z", "2026-11-29T03:12:59.999999999Z"),
            ("4:12", "2026-11-29T03:12:00Z", "2026-11-29T03:12:59.999999999Z"),
            (
                "04:12:05",
                "2026-11-29T03:12:05Z",
                "2026-11-29T03:12:05.999999999Z",
            ),
            // Later than now: yesterday.
            ("04:21", "2026-11-28T03:21:00Z", "2026-11-28T03:21:59.999999999Z"),
            // The minute that goes on ends now.
            ("04:20", "2026-11-29T03:20:00Z", NOW),
            (
                "2026-11-28T15:00",
                "2026-11-28T14:00:00Z",
                "2026-11-28T14:00:59.999999999Z",
            ),
            (
                "2026-11-28 15:00:07",
                "2026-11-28T14:00:07Z",
                "2026-11-28T14:00:07.999999999Z",
            ),
            (
                "2026-11-28",
                "2026-11-27T23:00:00Z",
                "2026-11-28T22:59:59.999999999Z",
            ),
            (
                "2026-11-28T15:00:00Z",
                "2026-11-28T15:00:00Z",
                "2026-11-28T15:00:00.999999999Z",
            ),
            (
                "2026-11-28T15:00:00.25Z",
                "2026-11-28T15:00:00.25Z",
                "2026-11-28T15:00:00.25Z",
            ),
            (
                "2026-11-28T15:00+01:00",
                "2026-11-28T14:00:00Z",
                "2026-11-28T14:00:59.999999999Z",
            ),
        ] {
            let time: PastTime = text.parse().unwrap();
            let [first, last] = [first, last].map(|instant| instant.parse().unwrap());
            assert_eq!(
                time.span(&zone(), now).unwrap(),
                TimeSpan { first, last },
                "{text}"
            );
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_meant_twice() {
        let now: Timestamp = "2026-10-25T08:00:00Z".parse().unwrap();
        let time: PastTime = "02:30".parse().unwrap();
        let span = time.span(&zone(), now).unwrap();
        assert_eq!(span.first.to_string(), "2026-10-25T00:30:00Z");
        assert_eq!(span.last.to_string(), "2026-10-25T01:30:59.999999999Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_an_example() {
        for text in [
            "",
            "soon",
            "25:00",
            "03:60",
            "3",
            "03:12:05:07",
            "yesterday",
            "-10m",
            "2026-13-01",
        ] {
            let error = text.parse::<PastTime>().unwrap_err();
            assert!(error.starts_with("write a time of day such as 03:12"), "{text}");
        }
    }
}
