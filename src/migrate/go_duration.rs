//! Lengths of time as Go's `time.ParseDuration` reads them, and as macaque's settings have them.

use std::time::Duration;

use jiff::SignedDuration;

/// Parses a Go duration: decimal numbers, each with its unit, such as `1h30m`, `1.5h`, `-1s` or `0`.
pub(super) fn parse_go_duration(text: &str) -> Option<SignedDuration> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if unsigned == "0" {
        return Some(SignedDuration::ZERO);
    }
    if unsigned.is_empty() {
        return None;
    }

    let mut rest = unsigned;
    let mut sum = SignedDuration::ZERO;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !is_of_number(c))?);
        let (unit, next) = after.split_at(after.find(is_of_number).unwrap_or(after.len()));
        let seconds = number.parse::<f64>().ok()? * seconds_of(unit)?;
        sum = sum.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?)?;
        rest = next;
    }
    Some(if is_negative { -sum } else { sum })
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}

fn seconds_of(unit: &str) -> Option<f64> {
    match unit {
        "ns" => Some(1e-9),
        "us" | "µs" | "μs" => Some(1e-6),
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

/// Whole seconds as a setting has them: `1h30m`, `0s`.
pub(super) fn setting_text(length: Duration) -> String {
    let seconds = length.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let words: String = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if words.is_empty() { "0s".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use macaque_core::duration::parse_duration;

    #[test]
    fn a_duration_is_read_as_go_reads_it() {
        for (text, milliseconds) in [
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("1h0m0s", 3_600_000),
            ("-1s", -1_000),
            ("+2s", 2_000),
            ("300ms", 300),
            (".5s", 500),
            ("0", 0),
            ("0s", 0),
        ] {
            let parsed = parse_go_duration(text);
            assert_eq!(parsed, Some(SignedDuration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "",
            "-",
            "10",
            "m",
            "1d",
            "1w",
            "1 h",
            "1h 30m",
            "1.2.3s",
            ".s",
            "ten",
            "1H",
            "99999999999999999999h",
        ] {
            assert_eq!(parse_go_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_setting_holds_the_same_length() {
        for (seconds, text) in [
            (0, "0s"),
            (1, "1s"),
            (90, "1m30s"),
            (3600, "1h"),
            (90_061, "25h1m1s"),
        ] {
            let length = Duration::from_secs(seconds);
            assert_eq!(setting_text(length), text);
            assert_eq!(parse_duration(text), Ok(length));
        }
    }
}
