//! Measures how far this machine's clock is from the API server's, by the `Date` header of an answer (RFC 9110 §6.6.1)
//! and the monotonic clock since.

use http::{HeaderMap, header};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Cluster;
use crate::facts::Fact;

/// What the API server's clock showed at an instant of the monotonic clock, by which it is known what it shows since: this
/// machine's clock is noticed to be set between two answers, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerClock {
    time: Timestamp,
    at: Instant,
}

impl ServerClock {
    /// The server's clock by the headers of an answer that came at the instant `received`. Its request was sent at the
    /// instant `begun`, when this machine's clock showed `sent`. `None` without a valid `Date`.
    pub(super) fn of(
        headers: &HeaderMap,
        sent: Timestamp,
        begun: Instant,
        received: Instant,
    ) -> Option<Self> {
        // Not by the wall clock, which may have been set meanwhile.
        let took = SignedDuration::try_from(received - begun).ok()?;
        let now = sent.checked_add(took).ok()?;
        let skew = skew_by_date(headers, sent, now)?;

        let time = now.checked_sub(skew).ok()?;
        Some(Self { time, at: received })
    }

    /// How far a clock that shows `now` at the instant `at` is ahead of the server's, negative if it is behind; to the
    /// millisecond, as the two are not read at once.
    pub(super) fn skew_of(self, now: Timestamp, at: Instant) -> SignedDuration {
        let since = SignedDuration::try_from(at - self.at).unwrap_or(SignedDuration::MAX);
        let ahead = now.duration_since(self.time).saturating_sub(since);
        SignedDuration::from_millis(i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Cluster {
    /// How far this machine's clock is ahead of the API server's now, negative if it is behind; `None` until an answer
    /// shows the server's time.
    pub fn skew(&self) -> Option<SignedDuration> {
        let skew = |server: ServerClock| server.skew_of(self.platform.now(), self.platform.monotonic());
        self.server_clock.get().map(skew)
    }

    /// The time by the API server's clock, or by this machine's until an answer shows the server's.
    pub fn server_time(&self) -> Timestamp {
        let now = self.platform.now();
        now.checked_sub(self.skew().unwrap_or_default()).unwrap_or(now)
    }

    /// Learns what the server's clock shows from the headers of an answer that came now, to a request that was sent at
    /// the instant `begun`, when this machine's clock showed `sent`.
    pub(super) fn compare_clocks(&self, headers: &HeaderMap, sent: Timestamp, begun: Instant) {
        let received = self.platform.monotonic();
        if let Some(server) = ServerClock::of(headers, sent, begun, received) {
            self.server_clock.set(Some(server));
            let skew = server.skew_of(self.platform.now(), received);
            self.facts.publish(Fact::ClockCompared(skew));
        }
    }
}

/// How far this machine's clock is ahead of the server's, negative if it is behind. `None` without a valid `Date`.
///
/// The request was `sent` and its answer `received` at these times. Only the part of the difference that the time in
/// between cannot explain counts.
fn skew_by_date(headers: &HeaderMap, sent: Timestamp, received: Timestamp) -> Option<SignedDuration> {
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
    use std::time::Duration;

    use super::*;

    fn skew(date: &str, sent: &str, received: &str) -> Option<SignedDuration> {
        let headers = HeaderMap::from_iter([(header::DATE, date.parse().unwrap())]);
        skew_by_date(&headers, sent.parse().unwrap(), received.parse().unwrap())
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
    fn a_clock_that_is_set_before_or_after_an_answer_is_noticed_without_another() {
        let headers =
            HeaderMap::from_iter([(header::DATE, "Tue, 01 Dec 2026 12:00:00 GMT".parse().unwrap())]);
        let sent: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let begun = Instant::now();
        let after = |seconds| {
            (
                sent + Duration::from_secs(seconds),
                begun + Duration::from_secs(seconds),
            )
        };
        let server = ServerClock::of(&headers, sent, begun, after(2).1).unwrap();

        let (now, at) = after(600);
        assert_eq!(server.skew_of(now, at), SignedDuration::ZERO);
        let set = SignedDuration::from_hours(72);
        assert_eq!(server.skew_of(now + set, at), set);
        assert_eq!(server.skew_of(now - set, at), -set);
    }

    #[test]
    fn no_date_and_a_strange_one_tell_nothing() {
        assert_eq!(
            skew_by_date(&HeaderMap::new(), Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
            None
        );
        assert_eq!(
            skew("tomorrow", "2026-12-01T12:00:00Z", "2026-12-01T12:00:00Z"),
            None
        );
    }
}
