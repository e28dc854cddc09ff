//! Parses one field of a crontab line into the set of its numbers.

use std::fmt;
use std::time::Duration;

use super::interval;
use super::spelling::{MONTHS, WEEKDAYS, respelled, short_name};

/// The five fields of a crontab line, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "crontab(5)'s own five words")]
pub enum CronField {
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

/// A mistake in one field: `minute: 61 is out of range 0-59`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {text} {rule}")]
pub struct CronFieldError {
    /// The field.
    pub field: CronField,
    /// The wrong item of the field's list, or the whole field.
    pub text: String,
    /// The rule that it breaks.
    pub rule: FieldRule,
}

/// The rule of crontab(5) that an item breaks, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldRule {
    /// A number outside the field's range.
    #[error("is out of range {0}-{1}")]
    Range(u32, u32),
    /// A range whose end comes before its start.
    #[error("runs backwards: write {0}")]
    Backwards(String),
    /// Nothing between two commas, or at the start or end of the list.
    #[error("has an empty item: write numbers with commas between them, without spaces")]
    Empty,
    /// A step of 0, or one that is not a number.
    #[error("has no valid step: write a number of 1 or more after the slash")]
    Step,
    /// A step beyond the range, after which only the first number is left.
    #[error("has a step longer than its range, so that it means {only} alone: write {only}{advice}")]
    LongStep {
        /// The first number.
        only: String,
        /// The line for the interval that was probably meant, if any.
        advice: String,
    },
    /// A step after a single number.
    #[error("has a step after a single number: write {0}")]
    Single(String),
    /// A month or weekday spelled out.
    #[error("is spelled out: write {0}")]
    LongName(&'static str),
    /// Another spelling of a range or a list.
    #[error("is not how crontab writes it: write {0}")]
    Spelling(String),
    /// A character that another scheduler knows and crontab does not.
    #[error("is not valid in crontab: `{0}` is {1} syntax; {2}")]
    Foreign(&'static str, &'static str, &'static str),
    /// Any other text.
    #[error("is not {0}")]
    Unreadable(&'static str),
}

impl CronField {
    /// Every field, in the order of the line.
    pub const ALL: [Self; 5] = [
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
    ];

    /// The lowest and the highest number that `*` stands for.
    pub(super) fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 6),
        }
    }

    /// The highest number that may be written: Sunday is 0 and 7.
    fn highest(self) -> u32 {
        match self {
            Self::DayOfWeek => 7,
            Self::Minute | Self::Hour | Self::DayOfMonth | Self::Month => self.bounds().1,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Minute => "a number from 0 to 59",
            Self::Hour => "a number from 0 to 23",
            Self::DayOfMonth => "a number from 1 to 31",
            Self::Month => "a number from 1 to 12 or one of Jan, Feb, … Dec",
            Self::DayOfWeek => "a number from 0 to 7 (0 and 7 are Sunday) or one of Sun, Mon, … Sat",
        }
    }

    /// Parses a list of numbers, names, ranges and steps; bit `n` of the result stands for the number `n`.
    pub(super) fn parse(self, text: &str) -> Result<u64, CronFieldError> {
        self.parse_list(text).map_err(|mistake| {
            let right = respelled(text, "-");
            let is_right = right != text && self.parse_list(&right).is_ok();
            match &mistake.rule {
                FieldRule::LongName(short) if *short == right => mistake,
                _ if is_right => self.fails(text, FieldRule::Spelling(right)),
                _ => mistake,
            }
        })
    }

    fn parse_list(self, text: &str) -> Result<u64, CronFieldError> {
        let mut numbers = 0;
        for item in text.split(',') {
            if item.is_empty() {
                return Err(self.fails(text, FieldRule::Empty));
            }
            numbers |= self.parse_item(item).map_err(|rule| self.fails(item, rule))?;
        }

        if self == Self::DayOfWeek && numbers & 1 << 7 != 0 {
            numbers = numbers & !(1 << 7) | 1;
        }
        Ok(numbers)
    }

    fn fails(self, text: &str, rule: FieldRule) -> CronFieldError {
        CronFieldError {
            field: self,
            text: text.to_owned(),
            rule,
        }
    }

