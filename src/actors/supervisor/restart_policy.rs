//! The restart intensity: how often actors may fail before the process ends, and how long to wait between restarts.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How often actors may fail (Erlang/OTP's "maximum restart intensity").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// How many restarts are allowed within the window; one more failure ends the process.
    pub restarts: usize,
    /// The window.
    pub window: Duration,
    /// The pause before the first restart; it doubles with each further one in the window.
    pub backoff: Duration,
    /// The longest pause.
    pub longest_backoff: Duration,
    /// How many blocked threads may be leaked at a time; one more ends the process.
    pub leaked_threads: usize,
}

/// The failures within the window.
#[derive(Debug)]
pub(super) struct RestartHistory {
    policy: RestartPolicy,
    recent: VecDeque<Instant>,
}

impl RestartHistory {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self {
            policy,
            recent: VecDeque::new(),
        }
    }

    /// Counts a failure at `now`; returns the pause before the restart, or `None` if there were too many failures.
    pub(super) fn after_failure(&mut self, now: Instant) -> Option<Duration> {
        let RestartPolicy {
            restarts,
            window,
            backoff,
            longest_backoff,
            ..
        } = self.policy;

        self.recent
            .retain(|failure| now.duration_since(*failure) < window);
        self.recent.push_back(now);

        let failures = self.recent.len();
        let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
        let pause = backoff.saturating_mul(1 << doublings).min(longest_backoff);
        (failures <= restarts).then_some(pause)
    }
}

impl Default for RestartPolicy {
    /// Allows three restarts a minute: enough for a transient failure, and few enough that Kubernetes' own restart,
    /// with its CrashLoopBackOff and its alerts, soon takes over.
    fn default() -> Self {
        Self {
            restarts: 3,
            window: Duration::from_secs(60),
            backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(30),
            leaked_threads: 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_failure_in_the_window_is_too_many() {
        let start = Instant::now();
        let mut history = RestartHistory::new(RestartPolicy::default());
        let mut after = |second| history.after_failure(start + Duration::from_secs(second));
        let pauses = [after(0), after(1), after(2), after(3)];
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(200), millis(400), millis(800), None]);
    }

    #[test]
    fn failures_beyond_the_window_are_forgotten() {
        let start = Instant::now();
        let mut history = RestartHistory::new(RestartPolicy::default());
        for n in 0..50 {
            let now = start + Duration::from_secs(n * 30);
            assert!(history.after_failure(now).is_some(), "failure {n}");
        }
    }

    #[test]
    fn the_pause_is_bounded() {
        let policy = RestartPolicy {
            restarts: usize::MAX,
            ..RestartPolicy::default()
        };
        let start = Instant::now();
        let mut history = RestartHistory::new(policy);
        let last = (0..40).filter_map(|_| history.after_failure(start)).last();
        assert_eq!(last, Some(policy.longest_backoff));
    }
}
