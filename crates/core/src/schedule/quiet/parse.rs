//! Parses one quiet time, or says what is wrong and what to write instead.

use std::str::FromStr;

use jiff::civil::Date;

use super::{HourRange, MINUTES_A_DAY, MonthDay, QuietDays, QuietTime, WEEKDAYS, WeekdaySet};
use crate::schedule::spelling::respelled;

/// The reason why an entry is not a quiet time, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("quiet time `{entry}`: {why}")]
pub struct QuietTimeError {
    entry: String,
    why: String,
    is_spelling: bool,
}

impl QuietTimeError {
    /// Whether the entry is a quiet time in another spelling, and the message holds the right one.
    pub fn is_spelling(&self) -> bool {
        self.is_spelling
    }
}

/// The end of a day as people write it who count the last minute in.
const LAST_MINUTE: [&str; 2] = ["23:59", "23:59:59"];

/// One end of a range of dates, as written.
enum ParsedDay {
    OfAnyYear(MonthDay),
    OfOneYear(Date),
}

impl FromStr for QuietTime {
    type Err = QuietTimeError;

    fn from_str(entry: &str) -> Result<Self, QuietTimeError> {
        read(entry).map_err(|why| {
            let right = right_spelling(entry);
            QuietTimeError {
                entry: entry.to_owned(),
                is_spelling: right.is_some(),
                why: right.map_or(why, |right| format!("it is written otherwise: write `{right}`")),
            }
        })
    }
}

fn read(entry: &str) -> Result<QuietTime, String> {
    let parts: Vec<&str> = entry.split_ascii_whitespace().collect();
    read_parts(&parts)
}

/// The right spelling of an entry, if it has another dash, dots, spaces within a range or a list, or long names. A
/// range of dates has a slash.
fn right_spelling(entry: &str) -> Option<String> {
    let dates = entry.replace(" - ", " / ");
    let spelled = [respelled(entry, "-"), respelled(&dates, "/")];
    spelled.into_iter().find(|spelled| read(spelled).is_ok())
}

fn read_parts(parts: &[&str]) -> Result<QuietTime, String> {
    match *parts {
        [] => Err(
            "it is empty: write days, hours or both, such as `Sat,Sun`, `12:00-13:30`, `12-25`".to_owned(),
        ),
        [hours] if hours.contains(':') => Ok(QuietTime {
            days: QuietDays::Weekdays(WeekdaySet::ALL),
            hours: read_hours(hours, "write Mon-Sun alone")?,
        }),
        [days] => Ok(QuietTime {
            days: read_days(days)?,
            hours: None,
        }),
        [days, hours] => Ok(QuietTime {
            days: read_days(days)?,
            hours: read_hours(hours, "leave the hours out")?,
        }),
        _ => Err(
            "it has more than days and hours: write each without spaces, such as `Sat,Sun 09:00-17:00`"
                .to_owned(),
        ),
    }
}

fn read_days(text: &str) -> Result<QuietDays, String> {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        read_dates(text)
    } else {
        let mut set = 0;
        for item in text.split(',') {
            set |= read_weekdays(item)?;
        }
        Ok(QuietDays::Weekdays(WeekdaySet(set)))
    }
}

/// Reads one weekday or a range of weekdays, which may run past Sunday.
fn read_weekdays(item: &str) -> Result<u8, String> {
    let (first, last) = item.split_once('-').unwrap_or((item, item));
    let first = read_weekday(first)?;
    let last = read_weekday(last)?;

    let days = 1 + (last + 7 - first) % 7;
    Ok((first..).take(days).fold(0, |set, day| set | 1 << (day % 7)))
}

fn read_weekday(text: &str) -> Result<usize, String> {
    let position = |text: &str| WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(text));

    position(text).ok_or_else(|| {
        format!(
            "`{text}` is not a weekday: write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or dates such as 12-25"
        )
    })
}

