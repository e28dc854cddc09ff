//! An instant as `macaque schedule --from` takes it.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// From when on slots are shown.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum StartTime {
    /// What the wall clock of the schedule's zone shows.
    Local(DateTime),
    /// The same everywhere.
    Instant(Timestamp),
}

impl FromStr for StartTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = || text.parse().map(Self::Instant);
        text.parse().map(Self::Local).or_else(|_| instant()).map_err(|_: jiff::Error| {
            "write a date such as 2026-12-24, a local time such as 2026-12-24T15:00, or an instant such as \
             2026-12-24T15:00:00Z"
        })
    }
}

impl StartTime {
    /// The instant, if the calendar of `zone` reaches that far.
    pub(in crate::cli) fn instant(self, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::Local(local) => Ok(zone.to_ambiguous_zoned(local).compatible()?.timestamp()),
            Self::Instant(instant) => Ok(instant),
        }
    }
}
