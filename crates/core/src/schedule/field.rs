//! Parses one field of a crontab line into the set of its numbers.

use std::fmt;

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
    /// A step after a single number.
    #[error("has a step after a single number: write {0}")]
    Single(String),
    /// A month or weekday spelled out.
    #[error("is spelled out: write {0}")]
    LongName(&'static str),
    /// A character that Quartz knows and crontab does not.
    #[error("is not valid in crontab: `{0}` is Quartz syntax; {1}")]
    Foreign(&'static str, &'static str),
    /// Any other text.
    #[error("is not {0}")]
    Unreadable(&'static str),
}

/// The full names of the months, to recognize one that is spelled out; crontab uses the first three letters.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

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
        let fail = |text: &str, rule| CronFieldError {
            field: self,
            text: text.to_owned(),
            rule,
        };

        let mut numbers = 0;
        for item in text.split(',') {
            if item.is_empty() {
                return Err(fail(text, FieldRule::Empty));
            }
            numbers |= self.parse_item(item).map_err(|rule| fail(item, rule))?;
        }

        if self == Self::DayOfWeek && numbers & 1 << 7 != 0 {
            numbers = numbers & !(1 << 7) | 1;
        }
        Ok(numbers)
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
                if let Some(step) = step {
                    return Err(FieldRule::Single(format!("{range}-{}/{step}", self.bounds().1)));
                }
                (number, number)
            }
        };

        if low > high {
            return Err(FieldRule::Backwards(self.split_range(low, high)));
        }

        let step = step.map_or(Some(1), parse_step).ok_or(FieldRule::Step)?;
        Ok((low..=high)
            .step_by(step)
            .fold(0, |numbers, number| numbers | 1 << number))
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
        let starts_with_text = |name: &&&str| {
            name.get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text))
        };

        if text.len() > 3
            && let Some(name) = self.names().iter().find(starts_with_text)
        {
            return FieldRule::LongName(&name[..3]);
        }

        match text.trim_matches(|c: char| c.is_ascii_digit()) {
            "?" => FieldRule::Foreign("?", "write *"),
            "#" => FieldRule::Foreign("#", "a crontab line cannot count the weekdays of a month"),
            "L" | "LW" => FieldRule::Foreign("L", "a crontab line cannot name the last day"),
            "W" => FieldRule::Foreign("W", "a crontab line cannot name the nearest working day"),
            _ => FieldRule::Unreadable(self.expected()),
        }
    }

    /// The correct list for a range that runs backwards: `22-23,0-6` for the hours `22-6`.
    fn split_range(self, low: u32, high: u32) -> String {
        let range = |from: u32, to: u32| {
            if from == to {
                from.to_string()
            } else {
                format!("{from}-{to}")
            }
        };

        let (lowest, highest) = self.bounds();
        if self == Self::DayOfWeek && high == 0 {
            range(low, 7)
        } else {
            format!("{},{}", range(low, highest.max(low)), range(lowest, high))
        }
    }
}

/// Parses a step of 1 or more; a step larger than the field leaves only the first number of the range.
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
