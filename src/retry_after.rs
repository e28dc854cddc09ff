//! Reads the header `Retry-After`, by which a server asks to wait.

use std::time::{Duration, SystemTime};

/// How long `Retry-After` asks to wait: the header is a number of seconds, or a date, which may have passed and counts only
/// where it is known what time it is. Whoever honours it bounds it.
pub(crate) fn parse(value: &str, now: Option<SystemTime>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for the type asks for an endless pause.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }

    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(now?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_retry_after_is_seconds_or_a_date_and_nothing_else() {
        let now: Timestamp = "2027-03-01T09:30:00Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("86400", Some(86_400)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Mon, 01 Mar 2027 09:31:30 GMT", Some(90)),
            ("Monday, 01-Mar-27 09:31:30 GMT", Some(90)),
            ("Mon Mar  1 09:31:30 2027", Some(90)),
            ("Mon, 01 Mar 2027 09:29:00 GMT", Some(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("soon", None),
            ("2027-03-01T09:31:30Z", None),
            ("Mon, 99 Mar 2027 09:31:30 GMT", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse(value, Some(now.into())), expected, "{value}");
        }
    }

    #[test]
    fn without_a_clock_only_seconds_count() {
        assert_eq!(parse("7", None), Some(Duration::from_secs(7)));
        assert_eq!(parse("Mon, 01 Mar 2027 09:31:30 GMT", None), None);
    }
}
