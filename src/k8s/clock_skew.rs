//! Measures how far this machine's clock is from the API server's, by the `Date` header of an answer (RFC 9110 §6.6.1)
//! and the monotonic clock since.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use macaque_core::instants::after;
use macaque_core::schedule::timer::ClockReading;
use tokio::time::Instant;

use super::Cluster;
use crate::facts::Fact;

/// Two clocks that nobody sets drift apart by at most one second in so many: NTP lets each of them run wrong by 500 ppm
/// (`MAXFREQ` in RFC 5905 §A.1.1).
const DRIFT: u32 = 1000;

/// Between which times the API server's clock was at an instant of the monotonic clock, by which it is known what it shows
/// since: this machine's clock is noticed to be set between two answers, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerClock {
    earliest: Timestamp,
    latest: Timestamp,
    at: Instant,
}

impl ServerClock {
    /// The server's clock by the headers of an answer that came at the instant `received`. Its request was sent at the
    /// instant `begun`. `None` without a valid `Date`.
    pub(super) fn of(headers: &HeaderMap, begun: Instant, received: Instant) -> Option<Self> {
        let date = date_of(headers)?;

        // The server wrote the date at some time within this second, between the two instants.
        let took = received - begun;
        Some(Self {
            earliest: date,
            latest: after(date, took + Duration::from_secs(1)),
            at: received,
        })
    }

    /// What is known by both answers, of which this is the later: a slow one must not hide what a quick one showed. If they
    /// contradict each other, the server's clock was set, or another server answered, and the later one counts.
    pub(super) fn narrowed_by(self, earlier: Self) -> Self {
        let since = self.at - earlier.at;
        let drift = since / DRIFT;
        let both = Self {
            earliest: self.earliest.max(after(earlier.earliest, since - drift)),
            latest: self.latest.min(after(earlier.latest, since + drift)),
            at: self.at,
        };
        if both.earliest <= both.latest { both } else { self }
    }