    /// Parses one item of the list: a number, a range, or a range with a step.
    fn parse_item(self, item: &str) -> Result<u64, FieldRule> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };

        let (low, high) = match range.split_once('-') {
            _ if range == "*" => self.bounds(),
            Some((low, high)) => (self.parse_number(low)?, self.parse_number(high)?),
            None => {
                let number = self.parse_number(range)?;
                match step {
                    None => (number, number),
                    Some(step) => return Err(self.single(range, number, step)),
                }
            }
        };
        let step = step.map_or(Some(1), parse_step).ok_or(FieldRule::Step)?;

        if low > high {
            return Err(FieldRule::Backwards(self.split_range(low, high, step)));
        }
        if step > length(low, high) {
            return Err(self.long_step(range, low, step));
        }

        Ok((low..=high)
            .step_by(step)
            .fold(0, |numbers, number| numbers | 1 << number))
    }

    /// The rule that a step after the single number `text` breaks: what it probably means, if the step is within the
    /// range.
    fn single(self, text: &str, number: u32, step: &str) -> FieldRule {
        let highest = self.bounds().1;
        match parse_step(step) {
            None => FieldRule::Step,
            Some(step) if number <= highest && step <= length(number, highest) => {
                FieldRule::Single(format!("{text}-{highest}/{step}"))
            }
            Some(_) => FieldRule::Single(text.to_owned()),
        }
    }

    fn long_step(self, range: &str, low: u32, step: usize) -> FieldRule {
        let minutes = match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::DayOfMonth | Self::Month | Self::DayOfWeek => 0,
        };
        let unit = if self == Self::Minute { "m" } else { "h" };
        let seconds = u64::try_from(step)
            .unwrap_or(u64::MAX)
            .saturating_mul(60 * minutes);

        let is_interval = range == "*" && minutes > 0;
        let advice = is_interval.then(|| {
            let advice = interval::advice(&format!("{step}{unit}"), Duration::from_secs(seconds));
            format!("; {advice}")
        });
        FieldRule::LongStep {
            only: low.to_string(),
            advice: advice.unwrap_or_default(),
        }
    }

    fn parse_number(self, text: &str) -> Result<u32, FieldRule> {
        let out_of_range = || FieldRule::Range(self.bounds().0, self.highest());

        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().map_err(|_| out_of_range())?;
            let allowed = self.bounds().0..=self.highest();
            return if allowed.contains(&number) {
                Ok(number)
            } else {
                Err(out_of_range())
            };
        }

        let mut names = (self.bounds().0..).zip(self.names());
        match names.find(|(_, name)| name[..3].eq_ignore_ascii_case(text)) {
            Some((number, _)) => Ok(number),
            None => Err(self.unreadable(text)),
        }
    }

    /// The rule that a text breaks which is neither a number nor a short name.
    fn unreadable(self, text: &str) -> FieldRule {
        if let Some(short) = short_name(text)
            && self.names().iter().any(|name| name.starts_with(short))
        {
            return FieldRule::LongName(short);
        }

        let is_weekday = self == Self::DayOfWeek;
        match text.trim_matches(|c: char| c.is_ascii_digit()) {
            "?" => FieldRule::Foreign("?", "Quartz", "write *"),
            "#" => FieldRule::Foreign(
                "#",
                "Quartz",
                "a crontab line cannot count the weekdays of a month, only name a weekday of every week",
            ),
            "L" if is_weekday => FieldRule::Foreign(
                "L",
                "Quartz",
                "a crontab line cannot name the last weekday of a month, only a weekday of every week",
            ),
            "L" | "LW" => FieldRule::Foreign(
                "L",
                "Quartz",
                "a crontab line cannot name the last day; write 28, the last that every month has",
            ),
            "W" => FieldRule::Foreign(
                "W",
                "Quartz",
                "a crontab line cannot name the nearest working day; write a day, and make weekends quiet times",
            ),
            "H" => FieldRule::Foreign("H", "Jenkins", "write a number"),
            _ => FieldRule::Unreadable(self.expected()),
        }
    }

    /// The correct list for a range that runs backwards: `22-23,0-6` for the hours `22-6`, `22,0,2,4,6` with a step.
    fn split_range(self, low: u32, high: u32, step: usize) -> String {
        let (lowest, highest) = self.bounds();
        if step > 1 {
            let count = highest - lowest + 1;
            let numbers = (low..=high + count).step_by(step);
            let numbers = numbers.map(|number| lowest + (number - lowest) % count);
            return numbers
                .map(|number| number.to_string())
                .collect::<Vec<_>>()
                .join(",");
        }

        let range = |from: u32, to: u32| {
            if from == to {
                from.to_string()
            } else {
                format!("{from}-{to}")
            }
        };
        if self == Self::DayOfWeek && high == 0 {
            range(low, 7)
        } else {
            format!("{},{}", range(low, highest.max(low)), range(lowest, high))
        }
    }
}

/// How many numbers a range has.
fn length(low: u32, high: u32) -> usize {
    (high - low + 1) as usize
}

/// Parses a step of 1 or more.
fn parse_step(step: &str) -> Option<usize> {
    let is_digits = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let step = if is_digits {
        step.parse().unwrap_or(usize::MAX)
    } else {
        0
    };
    (step > 0).then_some(step)
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

#[cfg(test)]
mod tests;
