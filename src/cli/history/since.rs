//! The flag `--since`: a length of time before now, or a time.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::duration::{DurationError, parse_duration};

use crate::cli::schedule::StartTime;

/// What is written for a time since when something is shown.
const ACCEPTED: &str = "write how long ago it is, such as 24h or 7d, a date such as 2026-11-24, a local time such as \
                        2026-11-24T15:00, or an instant such as 2026-11-24T15:00:00Z";

/// A time since when something is shown, as it was written.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Since {
    /// So long before now.
    Ago(Duration),
    /// A time on the wall clock of the schedule's zone, or an instant.
    At(StartTime),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = match parse_duration(text) {
            Ok(length) if length.is_zero() => return Err(format!("it is no time at all: {ACCEPTED}")),
            Ok(length) => return Ok(Self::Ago(length)),
            Err(error) => error,
        };
        text.parse().map(Self::At).map_err(|_| match error {
            DurationError::Unreadable => ACCEPTED.to_owned(),
            DurationError::Negative => format!("it is negative: {ACCEPTED}"),
            error => format!("it {}", error.fault_with_remedy("7d")),
        })
    }
}

impl Since {
    /// The instant, if it is `now` in `zone`.
    ///
    /// # Errors
    /// The instant lies in the future, or before all calendars.
    pub(in crate::cli) fn instant(self, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
        let instant = match self {
            // A length beyond all calendars is all of the past.
            Self::Ago(length) => now.checked_sub(length).unwrap_or(Timestamp::MIN),
            Self::At(time) => time.instant(zone).map_err(|error| error.to_string())?,
        };
        if instant > now {
            return Err(format!("{instant:.0} lies in the future: {ACCEPTED}"));
        }
        Ok(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(text: &str) -> Result<String, String> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        let since = text.parse::<Since>()?;
        since.instant(&zone, now).map(|instant| instant.to_string())
    }

    #[test]
    fn a_length_a_date_a_local_time_and_an_instant_are_times() {
        for (text, instant) in [
            ("7d", "2026-11-22T12:00:00Z"),
            ("90m", "2026-11-29T10:30:00Z"),
            ("2026-11-24", "2026-11-23T23:00:00Z"),
            ("2026-11-24T15:00", "2026-11-24T14:00:00Z"),
            ("2026-11-24T15:00:00Z", "2026-11-24T15:00:00Z"),
            ("2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z"),
        ] {
            assert_eq!(since(text).as_deref(), Ok(instant), "{text}");
        }
    }

    #[test]
    fn a_time_in_the_future_and_what_is_no_time_are_refused_with_what_would_be_right() {
        for (text, words) in [
            (
                "-7d",
                "it is negative: write how long ago it is, such as 24h or 7d",
            ),
            ("0s", "it is no time at all: write how long ago it is"),
            (
                "2026-11-29T12:00:01Z",
                "2026-11-29T12:00:01Z lies in the future: ",
            ),
            ("2027-01-01", "2026-12-31T23:00:00Z lies in the future: "),
            ("1h30", "write 1h30m"),
            ("P7D", "write 7d"),
            ("7", "it has no unit: write 7s, 7m or 7h"),
            ("yesterday", "write how long ago it is"),
            ("", "write how long ago it is"),
        ] {
            let why = since(text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
