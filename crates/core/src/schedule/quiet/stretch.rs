//! Finds whole stretches of quiet time, from their first minute to their end.

use jiff::Span;
use jiff::civil::{Date, DateTime};

use super::{HourRange, LOOKAHEAD_DAYS, QuietTime, QuietTimes, at};

impl QuietTimes {
    /// The stretches of quiet time that begin on a day of `first` to `last`, or reach into one: their beginnings and
    /// their ends, in order, on a wall clock without clock changes.
    pub(in crate::schedule) fn stretches(&self, first: Date, last: Date) -> Vec<(DateTime, DateTime)> {
        let mut stretches: Vec<(DateTime, DateTime)> = Vec::new();
        // One that reaches into the first day may have begun on the day before.
        let eve = first.yesterday().unwrap_or(first);

        let days = eve.series(Span::new().days(1));
        for day in days.take_while(|day| *day <= last) {
            let mut begins: Vec<_> = self.iter().filter_map(|time| time.begin_on(day)).collect();
            begins.sort_unstable();

            for begin in begins {
                let is_known = stretches.last().is_some_and(|(_, end)| begin <= *end);
                let whole = (!is_known).then(|| (self.start(begin), self.end(begin)));
                if let Some((Some(start), Some(end))) = whole {
                    stretches.push((start, end));
                }
            }
        }

        stretches.retain(|(_, end)| *end > at(first, 0));
        stretches
    }

    /// The beginning of the quiet stretch around `local`; for a stretch of more than a year, some time within it. `None` if
    /// `local` is not quiet.
    fn start(&self, local: DateTime) -> Option<DateTime> {
        let far = local.saturating_sub(Span::new().days(LOOKAHEAD_DAYS));
        let earliest = |local: DateTime| self.iter().filter_map(|time| time.start(local)).min();

        let mut start = earliest(local)?;
        while start > far
            && let Some(earlier) = earliest(start.saturating_sub(Span::new().minutes(1)))
        {
            start = earlier;
        }
        Some(start)
    }
}

impl QuietTime {
    /// The moment of `day` at which this quiet time begins, if it begins on that day.
    fn begin_on(&self, day: Date) -> Option<DateTime> {
        let begin = self.hours.map_or(0, |hours| hours.from);
        self.days.contain(day).then(|| at(day, begin))
    }

    /// The beginning of this quiet time's stretch around `local`, or the midnight within it; `None` if `local` is not quiet.
    fn start(&self, local: DateTime) -> Option<DateTime> {
        self.end(local)?;

        let today = self.begin_on(local.date());
        let today = today.filter(|begin| *begin <= local);
        match self.hours {
            // The hours of yesterday reach into this day, whose own may begin later.
            Some(HourRange { from, to }) if to <= from => today.or_else(|| Some(at(local.date(), 0))),
            _ => today,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(entries: &[&str], first: &str, last: &str) -> Vec<String> {
        let times = QuietTimes::parse(entries).unwrap();
        let found = times.stretches(first.parse().unwrap(), last.parse().unwrap());
        let text = |(start, end): &(DateTime, DateTime)| {
            let format = "%a %d %H:%M";
            format!("{} - {}", start.strftime(format), end.strftime(format))
        };
        found.iter().map(text).collect()
    }

    #[test]
    fn a_stretch_begins_and_ends_where_the_quiet_times_together_do() {
        // 2026-11-27 is a Friday.
        for (entries, expected) in [
            (
                &["Fri 15:00-24:00", "Sat,Sun"][..],
                &["Fri 27 15:00 - Mon 30 00:00"][..],
            ),
            (&["Fri 22:00-06:00"], &["Fri 27 22:00 - Sat 28 06:00"]),
            (&["Thu 22:00-06:00"], &["Thu 26 22:00 - Fri 27 06:00"]),
            (&["Wed 22:00-06:00"], &[]),
            (
                &["12:00-13:00", "12:30-14:00"],
                &["Fri 27 12:00 - Fri 27 14:00", "Sat 28 12:00 - Sat 28 14:00"],
            ),
            (&["2026-11-20/2026-12-03"], &["Fri 20 00:00 - Fri 04 00:00"]),
            (&[], &[]),
        ] {
            assert_eq!(
                stretches(entries, "2026-11-27", "2026-11-28"),
                expected,
                "{entries:?}"
            );
        }
    }

    #[test]
    fn a_stretch_without_an_end_is_cut_more_than_a_year_away() {
        let found = stretches(&["22:00-06:00", "06:00-22:00"], "2026-11-27", "2026-11-28");
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