fn read_dates(text: &str) -> Result<QuietDays, String> {
    if text.contains(',') {
        return Err(format!(
            "`{text}` lists several dates: write each as its own entry"
        ));
    }

    let (first, last) = text.split_once('/').unwrap_or((text, text));
    match (read_day(first)?, read_day(last)?) {
        (ParsedDay::OfAnyYear(first), ParsedDay::OfAnyYear(last)) => Ok(QuietDays::Yearly(first, last)),
        (ParsedDay::OfOneYear(first), ParsedDay::OfOneYear(last)) if first <= last => {
            Ok(QuietDays::Dated(first, last))
        }
        (ParsedDay::OfOneYear(first), ParsedDay::OfOneYear(last)) => {
            Err(format!("it ends before it starts: write `{last}/{first}`"))
        }
        (ParsedDay::OfAnyYear(_), ParsedDay::OfOneYear(_))
        | (ParsedDay::OfOneYear(_), ParsedDay::OfAnyYear(_)) => {
            Err("only one of its dates has a year: write the year in both, or in neither".to_owned())
        }
    }
}

fn read_day(text: &str) -> Result<ParsedDay, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let numbers: Option<Vec<i16>> = match parts[..] {
        [month, day] => [(month, 2), (day, 2)].into_iter().map(digits).collect(),
        [year, month, day] => [(year, 4), (month, 2), (day, 2)]
            .into_iter()
            .map(digits)
            .collect(),
        _ => None,
    };

    let no_such_date =
        || format!("`{text}` is not a valid date: write MM-DD or YYYY-MM-DD, month before day");

    match numbers.as_deref() {
        Some(&[month, day]) => {
            // A leap year has every date that any year has.
            let date = date(2000, month, day).ok_or_else(no_such_date)?;
            Ok(ParsedDay::OfAnyYear(MonthDay::of(date)))
        }
        Some(&[year, month, day]) => date(year, month, day)
            .map(ParsedDay::OfOneYear)
            .ok_or_else(no_such_date),
        _ => Err(format!(
            "`{text}` is not a date: write MM-DD or YYYY-MM-DD with all digits, a range with a slash \
             (12-24/12-26), weekdays by name (Mon-Fri)"
        )),
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// Reads a number of exactly `width` digits.
fn digits((text, width): (&str, usize)) -> Option<i16> {
    let is_number = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Reads a range of hours; `None` is the whole day, which is written as `whole_day` says. An end at 23:59 is the end of
/// the day: nobody means to leave its last minute open.
fn read_hours(text: &str, whole_day: &str) -> Result<Option<HourRange>, String> {
    let Some((from, to)) = text.split_once('-') else {
        return Err(format!(
            "`{text}` is not a range of hours: write both ends, such as 15:00-24:00"
        ));
    };
    let to = if LAST_MINUTE.contains(&to) { "24:00" } else { to };
    let from = read_clock(from)?;
    let to = read_clock(to)?;

    if from == MINUTES_A_DAY {
        return Err(format!(
            "`{text}` starts at 24:00, which only ends a day: write 00:00"
        ));
    }
    if from == to {
        return Err(format!(
            "`{text}` starts and ends at the same time: for the whole day {whole_day}"
        ));
    }

    let to = if to == 0 { MINUTES_A_DAY } else { to };
    Ok((from > 0 || to < MINUTES_A_DAY).then_some(HourRange { from, to }))
}

/// Reads a time of day, as minutes since midnight.
fn read_clock(text: &str) -> Result<u16, String> {
    let number = |text| digits((text, 2)).and_then(|number| u16::try_from(number).ok());
    let parts = text
        .split_once(':')
        .map(|(hour, minute)| (number(hour), number(minute)));

    match parts {
        Some((Some(hour @ 0..24), Some(minute @ 0..60))) => Ok(60 * hour + minute),
        Some((Some(24), Some(0))) => Ok(MINUTES_A_DAY),
        _ => Err(format!(
            "`{text}` is not a time of day: write HH:MM with two digits each, 00:00 to 24:00"
        )),
    }
}
