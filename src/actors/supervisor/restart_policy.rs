//! The restart intensity: how often children may fail before the process should, and how long to wait between.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often children may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Restarts within the window; one failure more ends the process.
    pub restarts: usize,
    /// The window.
    pub window: Duration,
    /// The pause before the first restart; it doubles with each further one in the window.
    pub backoff: Duration,
    /// The longest pause.
    pub longest_backoff: Duration,
    /// How long an actor may give no sign of life before it is replaced, and the Supervisor before the process ends.
    /// Lenient: a throttled CPU is no hang.
    pub deaf_after: Duration,
    /// How many threads may be left behind, blocked, at a time; one more ends the process.
    pub leaked: usize,
    /// How long the round in flight gets at an end: longer than the 15 s that a round gives its victim, and the 8 s in
    /// which people are told of it.
    pub round_deadline: Duration,
    /// How long the Notifier gets at an end. Both together stay below the 60 s of the manifest's
    /// `terminationGracePeriodSeconds`.
    pub drain_deadline: Duration,
}

impl RestartPolicy {
    /// How often everybody gives a sign of life, and is looked after.
    pub(crate) fn heartbeat(&self) -> Duration {
        (self.deaf_after / 5).min(Duration::from_secs(1))
    }
}

impl Default for RestartPolicy {
    /// Three restarts a minute: enough to ride out a bad moment, and few enough that Kubernetes' own restart
    /// (with its CrashLoopBackOff and its alerts) soon takes over.
    fn default() -> Self {
        Self {
            restarts: 3,
            window: Duration::from_secs(60),
            backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(30),
            deaf_after: Duration::from_secs(15),
            leaked: 3,
            round_deadline: Duration::from_secs(25),
            drain_deadline: Duration::from_secs(20),
        }
    }
}

/// The failures within the window.
#[derive(Debug)]
pub(super) struct RestartHistory {
    limits: RestartPolicy,
    recent: VecDeque<Instant>,
}

impl RestartHistory {
    pub(super) fn new(limits: RestartPolicy) -> Self {
        Self {
            limits,
            recent: VecDeque::new(),
        }
    }

    /// Counts a failure at `now`: the pause before a restart, or `None` when there were too many.
    pub(super) fn after_failure(&mut self, now: Instant) -> Option<Duration> {
        self.recent
            .retain(|failure| now.duration_since(*failure) < self.limits.window);
        self.recent.push_back(now);
        let failures = self.recent.len();
        let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
        let pause = self
            .limits
            .backoff
            .saturating_mul(1 << doublings)
            .min(self.limits.longest_backoff);
        (failures <= self.limits.restarts).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_failure_in_the_window_is_too_many() {
        let (start, mut restarts) = (Instant::now(), RestartHistory::new(RestartPolicy::default()));
        let at = |second| start + Duration::from_secs(second);
        let pauses: Vec<_> = (0..4).map(|n| restarts.after_failure(at(n))).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(200), millis(400), millis(800), None]);
    }

    #[test]
    fn failures_beyond_the_window_are_forgotten() {
        let (start, mut restarts) = (Instant::now(), RestartHistory::new(RestartPolicy::default()));
        for n in 0..50 {
            assert!(
                restarts
                    .after_failure(start + Duration::from_secs(n * 30))
                    .is_some(),
                "failure {n}"
            );
        }
    }

    #[test]
    fn the_pause_is_bounded() {
        let limits = RestartPolicy {
            restarts: usize::MAX,
            ..RestartPolicy::default()
        };
        let (start, mut restarts) = (Instant::now(), RestartHistory::new(limits));
        let last = (0..40).filter_map(|_| restarts.after_failure(start)).last();
        assert_eq!(last, Some(limits.longest_backoff));
    }
}
