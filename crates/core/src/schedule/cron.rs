//! One crontab line with the meaning of crontab(5), evaluated by the `cron` crate on a wall clock without a zone.
//!
//! The crate's own syntax is not crontab's (it counts weekdays from 1, joins the day fields by AND and walks clock
//! changes out of order), so it never sees the line or the zone. The fields are parsed here, the crate gets plain
//! numbers, and it counts in UTC, which stands for any wall clock. The calendar handles zones.

mod advice;

use std::fmt;
use std::iter;
use std::str::FromStr;
use std::time::Duration;

use ::cron::Schedule;
use chrono::{DateTime, Utc};

use super::field::{CronField, CronFieldError};
use super::interval;

/// The nicknames for whole lines, as crontab(5) spells them.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The number of days of each month, of February in a leap year.
const MONTH_LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// How many slots [`CronSchedule::shortest_interval`] looks at, and after which second: the one before Monday 2024-01-01.
const SAMPLED_SLOTS: usize = 1500;
const SAMPLED_FROM: i64 = 1_704_067_199;

/// A crontab line, as crontab(5) has it: minute, hour, day of month, month and day of week, or one of the nicknames
/// `@yearly @annually @monthly @weekly @daily @midnight @hourly`.
///
/// Fields take numbers, three-letter English names in any case, ranges, steps after `*` or a range, and lists. When
/// both day fields are restricted, a day matches if it matches either (POSIX). A field is unrestricted only if it is
/// `*` or `*/1`, so `0 0 */2 * Mon` is every odd day and every Monday.
///
/// A line prints as it was written, with single spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronSchedule {
    text: String,
    /// One rule, or two; an instant matches if it matches either.
    rules: Vec<Schedule>,
    /// Whether any day of any year matches.
    can_fire: bool,
}

/// The reason why a line is not a crontab line, or not a useful one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// The line does not have five fields.
    #[error(
        "`{line}` has {}, but crontab needs five: minute, hour, day of month, month, day of week{advice}",
        field_count(*.found)
    )]
    Count {
        /// The line.
        line: String,
        /// How many fields it has.
        found: usize,
        /// What to write instead, if that is clear.
        advice: String,
    },
    /// The line has more spaces than crontab's, or quotes around it.
    #[error("`{line}` {fault}: write `{right}`")]
    Spelling {
        /// The line.
        line: String,
        /// What it has too much.
        fault: &'static str,
        /// The line as crontab writes it.
        right: String,
    },
    /// A nickname that crontab does not know in this spelling.
    #[error("`{word}` is not one of {}{}", nickname_list(), advice::on_nickname(.word))]
    Word {
        /// The nickname.
        word: String,
    },
    /// A time zone in front of the fields.
    #[error("`{assignment}` in front of the fields is not valid in crontab: set schedule.timezone instead")]
    Zone {
        /// The assignment, `TZ=…` or `CRON_TZ=…`.
        assignment: String,
    },
    /// The fields that cannot be read, each with the rule that it breaks.
    #[error("{}", joined(.0))]
    Fields(Vec<CronFieldError>),
    /// The line matches no day that exists: only the 30th of February, for example.
    #[error("`{line}` never fires: no month it names has such a day")]
    Never {
        /// The line.
        line: String,
    },
    /// The `cron` crate rejected the numbers, which would be a bug in macaque.
    #[error("`{line}` is a crontab line, but the cron engine rejected it: {why}")]
    Engine {
        /// The line.
        line: String,
        /// The crate's error message.
        why: String,
    },
}

impl CronSchedule {
    /// Checks that some day of some year matches.
    ///
    /// # Errors
    /// [`CronError::Never`] if none does, `0 0 30 2 *` for example.
    pub fn must_fire(&self) -> Result<(), CronError> {
        if self.can_fire {
            Ok(())
        } else {
            Err(CronError::Never {
                line: self.text.clone(),
            })
        }
    }

    /// The first step of the minutes or hours that does not divide the hour or the day, so that its last interval is
    /// shorter than the others; in words, with the nearest lines that are even. `None` if there is none.
    pub fn uneven_step(&self) -> Option<String> {
        let fields = self.text.split(' ').zip([(60, "m", "hour"), (24, "h", "day")]);
        let mut steps = fields.flat_map(|(field, unit)| field.split(',').map(move |item| (item, unit)));
        steps.find_map(|(item, (count, unit, around))| {
            let step: u64 = item.strip_prefix("*/")?.parse().ok()?;
            let seconds = step * if unit == "m" { 60 } else { 3600 };
            let advice = interval::advice(&format!("{step}{unit}"), Duration::from_secs(seconds));
            (count % step != 0).then(|| format!("{item} starts anew with each {around}: {advice}"))
        })
    }

    /// The shortest time between two neighbouring slots, on a wall clock without clock changes: looked for among the
    /// first 1500, which are a day at least, and years of a line that seldom fires.
    pub fn shortest_interval(&self) -> Duration {
        let mut slots = self.upcoming(SAMPLED_FROM).take(SAMPLED_SLOTS);
        let mut before = slots.next();
        let intervals = slots.map(|slot| {
            let interval = slot - before.replace(slot).unwrap_or(slot);
            Duration::from_secs(interval.unsigned_abs())
        });

        // A minute is the shortest that there is: no need to look on.
        let mut shortest = Duration::MAX;
        for interval in intervals {
            shortest = shortest.min(interval);
            if shortest <= Duration::from_secs(60) {
                break;
            }
        }
        shortest
    }

