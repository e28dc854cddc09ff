//! The quiet times of a calendar as spans of time, for those who show them.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::Calendar;

/// A stretch of quiet time that skips at least one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuietSpan {
    /// When it begins; where the wall clock shows that twice, the first time.
    pub from: Timestamp,
    /// When it has ended; where the wall clock shows that twice, the second time.
    pub to: Timestamp,
}

impl Calendar {
    /// The stretches of quiet time on the days from that of `from` to that of `to` which skip a slot, in order. Each is
    /// whole, so one may begin before `from` and end after `to`.
    pub fn quiet_spans(&self, from: Timestamp, to: Timestamp) -> Vec<QuietSpan> {
        let day = |instant: Timestamp| self.zone().to_datetime(instant).date();
        let stretches = self.quiet().stretches(day(from), day(to));

        let spans = stretches.into_iter().filter_map(|(start, end)| {
            Some(QuietSpan {
                from: self.instant(start, false)?,
                to: self.instant(end, true)?,
            })
        });
        spans.filter(|span| self.skips_slot(*span)).collect()
    }

    /// Whether a slot lies in `span`.
    fn skips_slot(&self, span: QuietSpan) -> bool {
        let before = span.from.checked_sub(SignedDuration::from_nanos(1));
        let next = self.next_slot(before.unwrap_or(span.from));
        next.is_some_and(|slot| slot.instant < span.to)
    }

    /// The instant at which the wall clock shows `local`, and where it does so twice the first or the second.
    fn instant(&self, local: DateTime, second: bool) -> Option<Timestamp> {
        let found = self.zone().to_ambiguous_timestamp(local);
        let instant = if second { found.later() } else { found.earlier() };
        instant.ok()
    }
}
