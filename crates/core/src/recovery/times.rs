//! Places what is seen on the time line of one recovery, which begins with the acceptance of the disruption.

use std::time::Duration;

use jiff::Timestamp;

/// How much later than its object says a change may be seen without doubt about when it happened.
pub(super) const MAX_LAG: Duration = Duration::from_secs(3);

/// Translates the timestamps of objects into times since the acceptance.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObjectClock {
    /// When the disruption was accepted, by the API server's clock.
    accepted: Timestamp,
}

/// When something happened, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// The time since the acceptance.
    pub at: Duration,
    /// Whether an object's timestamp tells it, because the change was seen late.
    pub by_object: bool,
}

/// When what is known of an owner was asked for, counted from the acceptance of the disruption. An answer or a change that
/// is read later may have come long before, and others after it that are still to be read.
#[derive(Debug, Clone, Copy)]
pub struct LastAsked {
    /// When its pods were last asked for: a list shows all that happened to them up to then.
    pub pods: Duration,
    /// When the number of replicas that it wants was last asked for.
    pub desired: Duration,
}

impl ObjectClock {
    /// The clock of a recovery from a disruption that was accepted at `accepted`, by the API server's clock.
    pub(super) fn new(accepted: Timestamp) -> Self {
        Self { accepted }
    }

    /// The second of the API server's clock in which the disruption was accepted.
    pub(super) fn first_second(self) -> Timestamp {
        Timestamp::from_second(self.accepted.as_second()).unwrap_or(self.accepted)
    }

    /// How long after the acceptance `timestamp` is; zero if it is before.
    pub(super) fn since_accepted(self, timestamp: Timestamp) -> Duration {
        let since = timestamp.duration_since(self.accepted);
        Duration::try_from(since).unwrap_or_default()
    }

    /// When a change happened that was seen at `seen`, and of which an object says `timestamp`.
    pub(super) fn moment(self, seen: Duration, timestamp: Option<Timestamp>) -> Moment {
        let stamped = timestamp.map(|timestamp| self.since_accepted(timestamp));
        Moment::seen(seen, stamped)
    }
}

impl Moment {
    /// When a change happened that was seen at `seen`, and by its object at `stamped`.
    pub(super) fn seen(seen: Duration, stamped: Option<Duration>) -> Self {
        match stamped {
            Some(stamped) if seen.saturating_sub(stamped) > MAX_LAG => Self {
                at: stamped,
                by_object: true,
            },
            _ => Self {
                at: seen,
                by_object: false,
            },
        }
    }

    /// The later of this moment and `earliest`.
    pub(super) fn not_before(self, earliest: Duration) -> Self {
        Self {
            at: self.at.max(earliest),
            ..self
        }
    }
}

impl LastAsked {
    /// Up to when both are known: the earlier of the two.
    pub(super) fn both(self) -> Duration {
        self.pods.min(self.desired)
    }
}

/// A length of time in whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> ObjectClock {
        ObjectClock::new("2026-06-10T12:00:00.700Z".parse().unwrap())
    }

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_change_that_is_seen_in_time_happened_when_it_was_seen() {
        for timestamp in [None, at("2026-06-10T12:00:04Z"), at("2026-06-10T12:09:00Z")] {
            let moment = clock().moment(Duration::from_millis(6300), timestamp);
            let seen = Moment {
                at: Duration::from_millis(6300),
                by_object: false,
            };
            assert_eq!(moment, seen, "{timestamp:?}");
        }
    }

    #[test]
    fn a_change_that_is_seen_late_happened_when_its_object_says() {
        let moment = clock().moment(Duration::from_millis(6301), at("2026-06-10T12:00:04Z"));
        let stamped = Moment {
            at: Duration::from_millis(3300),
            by_object: true,
        };
        assert_eq!(moment, stamped);
    }

    #[test]
    fn what_happened_before_the_acceptance_is_no_time_after_it() {
        let moment = clock().moment(Duration::from_secs(60), at("2026-06-10T11:00:00Z"));
        assert_eq!(moment.at, Duration::ZERO);
    }
}
