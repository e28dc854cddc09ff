//! One crontab line, with the meaning of crontab(5), on top of the `cron` crate as a naive clock.
//!
//! The crate is not crontab (it counts weekdays from 1, joins the day fields by AND and walks clock changes out
//! of order), so it never sees a line or a zone: fields are read here, the crate gets plain numbers, and it counts in
//! UTC that stands for any wall clock. Zones are left to the calendar.

use std::fmt;
use std::str::FromStr;

use ::cron::Schedule;
use chrono::{DateTime, Utc};

use super::field::{CronField, CronFieldError};

/// The nicknames of whole lines, as crontab(5) spells them.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The most days that a month of each number has, February in a leap year.
const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A crontab line, as crontab(5) has it: minute, hour, day of month, month and day of week, or one of the nicknames
/// `@yearly @annually @monthly @weekly @daily @midnight @hourly`.
///
/// Numbers, three-letter English names in any case, ranges, steps behind `*` or a range, and lists. When both
/// day fields are restricted, a day matches that matches either (POSIX); a field is unrestricted only when it
/// is `*` or `*/1`, so `0 0 */2 * Mon` is every odd day and every Monday.
///
/// A line prints as it was written, with single spaces; equal lines print the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronSchedule {
    text: String,
    /// One rule, or two of which either may match.
    rules: Vec<Schedule>,
    /// Whether any day of any year matches.
    ever: bool,
}

/// The reason why a line is no crontab line, or no useful one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// The line has not five fields.
    #[error(
        "`{line}` has {}, but crontab needs five: minute, hour, day of month, month, day of week{}",
        fields(*.found), extra(*.found)
    )]
    Count {
        /// The line.
        line: String,
        /// How many fields it has.
        found: usize,
    },
    /// A nickname that crontab does not know, or not in this spelling.
    #[error("`{word}` is not one of {}{}", nicknames(), hint(.word))]
    Word {
        /// The nickname.
        word: String,
    },
    /// A time zone in front of the fields.
    #[error("`{assignment}` in front of the fields is not crontab: the time zone has its own setting")]
    Zone {
        /// What stands in front.
        assignment: String,
    },
    /// The fields that cannot be read, each with its rule.
    #[error("{}", joined(.0))]
    Fields(Vec<CronFieldError>),
    /// The line names no day that ever comes, the 30th of February for example.
    #[error("`{line}` never fires: no month it names has such a day")]
    Never {
        /// The line.
        line: String,
    },
    /// The engine rejected the numbers; that would be a defect of macaque.
    #[error("`{line}` is a crontab line, but the cron engine rejected it: {why}")]
    Engine {
        /// The line.
        line: String,
        /// The engine's words.
        why: String,
    },
}

impl CronSchedule {
    /// Checks that some day of some year matches.
    ///
    /// # Errors
    /// [`CronError::Never`] if none does, `0 0 30 2 *` for example.
    pub fn must_fire(&self) -> Result<(), CronError> {
        if self.ever {
            Ok(())
        } else {
            Err(CronError::Never {
                line: self.text.clone(),
            })
        }
    }

    /// The next matching second strictly after `after`, both in seconds of a wall clock that never changes,
    /// counted as if it showed UTC. `None` after the year 2100, where the engine ends.
    pub(super) fn next_after(&self, after: i64) -> Option<i64> {
        let after = DateTime::<Utc>::from_timestamp(after, 0)?;
        self.rules
            .iter()
            .filter_map(|rule| rule.after(&after).next())
            .map(|next| next.timestamp())
            .min()
    }
}

impl FromStr for CronSchedule {
    type Err = CronError;

