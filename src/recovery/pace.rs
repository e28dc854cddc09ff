//! How often pods are read: the intervals of polling, and the pauses after faults. Does no I/O.

use std::time::Duration;

use macaque_core::recovery::RecoveryPrecision;

use super::RecoveryMeans;

/// The intervals of polling, and how often each is used: a recovery of seconds is seen precisely, and a long one costs
/// little.
const INTERVALS: [(u32, Duration); 2] = [(10, Duration::from_secs(1)), (30, Duration::from_secs(2))];

/// The interval after those.
const LAST_INTERVAL: Duration = Duration::from_secs(5);

/// The interval while many recoveries are followed at once.
const SLOW_INTERVAL: Duration = Duration::from_secs(10);

/// The pause after the second fault in a row; each further one doubles it.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest pause after a fault.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How old the knowledge of the pods may be while times count as those of a watch.
const WATCH_GAP: Duration = Duration::from_secs(1);

/// Decides when the next list of a poll is due.
pub(super) struct PollPace {
    means: RecoveryMeans,
    polls: u32,
}

/// The pauses after faults, which grow until a watch lasts.
#[derive(Default)]
pub(super) struct FaultPauses {
    faults: u32,
}

impl PollPace {
    /// The pace of this means.
    pub(super) fn new(means: RecoveryMeans) -> Self {
        Self { means, polls: 0 }
    }

    /// The interval before the next list.
    pub(super) fn interval(&self) -> Duration {
        if self.means == RecoveryMeans::SlowPoll {
            return SLOW_INTERVAL;
        }
        let mut polls = self.polls;
        for (times, interval) in INTERVALS {
            if polls < times {
                return interval;
            }
            polls -= times;
        }
        LAST_INTERVAL
    }

    /// Notes that an interval is over.
    pub(super) fn turn(&mut self) {
        self.polls = self.polls.saturating_add(1);
    }
}

impl FaultPauses {
    /// The pause after the next fault: none after the first one.
    pub(super) fn after_fault(&mut self) -> Duration {
        let doubled = self
            .faults
            .checked_sub(1)
            .map(|times| PAUSE * (1 << times.min(5)));
        self.faults = self.faults.saturating_add(1);
        doubled.unwrap_or_default().min(LONGEST_PAUSE)
    }

    /// Notes that reading works again.
    pub(super) fn reset(&mut self) {
        self.faults = 0;
    }
}

/// How precise the times are that a list shows, if `gap` has passed since the pods were last known, and lists are read
/// every `interval`; without one they are watched.
pub(super) fn precision_of_list(gap: Duration, interval: Option<Duration>) -> RecoveryPrecision {
    let planned = match interval {
        None if gap < WATCH_GAP => return RecoveryPrecision::Watch,
        Some(interval) if gap < interval * 3 / 2 => interval,
        Some(_) | None => gap,
    };
    RecoveryPrecision::Poll {
        interval_ms: u64::try_from(planned.as_millis()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_slows_down_after_ten_and_after_forty_lists() {
        let mut pace = PollPace::new(RecoveryMeans::Watch);
        let mut seconds = Vec::new();
        for _ in 0..50 {
            seconds.push(pace.interval().as_secs());
            pace.turn();
        }
        assert_eq!(seconds, [vec![1; 10], vec![2; 30], vec![5; 10]].concat());

        let slow = PollPace::new(RecoveryMeans::SlowPoll);
        assert_eq!(slow.interval(), Duration::from_secs(10));
    }

    #[test]
    fn pauses_begin_with_none_grow_to_ten_seconds_and_begin_again() {
        let mut pauses = FaultPauses::default();
        let waited: Vec<_> = (0..9).map(|_| pauses.after_fault().as_millis()).collect();
        assert_eq!(waited, [0, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);

        pauses.reset();
        assert_eq!(pauses.after_fault(), Duration::ZERO);
    }

    #[test]
    fn the_precision_is_never_finer_than_the_time_in_which_nothing_was_known() {
        let millis = Duration::from_millis;
        let poll = |interval_ms| RecoveryPrecision::Poll { interval_ms };
        let rows = [
            (20, None, RecoveryPrecision::Watch),
            (1_000, None, poll(1_000)),
            (75_000, None, poll(75_000)),
            (5, Some(1_000), poll(1_000)),
            (1_040, Some(1_000), poll(1_000)),
            (1_500, Some(1_000), poll(1_500)),
            (32_000, Some(5_000), poll(32_000)),
        ];
        for (gap, interval, expected) in rows {
            let found = precision_of_list(millis(gap), interval.map(millis));
            assert_eq!(found, expected, "{gap} {interval:?}");
        }
    }
}
