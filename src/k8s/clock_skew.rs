//! Measures how far this machine's clock is from the API server's, by the `Date` header of an answer (RFC 9110 §6.6.1).

use http::{HeaderMap, header};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

/// How far this machine's clock is ahead of the server's, negative if it is behind. `None` without a valid `Date`.
///
/// The request was `sent` and its answer `received` at these times. Only the part of the difference that the time in
/// between cannot explain counts.
pub(super) fn of(headers: &HeaderMap, sent: Timestamp, received: Timestamp) -> Option<SignedDuration> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    // The server wrote the date at some time within this second, between the two instants.
    let earliest = date;
    let latest = date + SignedDuration::from_secs(1);

    Some(if sent > latest {
        sent.duration_since(latest)
    } else if received < earliest {
        received.duration_since(earliest)
    } else {
        SignedDuration::ZERO
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(date: &str, sent: &str, received: &str) -> Option<SignedDuration> {
        let headers = HeaderMap::from_iter([(header::DATE, date.parse().unwrap())]);
        of(&headers, sent.parse().unwrap(), received.parse().unwrap())
    }

    #[test]
    fn a_date_between_question_and_answer_is_no_skew_however_slow_the_answer() {
        let date = "Tue, 01 Dec 2026 12:00:20 GMT";
        let slow = skew(date, "2026-12-01T12:00:00Z", "2026-12-01T12:00:40Z");
        assert_eq!(slow, Some(SignedDuration::ZERO));
        let quick = skew(date, "2026-12-01T12:00:20.7Z", "2026-12-01T12:00:20.8Z");
        assert_eq!(quick, Some(SignedDuration::ZERO));
    }

    #[test]
    fn a_clock_ahead_and_one_behind_are_distinguished() {
        let date = "Tue, 01 Dec 2026 12:00:00 GMT";
        let ahead = skew(date, "2026-12-01T13:00:01Z", "2026-12-01T13:00:01Z");
        assert_eq!(ahead, Some(SignedDuration::from_hours(1)));
        let behind = skew(date, "2026-12-01T11:00:00Z", "2026-12-01T11:00:00Z");
        assert_eq!(behind, Some(SignedDuration::from_hours(-1)));
    }

    #[test]
    fn no_date_and_a_strange_one_tell_nothing() {
        assert_eq!(
            of(&HeaderMap::new(), Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
            None
        );
        assert_eq!(
            skew("tomorrow", "2026-12-01T12:00:00Z", "2026-12-01T12:00:00Z"),
            None
        );
    }
}