    fn from_str(line: &str) -> Result<Self, CronError> {
        let written: Vec<&str> = line.split_ascii_whitespace().collect();
        let text = written.join(" ");

        let texts = match written[..] {
            [first, ..] if first.starts_with('@') => expand(&text)?,
            [first, ..] if first.starts_with("TZ=") || first.starts_with("CRON_TZ=") => {
                let assignment = first.to_owned();
                return Err(CronError::Zone { assignment });
            }
            [minute, hour, day, month, weekday] => [minute, hour, day, month, weekday],
            _ => {
                let found = written.len();
                return Err(CronError::Count { line: text, found });
            }
        };

        let numbers = read(texts)?;
        // A star with a step of one is a star; a longer step restricts, as it does for Kubernetes' CronJob.
        let restricted = [texts[2], texts[4]].map(|text| !matches!(text, "*" | "*/1"));
        let rules = engine(numbers, restricted).map_err(|why| CronError::Engine {
            line: text.clone(),
            why,
        })?;

        let ever = restricted[1] || some_month_has(numbers[3], numbers[2]);
        Ok(Self { text, rules, ever })
    }
}

/// The five fields that a nickname stands for.
fn expand(word: &str) -> Result<[&'static str; 5], CronError> {
    let line = NICKNAMES
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, line)| line);

    let fields = line.map(|line| line.split(' ').collect::<Vec<_>>());
    match fields.as_deref() {
        Some([minute, hour, day, month, weekday]) => Ok([minute, hour, day, month, weekday]),
        _ => Err(CronError::Word {
            word: word.to_owned(),
        }),
    }
}

/// The numbers of each field, or what is wrong with every field that cannot be read.
fn read(texts: [&str; 5]) -> Result<[u64; 5], CronError> {
    let mut numbers = [0; 5];
    let mut mistakes = Vec::new();
    for ((field, text), set) in CronField::ALL.into_iter().zip(texts).zip(&mut numbers) {
        match field.parse(text) {
            Ok(parsed) => *set = parsed,
            Err(mistake) => mistakes.push(mistake),
        }
    }

    if mistakes.is_empty() {
        Ok(numbers)
    } else {
        Err(CronError::Fields(mistakes))
    }
}

/// One rule of the engine, or two when both day fields are restricted: it joins them by AND, crontab by OR.
fn engine(
    [minutes, hours, days, months, weekdays]: [u64; 5],
    restricted: [bool; 2],
) -> Result<Vec<Schedule>, String> {
    let all = |field: CronField| {
        let (low, high) = field.bounds();
        (low..=high).fold(0, |numbers, number| numbers | 1 << number)
    };
    let by_day = (days, all(CronField::DayOfWeek));
    let by_weekday = (all(CronField::DayOfMonth), weekdays);
    let choices = match restricted {
        [true, true] => vec![by_day, by_weekday],
        [true, false] | [false, false] => vec![by_day],
        [false, true] => vec![by_weekday],
    };

    let rule = |(days, weekdays): (u64, u64)| {
        let list = |numbers: u64| {
            let numbers = (0..u64::BITS).filter(|number| numbers & 1 << number != 0);
            numbers
                .map(|number| number.to_string())
                .collect::<Vec<_>>()
                .join(",")
        };

        // The engine has seconds in front, and counts weekdays from Sunday as 1.
        let line = format!(
            "0 {} {} {} {} {}",
            list(minutes),
            list(hours),
            list(days),
            list(months),
            list(weekdays << 1),
        );
        Schedule::from_str(&line).map_err(|error| error.to_string())
    };
    choices.into_iter().map(rule).collect()
}

fn some_month_has(months: u64, days: u64) -> bool {
    let longest = (1..).zip(LONGEST).filter(|(month, _)| months & 1 << month != 0);
    longest.map(|(_, length)| length).max() >= Some(days.trailing_zeros())
}

fn fields(found: usize) -> String {
    match found {
        0 => "no fields".to_owned(),
        1 => "one field".to_owned(),
        _ => format!("{found} fields"),
    }
}

fn extra(found: usize) -> &'static str {
    if found == 6 || found == 7 {
        "; there is no field for seconds or years"
    } else {
        ""
    }
}

fn nicknames() -> String {
    NICKNAMES.map(|(word, _)| word).join(", ")
}

fn hint(word: &str) -> &'static str {
    if word.starts_with("@every") {
        "; for every five minutes write */5 * * * *"
    } else if NICKNAMES
        .iter()
        .any(|(known, _)| known.eq_ignore_ascii_case(word))
    {
        ", all in lower case"
    } else {
        ""
    }
}

fn joined(mistakes: &[CronFieldError]) -> String {
    mistakes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

impl fmt::Display for CronSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