    /// How far a clock that shows `now` at the instant `at` is ahead of the server's, negative if it is behind, as far as
    /// that is certain; to the millisecond, as the two are not read at once.
    pub(super) fn skew_of(self, now: Timestamp, at: Instant) -> SignedDuration {
        let since = at - self.at;
        let nearest = now.clamp(after(self.earliest, since), after(self.latest, since));
        let ahead = now.duration_since(nearest);
        SignedDuration::from_millis(i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The `Date` of an answer, if it has a valid one, in any of the forms of RFC 9110 §5.6.7.
pub(super) fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    Timestamp::try_from(date).ok()
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
        self.server_time_at(self.platform.now())
    }

    /// The time by the API server's clock when this machine's showed `own`, as far as that is known now.
    pub fn server_time_at(&self, own: Timestamp) -> Timestamp {
        own.checked_sub(self.skew().unwrap_or_default()).unwrap_or(own)
    }

    /// The instant of the monotonic clock at which the API server's clock showed `time`; now if that is yet to come.
    pub fn instant_of(&self, time: Timestamp) -> Instant {
        instant_of(time, self.server_time(), self.platform.monotonic())
    }

    /// Learns what the server's clock shows from the headers of an answer that came now, to a request that was sent at
    /// the instant `begun`, when this machine's clocks showed `asked`.
    pub(super) fn compare_clocks(&self, headers: &HeaderMap, begun: Instant, asked: ClockReading) {
        let received = self.platform.monotonic();
        if let Some(server) = ServerClock::of(headers, begun, received) {
            let known = self.server_clock.get();
            let server = known.map_or(server, |known| server.narrowed_by(known));
            self.server_clock.set(Some(server));
            self.asked_for_time.set(Some(asked));
            let skew = server.skew_of(self.platform.now(), received);
            self.facts.publish(Fact::ClockCompared(skew));
        }
    }
}

/// The instant at which a clock showed `time` that shows `now` at the instant `at`; `at` if that is yet to come.
fn instant_of(time: Timestamp, now: Timestamp, at: Instant) -> Instant {
    let age = Duration::try_from(now.duration_since(time)).unwrap_or_default();
    at.checked_sub(age).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's clock by an answer with this `Date`, which took `took` and came now.
    fn server(date: &str, took: Duration, received: Instant) -> Option<ServerClock> {
        let headers = HeaderMap::from_iter([(header::DATE, date.parse().unwrap())]);
        ServerClock::of(&headers, received.checked_sub(took).unwrap(), received)
    }

    /// The skew that an answer shows to which the request was sent, and which was received, at these times.
    fn skew(date: &str, sent: &str, received: &str) -> SignedDuration {
        let [sent, now]: [Timestamp; 2] = [sent, received].map(|time| time.parse().unwrap());
        let received = Instant::now();
        let took = now.duration_since(sent).unsigned_abs();
        server(date, took, received).unwrap().skew_of(now, received)
    }

    #[test]
    fn a_date_between_question_and_answer_is_no_skew_however_slow_the_answer() {
        let date = "Tue, 01 Dec 2026 12:00:20 GMT";
        let slow = skew(date, "2026-12-01T12:00:00Z", "2026-12-01T12:00:40Z");
        assert_eq!(slow, SignedDuration::ZERO);
        let quick = skew(date, "2026-12-01T12:00:20.7Z", "2026-12-01T12:00:20.8Z");
        assert_eq!(quick, SignedDuration::ZERO);
    }

    #[test]
    fn a_clock_ahead_and_one_behind_are_distinguished() {
        let date = "Tue, 01 Dec 2026 12:00:00 GMT";
        let ahead = skew(date, "2026-12-01T13:00:01Z", "2026-12-01T13:00:01Z");
        assert_eq!(ahead, SignedDuration::from_hours(1));
        let behind = skew(date, "2026-12-01T11:00:00Z", "2026-12-01T11:00:00Z");
        assert_eq!(behind, SignedDuration::from_hours(-1));
    }

    #[test]
    fn a_clock_that_is_set_before_or_after_an_answer_is_noticed_without_another() {
        let received = Instant::now();
        let now: Timestamp = "2026-12-01T12:00:02Z".parse().unwrap();
        let took = Duration::from_secs(2);
        let server = server("Tue, 01 Dec 2026 12:00:00 GMT", took, received).unwrap();

        let later = Duration::from_secs(600);
        let (now, at) = (now + later, received + later);
        assert_eq!(server.skew_of(now, at), SignedDuration::ZERO);
        let set = SignedDuration::from_hours(72);
        assert_eq!(server.skew_of(now + set, at), set - SignedDuration::from_secs(1));
        assert_eq!(server.skew_of(now - set, at), SignedDuration::from_secs(2) - set);
    }

    #[test]
    fn a_slow_answer_hides_nothing_that_a_quick_one_showed_unless_the_two_contradict_each_other() {
        let received = Instant::now();
        let later = received + Duration::from_secs(40);
        let slow = Duration::from_secs(40);
        // This machine's clock is ahead by 20 s.
        let now: Timestamp = "2026-12-01T12:01:01Z".parse().unwrap();
        let quick = server("Tue, 01 Dec 2026 12:00:00 GMT", Duration::ZERO, received).unwrap();

        let slow_alone = server("Tue, 01 Dec 2026 12:00:30 GMT", slow, later).unwrap();
        assert_eq!(slow_alone.skew_of(now, later), SignedDuration::ZERO);
        let both = slow_alone.narrowed_by(quick);
        // But for what the clocks may have drifted apart meanwhile.
        assert_eq!(both.skew_of(now, later), SignedDuration::from_millis(19_960));

        let contrary = server("Tue, 01 Dec 2026 12:10:00 GMT", slow, later).unwrap();
        assert_eq!(contrary.narrowed_by(quick), contrary);
    }

    #[test]
    fn a_time_of_the_server_is_an_instant_that_is_never_in_the_future() {
        let start = Timestamp::UNIX_EPOCH;
        let first = Instant::now();
        let later = Duration::from_secs(60);
        let (now, at) = (start + later, first + later);

        assert_eq!(instant_of(start, now, at), first);
        assert_eq!(instant_of(start + Duration::from_secs(3600), now, at), at);
    }

    #[test]
    fn every_form_of_a_date_of_http_is_read() {
        let now = Instant::now();
        let clock = |date| server(date, Duration::ZERO, now).unwrap();
        let usual = clock("Tue, 01 Dec 2026 12:00:00 GMT");
        assert_eq!(clock("Tuesday, 01-Dec-26 12:00:00 GMT"), usual);
        assert_eq!(clock("Tue Dec  1 12:00:00 2026"), usual);
    }

    #[test]
    fn no_date_and_a_strange_one_tell_nothing() {
        let now = Instant::now();
        assert_eq!(ServerClock::of(&HeaderMap::new(), now, now), None);
        assert_eq!(server("tomorrow", Duration::ZERO, now), None);
    }
}