    /// Whether there are more than `most` slots in `length` of a wall clock without clock changes, from a Monday on.
    pub fn has_more_than(&self, most: usize, length: Duration) -> bool {
        let end = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        let end = SAMPLED_FROM.saturating_add(end);
        self.upcoming(SAMPLED_FROM)
            .nth(most)
            .is_some_and(|slot| slot < end)
    }

    /// The next matching second strictly after `after`, both in seconds of a wall clock without clock changes, counted
    /// as if it showed UTC. `None` after the year 2100, the last one that the `cron` crate knows.
    pub(super) fn next_after(&self, after: i64) -> Option<i64> {
        self.upcoming(after).next()
    }

    /// Every matching second strictly after `after`, strictly increasing, counted as by [`CronSchedule::next_after`].
    pub(super) fn upcoming(&self, after: i64) -> impl Iterator<Item = i64> {
        let after = DateTime::<Utc>::from_timestamp(after, 0);
        let rules = after.iter().flat_map(|after| {
            let rules = self.rules.iter();
            rules.map(|rule| rule.after(after).map(|next| next.timestamp()).peekable())
        });

        let mut rules: Vec<_> = rules.collect();
        iter::from_fn(move || {
            let next = rules.iter_mut().filter_map(|rule| rule.peek().copied()).min()?;
            for rule in &mut rules {
                rule.next_if_eq(&next);
            }
            Some(next)
        })
    }
}

impl FromStr for CronSchedule {
    type Err = CronError;

    fn from_str(line: &str) -> Result<Self, CronError> {
        let written: Vec<&str> = line.split_ascii_whitespace().collect();
        let text = written.join(" ");
        if let Some(mistake) = advice::on_quotes(&text) {
            return Err(mistake);
        }

        let texts = match written[..] {
            [first, ..] if first.starts_with('@') => expand_nickname(&text)?,
            [first, ..] if first.starts_with("TZ=") || first.starts_with("CRON_TZ=") => {
                let assignment = first.to_owned();
                return Err(CronError::Zone { assignment });
            }
            [minute, hour, day, month, weekday] => [minute, hour, day, month, weekday],
            _ => return Err(advice::on_count(&written)),
        };

        let numbers = parse_fields(texts)?;
        // `*/1` is `*`; a longer step restricts the field, as it does for Kubernetes' CronJob.
        let restricted = [texts[2], texts[4]].map(|text| !matches!(text, "*" | "*/1"));
        let rules = engine_rules(numbers, restricted).map_err(|why| CronError::Engine {
            line: text.clone(),
            why,
        })?;

        // Every month has each weekday, but not each day of the month.
        let can_fire = restricted[1] || some_month_has(numbers[3], numbers[2]);
        Ok(Self {
            text,
            rules,
            can_fire,
        })
    }
}

/// The five fields that a nickname stands for.
fn expand_nickname(word: &str) -> Result<[&'static str; 5], CronError> {
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
fn parse_fields(texts: [&str; 5]) -> Result<[u64; 5], CronError> {
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

/// The rules for the `cron` crate: two if both day fields are restricted, since crontab joins them by OR and the crate
/// by AND.
fn engine_rules(
    [minutes, hours, days, months, weekdays]: [u64; 5],
    restricted: [bool; 2],
) -> Result<Vec<Schedule>, String> {
    let all = |field: CronField| {
        let (low, high) = field.bounds();
        (low..=high).fold(0, |numbers, number| numbers | 1 << number)
    };
    let by_day = (days, all(CronField::DayOfWeek));
    let by_weekday = (all(CronField::DayOfMonth), weekdays);
    let day_fields = match restricted {
        [true, true] => vec![by_day, by_weekday],
        [true, false] | [false, false] => vec![by_day],
        [false, true] => vec![by_weekday],
    };

    let rule = |(days, weekdays): (u64, u64)| {
        // The crate has a field for seconds in front, and counts weekdays from Sunday as 1.
        let line = format!(
            "0 {} {} {} {} {}",
            number_list(minutes),
            number_list(hours),
            number_list(days),
            number_list(months),
            number_list(weekdays << 1),
        );
        Schedule::from_str(&line).map_err(|error| error.to_string())
    };
    day_fields.into_iter().map(rule).collect()
}

/// The numbers of a set, with commas between them.
fn number_list(set: u64) -> String {
    let numbers = (0..u64::BITS).filter(|number| set & 1 << number != 0);
    let numbers: Vec<_> = numbers.map(|number| number.to_string()).collect();
    numbers.join(",")
}

/// Whether the longest of `months` has the first of `days`.
fn some_month_has(months: u64, days: u64) -> bool {
    let lengths = (1..).zip(MONTH_LENGTHS);
    let lengths = lengths.filter(|(month, _)| months & 1 << month != 0);
    lengths.map(|(_, length)| length).max() >= Some(days.trailing_zeros())
}

fn field_count(found: usize) -> String {
    match found {
        0 => "no fields".to_owned(),
        1 => "one field".to_owned(),
        _ => format!("{found} fields"),
    }
}

fn nickname_list() -> String {
    NICKNAMES.map(|(word, _)| word).join(", ")
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
