//! Parses a length of time as people write it, or says what is wrong and what to write instead.

use std::time::Duration;

use jiff::fmt::friendly::{SpanParser, SpanPrinter};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::words::either;

/// The reason why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DurationError {
    /// A number without a unit.
    NoUnit(String),
    /// A length of time in another notation; holds the right one.
    Spelling(String),
    /// Months or years, whose length differs; holds about as many days.
    Uneven(String),
    /// A length of time below zero.
    Negative,
    /// Any other text.
    Unreadable,
}

impl DurationError {
    /// What is wrong with the text, as the end of a sentence about it.
    pub fn fault(&self) -> &'static str {
        match self {
            Self::NoUnit(_) => "has no unit",
            Self::Uneven(_) => "has no fixed length",
            Self::Negative => "is negative",
            Self::Spelling(_) | Self::Unreadable => "is not a duration",
        }
    }

    /// What is wrong with the text and what to write instead, as the end of a sentence about it; `examples` if nothing is
    /// clear.
    pub fn fault_with_remedy(&self, examples: &str) -> String {
        match &*self.remedies() {
            [] => format!("{}: write {examples}, for example", self.fault()),
            remedies => format!("{}: write {}", self.fault(), either(remedies)),
        }
    }

    /// What to write instead: one text, several to choose from, or none if nothing is clear.
    pub fn remedies(&self) -> Vec<String> {
        let remedies = match self {
            Self::NoUnit(number) => ["s", "m", "h"].map(|unit| format!("{number}{unit}")).to_vec(),
            Self::Spelling(right) | Self::Uneven(right) => vec![right.clone()],
            Self::Negative | Self::Unreadable => Vec::new(),
        };
        // Some numbers are too long for a unit, and some texts of digits and dots are none.
        let is_right = |remedy: &String| parse_duration(remedy).is_ok();
        remedies.into_iter().filter(is_right).collect()
    }
}

/// Parses a number with its unit, or several: `30s`, `5m`, `1h30m`, `7d`. A day has 24 hours, and a week seven days.
///
/// # Errors
/// The reason why `text` is not a length of time, with the right notation if it is clear.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if let Ok(span) = SpanParser::new().parse_span(text) {
        return length_of(span);
    }

    if is_number(text) && text.starts_with('-') {
        return Err(DurationError::Negative);
    }
    if is_number(text) {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let spelled = [text.to_lowercase(), with_last_unit(text), from_iso(text)];
    let right = spelled.into_iter().find(|spelled| {
        let span = SpanParser::new().parse_span(spelled);
        span.is_ok_and(|span| length_of(span).is_ok())
    });
    Err(right.map_or(DurationError::Unreadable, DurationError::Spelling))
}

fn length_of(span: Span) -> Result<Duration, DurationError> {
    if span.is_negative() {
        return Err(DurationError::Negative);
    }
    let months = i64::from(span.get_months()) + 12 * i64::from(span.get_years());
    if months > 0 {
        let days = 30 * i64::from(span.get_months()) + 365 * i64::from(span.get_years());
        return Err(DurationError::Uneven(format!("{days}d")));
    }

    let length = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let length = length.ok().and_then(|length| Duration::try_from(length).ok());
    length.ok_or(DurationError::Unreadable)
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.replacen('.', "", 1);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// `text` with the unit that its last number lacks, the one below the unit before: `1h30m` for `1h30`.
fn with_last_unit(text: &str) -> String {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let unit = match before.trim_end().chars().next_back() {
        Some('d') => "h",
        Some('h') => "m",
        Some('m') => "s",
        _ => "",
    };
    format!("{text}{unit}")
}

/// The usual notation of an ISO 8601 duration such as `PT1H`; empty for any other text.
fn from_iso(text: &str) -> String {
    let span = text
        .starts_with(['P', 'p'])
        .then(|| text.parse::<Span>().ok())
        .flatten();
    span.map_or_else(String::new, |span| SpanPrinter::new().span_to_string(&span))
}

/// The duration in days if it is some whole ones, else in hours and smaller units: `10d`, `36h`.
pub fn in_days(duration: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(DAY) {
        return format!("{}d", seconds / DAY);
    }
    let whole = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    SpanPrinter::new().duration_to_string(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_its_unit_is_a_length_of_time() {
        for (text, seconds) in [
            ("30s", 30),
            (" 5m ", 300),
            ("2h", 7200),
            ("1 h", 3600),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("1.5h", 5400),
            ("90 minutes", 5400),
            ("1d", 86_400),
            ("7 days", 604_800),
            ("1w", 604_800),
            ("1d12h", 129_600),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("1500ms"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn other_notations_lead_to_the_right_one() {
        let spelling = |right: &str| DurationError::Spelling(right.to_owned());
        for (text, error) in [
            ("30", DurationError::NoUnit("30".to_owned())),
            ("0", DurationError::NoUnit("0".to_owned())),
            ("1.5", DurationError::NoUnit("1.5".to_owned())),
            ("1h30", spelling("1h30m")),
            ("2m30", spelling("2m30s")),
            ("1d12", spelling("1d12h")),
            ("1H", spelling("1h")),
            ("30S", spelling("30s")),
            ("30 Minutes", spelling("30 minutes")),
            ("PT1H", spelling("1h")),
            ("PT1H30M", spelling("1h 30m")),
            ("P1D", spelling("1d")),
            ("1mo", DurationError::Uneven("30d".to_owned())),
            ("1y", DurationError::Uneven("365d".to_owned())),
            ("-1s", DurationError::Negative),
            ("-1", DurationError::Negative),
            ("", DurationError::Unreadable),
            ("5x", DurationError::Unreadable),
            ("soon", DurationError::Unreadable),
            ("99999999999999999999h", DurationError::Unreadable),
            (".", DurationError::Unreadable),
            ("1.2.3", DurationError::Unreadable),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    #[test]
    fn only_what_can_be_read_is_advised() {
        for (text, remedies) in [
            ("1.5", vec!["1.5s", "1.5m", "1.5h"]),
            ("999999999999", vec!["999999999999s"]),
            ("99999999999999999999", vec![]),
            ("19998y", vec!["7299270d"]),
            ("19998y239976mo", vec![]),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!(error.remedies(), remedies, "{text}: {error:?}");
        }
    }
}
