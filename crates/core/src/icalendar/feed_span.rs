//! The days that a feed shows.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::schedule::Calendar;

/// Whole days of a calendar's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedSpan {
    /// The beginning of the first day.
    pub from: Timestamp,
    /// The end of the last day, which is excluded.
    pub to: Timestamp,
}

impl FeedSpan {
    /// So many weeks of days of `calendar`, from that of `at` on.
    pub fn of(calendar: &Calendar, at: Timestamp, weeks: u8) -> Self {
        let first = calendar.zone().to_datetime(at).date();
        let end = first.saturating_add(Span::new().weeks(weeks));
        Self {
            from: midnight(first, calendar).unwrap_or(Timestamp::MIN),
            to: midnight(end, calendar).unwrap_or(Timestamp::MAX),
        }
    }
}

fn midnight(day: Date, calendar: &Calendar) -> Option<Timestamp> {
    let start = day.to_zoned(calendar.zone().clone()).ok()?;
    Some(start.timestamp())
}
