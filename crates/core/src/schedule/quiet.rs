//! Quiet times, in which no round is due, on a wall clock without a zone. The calendar handles zones.

mod parse;
mod stretch;

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan};

pub use parse::QuietTimeError;

/// How many days [`QuietTimes::end`] looks ahead: more than a year, so that every yearly date is seen.
const LOOKAHEAD_DAYS: i32 = 400;

const MINUTES_A_DAY: u16 = 24 * 60;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The quiet times of a calendar; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuietTimes(Vec<QuietTime>);

/// One quiet time: days, or hours of days.
///
/// | written | quiet |
/// |---|---|
/// | `Sat,Sun` | every Saturday and Sunday |
/// | `Mon-Fri 00:00-09:00` | these hours, 09:00 excluded, on each of these days |
/// | `Fri 22:00-06:00` | from Friday 22:00 until Saturday 06:00 |
/// | `Fri 15:00-24:00`, `Fri 15:00-23:59` | from Friday 15:00 until midnight |
/// | `12:00-13:30` | these hours of every day |
/// | `12-25` | that date of every year |
/// | `12-24/12-26`, `12-20/01-03` | these dates of every year, both included; the latter over New Year |
/// | `2026-12-24` | that date |
/// | `2026-12-20/2027-01-03` | these dates, both included |
///
/// Weekdays are `Mon` to `Sun` in any case, in lists and ranges; a range may run past Sunday (`Sat-Mon`). Hours
/// may follow dates too. A quiet time prints in this form, and what it prints reads as the same quiet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietTime {
    days: QuietDays,
    /// `None` is the whole day.
    hours: Option<HourRange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QuietDays {
    Weekdays(WeekdaySet),
    /// Both included; over New Year when the first is later than the last.
    Yearly(MonthDay, MonthDay),
    /// Both included, the first not later than the last.
    Dated(Date, Date),
}

/// A set of weekdays; bit 0 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WeekdaySet(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct MonthDay {
    month: i8,
    day: i8,
}

/// A range of minutes since midnight, `to` excluded; into the next day when `to` is not later than `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HourRange {
    from: u16,
    to: u16,
}

impl QuietTimes {
    /// Parses the entries.
    ///
    /// # Errors
    /// What is wrong with each entry that cannot be read.
    pub fn parse<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, Vec<QuietTimeError>> {
        let mut times = Vec::new();
        let mut mistakes = Vec::new();
        for entry in entries {
            match entry.as_ref().parse() {
                Ok(time) => times.push(time),
                Err(mistake) => mistakes.push(mistake),
            }
        }

        if mistakes.is_empty() {
            Ok(Self(times))
        } else {
            Err(mistakes)
        }
    }

    /// The entries, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &QuietTime> {
        self.0.iter()
    }

    /// Whether there is no quiet time.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first entry that covers the time that the wall clock shows.
    pub fn covering(&self, local: DateTime) -> Option<&QuietTime> {
        self.0.iter().find(|time| time.covers(local))
    }

    /// The end of the quiet stretch around `local`, on a wall clock without clock changes; for a stretch of more than a
    /// year, some time within it. `None` if `local` is not quiet.
    pub(super) fn end(&self, local: DateTime) -> Option<DateTime> {
        let far = local.saturating_add(Span::new().days(LOOKAHEAD_DAYS));
        let latest_end = |from: DateTime| self.0.iter().filter_map(|time| time.end(from)).max();

        let mut end = latest_end(local)?;
        while end < far
            && let Some(next) = latest_end(end)
        {
            end = next;
        }

        Some(end)
    }
}

impl FromIterator<QuietTime> for QuietTimes {
    fn from_iter<I: IntoIterator<Item = QuietTime>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl QuietTime {
    /// Whether this quiet time covers the moment when the wall clock shows `local`.
    pub fn covers(&self, local: DateTime) -> bool {
        self.end(local).is_some()
    }

    /// The end of this quiet time's stretch around `local`, or the midnight before it; `None` if `local` is not quiet.
    fn end(&self, local: DateTime) -> Option<DateTime> {
        let today = local.date();
        let minute = 60 * local.hour().unsigned_abs() as u16 + local.minute().unsigned_abs() as u16;
        let is_today = self.days.contain(today);

        match self.hours {
            None => is_today.then(|| at(today, MINUTES_A_DAY)),
            Some(HourRange { from, to }) if from < to => {
                (is_today && (from..to).contains(&minute)).then(|| at(today, to))
            }
            Some(HourRange { from, .. }) if is_today && minute >= from => Some(at(today, MINUTES_A_DAY)),
            Some(HourRange { to, .. }) => {
                let is_yesterday = today
                    .yesterday()
                    .is_ok_and(|yesterday| self.days.contain(yesterday));
                (is_yesterday && minute < to).then(|| at(today, to))
            }
        }
    }
}

fn at(date: Date, minute: u16) -> DateTime {
    date.to_datetime(jiff::civil::Time::midnight())
        .saturating_add(i64::from(minute).minutes())
}

impl QuietDays {
    fn contain(&self, date: Date) -> bool {
        match *self {
            Self::Weekdays(WeekdaySet(set)) => set & 1 << date.weekday().to_monday_zero_offset() != 0,
            Self::Yearly(first, last) => {
                let date = MonthDay::of(date);
                if first <= last {
                    first <= date && date <= last
                } else {
                    first <= date || date <= last
                }
            }
            Self::Dated(first, last) => first <= date && date <= last,
        }
    }
}

impl MonthDay {
    fn of(date: Date) -> Self {
        Self {
            month: date.month(),
            day: date.day(),
        }
    }
}

impl WeekdaySet {
    const ALL: Self = Self(0b111_1111);
}

/// The entries, separated by semicolons.
impl fmt::Display for QuietTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, time) in self.0.iter().enumerate() {
            write!(f, "{}{time}", if nth == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for QuietTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.days, self.hours) {
            (QuietDays::Weekdays(WeekdaySet::ALL), Some(hours)) => write!(f, "{hours}"),
            (days, Some(hours)) => write!(f, "{days} {hours}"),
            (days, None) => write!(f, "{days}"),
        }
    }
}

impl fmt::Display for QuietDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekdays(set) => write!(f, "{set}"),
            Self::Yearly(first, last) if first == last => write!(f, "{first}"),
            Self::Yearly(first, last) => write!(f, "{first}/{last}"),
            Self::Dated(first, last) if first == last => write!(f, "{first}"),
            Self::Dated(first, last) => write!(f, "{first}/{last}"),
        }
    }
}

/// The weekdays, with three and more in a row as a range: `Mon-Wed,Sat,Sun`.
impl fmt::Display for WeekdaySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contains = |day: usize| day < 7 && self.0 & 1 << day != 0;

        let mut comma = "";
        let mut day = 0;
        while day < 7 {
            let run = (day..).take_while(|&day| contains(day)).count();
            match run {
                0 => day += 1,
                1 | 2 => {
                    write!(f, "{comma}{}", WEEKDAYS[day])?;
                    day += 1;
                }
                _ => {
                    write!(f, "{comma}{}-{}", WEEKDAYS[day], WEEKDAYS[day + run - 1])?;
                    day += run;
                }
            }
            comma = if run == 0 { comma } else { "," };
        }
        Ok(())
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl fmt::Display for HourRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;

        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

#[cfg(test)]
mod tests;
