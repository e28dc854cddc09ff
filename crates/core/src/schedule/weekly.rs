//! A time of each week, on a wall clock: a weekday and a time of day.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Time, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The weekdays as they are written.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// A weekday and a time of day, written `Mon 09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyTime {
    weekday: Weekday,
    time: Time,
}

/// The reason why a text is not a weekday and a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WeeklyTimeError(String);

impl WeeklyTime {
    /// The last instant at or before `now` at which it is that time of the week in `zone`. A time that a clock change skips
    /// is an hour later on that day, and of one that it repeats the first counts.
    pub fn last(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let days = (0..=7).filter_map(|back| today.checked_sub(Span::new().days(back)).ok());
        let of_weekday = days.filter(|day| day.weekday() == self.weekday);
        let mut instants =
            of_weekday.filter_map(|day| day.to_datetime(self.time).to_zoned(zone.clone()).ok());
        instants
            .find(|instant| instant.timestamp() <= now)
            .map(|instant| instant.timestamp())
    }
}

/// Monday at nine, when people plan their week.
impl Default for WeeklyTime {
    fn default() -> Self {
        Self {
            weekday: Weekday::Monday,
            time: time(9, 0, 0, 0),
        }
    }
}

impl FromStr for WeeklyTime {
    type Err = WeeklyTimeError;

    fn from_str(text: &str) -> Result<Self, WeeklyTimeError> {
        let mut words = text.split_ascii_whitespace();
        let (Some(day), Some(time), None) = (words.next(), words.next(), words.next()) else {
            return Err(WeeklyTimeError(format!(
                "`{text}` is not a weekday and a time of day"
            )));
        };

        let mut weekdays = WEEKDAYS.iter();
        let weekday = weekdays.find(|(name, _)| name.eq_ignore_ascii_case(day));
        let (_, weekday) = weekday.ok_or_else(|| {
            WeeklyTimeError(format!(
                "`{day}` is not a weekday: write Mon, Tue, Wed, Thu, Fri, Sat or Sun"
            ))
        })?;
        let time = read_time(time).ok_or_else(|| {
            WeeklyTimeError(format!(
                "`{time}` is not a time of day: write HH:MM with two digits each, 00:00 to 23:59"
            ))
        })?;
        Ok(Self {
            weekday: *weekday,
            time,
        })
    }
}

fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl fmt::Display for WeeklyTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut weekdays = WEEKDAYS.iter();
        let name = weekdays.find(|(_, weekday)| *weekday == self.weekday);
        let name = name.map_or("", |(name, _)| name);
        write!(f, "{name} {:02}:{:02}", self.time.hour(), self.time.minute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::parse_timezone;

    #[test]
    fn a_weekly_time_is_read_in_any_case_and_printed_as_it_is_written() {
        for (text, printed) in [
            ("Mon 09:00", "Mon 09:00"),
            ("  sun   23:59 ", "Sun 23:59"),
            ("THU 00:00", "Thu 00:00"),
        ] {
            assert_eq!(text.parse::<WeeklyTime>().unwrap().to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_weekly_time_is_refused_with_what_to_write() {
        for (text, why) in [
            ("", "`` is not a weekday and a time of day"),
            ("Mon", "`Mon` is not a weekday and a time of day"),
            (
                "Mon 09:00 UTC",
                "`Mon 09:00 UTC` is not a weekday and a time of day",
            ),
            (
                "Monday 09:00",
                "`Monday` is not a weekday: write Mon, Tue, Wed, Thu, Fri, Sat or Sun",
            ),
            (
                "Mon 9:00",
                "`9:00` is not a time of day: write HH:MM with two digits each, 00:00 to 23:59",
            ),
            (
                "Mon 24:00",
                "`24:00` is not a time of day: write HH:MM with two digits each, 00:00 to 23:59",
            ),
            (
                "Mon +9:00",
                "`+9:00` is not a time of day: write HH:MM with two digits each, 00:00 to 23:59",
            ),
        ] {
            assert_eq!(text.parse::<WeeklyTime>().unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn the_last_time_is_at_or_before_now_on_the_clock_of_the_zone() {
        let paris = parse_timezone("Europe/Paris").unwrap();
        for (time, now, last) in [
            // A Monday; 09:00 in Paris is 08:00 UTC in winter.
            ("Mon 09:00", "2026-11-30T08:00:00Z", "2026-11-30T08:00:00Z"),
            ("Mon 09:00", "2026-11-30T07:59:59Z", "2026-11-23T08:00:00Z"),
            ("Mon 00:30", "2026-11-29T23:45:00Z", "2026-11-29T23:30:00Z"),
            ("Tue 09:00", "2026-11-30T08:00:00Z", "2026-11-24T08:00:00Z"),
            // Summer ends on Sunday 2026-10-25: 02:30 comes twice, and the first counts.
            ("Sun 02:30", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("Sun 02:30", "2026-10-25T01:00:00Z", "2026-10-25T00:30:00Z"),
            // Summer begins on Sunday 2026-03-29: there is no 02:30.
            ("Sun 02:30", "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z"),
        ] {
            let time: WeeklyTime = time.parse().unwrap();
            let found = time.last(now.parse().unwrap(), &paris);
            assert_eq!(found, Some(last.parse().unwrap()), "{time} at {now}");
        }
    }
}
