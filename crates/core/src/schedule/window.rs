//! The window of a day: from its first slot to its last.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Calendar;

/// The rounds of one day in the zone of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayWindow {
    /// The day.
    pub day: Date,
    /// The first slot of the day outside quiet times.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// How many there are.
    pub rounds: usize,
}

impl Calendar {
    /// The window that is open at `now` and has a slot left, or whose first slot follows within `lead`.
    pub fn window(&self, now: Timestamp, lead: Duration) -> Option<DayWindow> {
        let soon = now.checked_add(lead).unwrap_or(Timestamp::MAX);
        let next = self.next_round(now)?;
        let day = self.day_of(next);
        if day != self.day_of(now) && next > soon {
            return None;
        }

        let window = self.window_of(day)?;
        (window.first <= soon).then_some(window)
    }

    /// The rounds of `day`; `None` if it has none.
    fn window_of(&self, day: Date) -> Option<DayWindow> {
        let start = day.to_zoned(self.zone().clone()).ok()?.timestamp();
        let before = start.checked_sub(Duration::from_nanos(1)).ok()?;
        let slots = std::iter::successors(self.next_round(before), |slot| self.next_round(*slot));
        let mut of_day = slots.take_while(|slot| self.day_of(*slot) == day);

        let first = of_day.next()?;
        let (last, rounds) = of_day.fold((first, 1), |(_, rounds), slot| (slot, rounds + 1));
        Some(DayWindow {
            day,
            first,
            last,
            rounds,
        })
    }

    fn day_of(&self, instant: Timestamp) -> Date {
        instant.to_zoned(self.zone().clone()).date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{QuietTimes, parse_timezone};

    const LEAD: Duration = Duration::from_secs(300);

    fn calendar(cron: &str, zone: &str, quiet: &[&str]) -> Calendar {
        let zone = parse_timezone(zone).unwrap();
        Calendar::new(cron.parse().unwrap(), zone, QuietTimes::parse(quiet).unwrap())
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_that_of_the_day_in_the_zone_from_shortly_before_its_first_slot_to_its_last() {
        let office = calendar("*/30 9-16 * * Mon-Fri", "Europe/Paris", &["12:00-13:00"]);
        let window = DayWindow {
            day: jiff::civil::date(2026, 11, 30),
            first: instant("2026-11-30T08:00:00Z"),
            last: instant("2026-11-30T15:30:00Z"),
            rounds: 14,
        };
        for (now, expected) in [
            ("2026-11-29T12:00:00Z", None),
            ("2026-11-30T07:54:59Z", None),
            ("2026-11-30T07:55:00Z", Some(window)),
            ("2026-11-30T08:00:00Z", Some(window)),
            ("2026-11-30T15:29:59Z", Some(window)),
            ("2026-11-30T15:30:00Z", None),
        ] {
            assert_eq!(office.window(instant(now), LEAD), expected, "at {now}");
        }
    }

    #[test]
    fn a_window_that_begins_at_midnight_opens_shortly_before_it() {
        let always = calendar("0 * * * *", "America/New_York", &[]);
        let day = |now| always.window(instant(now), LEAD).unwrap().day;
        assert_eq!(day("2026-12-01T04:55:00Z"), jiff::civil::date(2026, 12, 1));
        assert_eq!(
            always.window(instant("2026-12-01T04:30:00Z"), LEAD),
            None,
            "the last slot of the day was at 23:00, and that of the next is half an hour away"
        );
    }

    #[test]
    fn a_day_without_a_round_has_no_window() {
        let quiet = calendar("0 9 * * *", "UTC", &["Sat,Sun", "12-25"]);
        for day in ["2026-11-28", "2026-11-29", "2026-12-25"] {
            for time in ["08:56:00", "09:00:00", "12:00:00"] {
                let now = instant(&format!("{day}T{time}Z"));
                assert_eq!(quiet.window(now, LEAD), None, "at {now}");
            }
        }
    }

    #[test]
    fn a_window_on_the_day_of_a_clock_change_has_the_slots_that_the_clock_shows() {
        let always = calendar("0 * * * *", "Europe/Paris", &[]);
        for (now, rounds) in [
            ("2026-10-25T10:00:00Z", 25),
            ("2026-03-29T10:00:00Z", 23),
            ("2026-03-30T10:00:00Z", 24),
        ] {
            let window = always.window(instant(now), LEAD).unwrap();
            assert_eq!(window.rounds, rounds, "at {now}");
        }
    }
}
