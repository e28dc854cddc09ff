//! When a failed delivery is retried: a pure policy, and the loop that follows it.

use std::time::Duration;

use super::delivery::{DeliveryError, DeliveryResult, Retryable};
use crate::platform::Platform;

/// How often, and how fast, a failed delivery is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryRetry {
    /// How many tries to make in all.
    pub tries: u32,
    /// The pause after the first failure; each further one doubles it.
    pub first: Duration,
    /// The longest pause, unless the service asks for a longer one with `Retry-After`.
    pub longest: Duration,
}

/// Five tries with about 15 s of pauses in all; after that the channel's queue backs off.
impl Default for DeliveryRetry {
    fn default() -> Self {
        Self {
            tries: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}

impl DeliveryRetry {
    /// The pause after try number `attempt`, counted from 1, failed with `error`; `None` if no try is left or useful.
    ///
    /// `jitter`, from 0 to 1, picks a pause between half and the whole of its length, so that replicas do not retry at
    /// the same time. The pause is never shorter than the service asked for.
    pub fn next_delay(&self, attempt: u32, error: &DeliveryError, jitter: f64) -> Option<Duration> {
        let Retryable::Yes { retry_after } = error.retryable else {
            return None;
        };
        if attempt >= self.tries {
            return None;
        }

        let doublings = attempt.saturating_sub(1).min(31);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let jitter = if jitter.is_nan() {
            1.0
        } else {
            jitter.clamp(0.0, 1.0)
        };

        let pause = pause.mul_f64(0.5 + jitter / 2.0);
        Some(pause.max(retry_after.unwrap_or_default()))
    }

    /// Calls `once` until it succeeds, fails permanently, or the tries are used up; waits with `pause` in between.
    pub async fn run(
        &self,
        platform: &Platform,
        mut once: impl AsyncFnMut() -> DeliveryResult,
        mut pause: impl AsyncFnMut(Duration),
    ) -> DeliveryResult {
        let mut attempt = 1;
        loop {
            let Err(mut error) = once().await else {
                return Ok(());
            };

            let Some(delay) = self.next_delay(attempt, &error, platform.random_fraction()) else {
                if attempt > 1 {
                    error
                        .why
                        .push_str(&format!(" (attempt {attempt} of {})", self.tries));
                }
                return Err(error);
            };

            log::debug!(attempt, delay_ms = delay.as_millis() as u64; "delivery failed, will retry: {error}");
            pause(delay).await;
            attempt += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: DeliveryRetry = DeliveryRetry {
        tries: 10,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(60),
    };

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_tries() {
        let error = DeliveryError::transient("no");
        let pauses: Vec<_> = (1..=10)
            .map(|attempt| RETRY.next_delay(attempt, &error, 1.0).map(|d| d.as_secs()))
            .collect();
        let expected = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Some);
        assert_eq!(pauses[..9], expected);
        assert_eq!(pauses[9], None);
    }

    #[test]
    fn jitter_takes_away_half_at_most_whatever_it_is() {
        let error = DeliveryError::transient("no");
        for (jitter, millis) in [(0.0, 500), (0.5, 750), (-9.0, 500), (9.0, 1000), (f64::NAN, 1000)] {
            let delay = RETRY.next_delay(1, &error, jitter);
            assert_eq!(delay, Some(Duration::from_millis(millis)), "{jitter}");
        }
    }

    #[test]
    fn no_pause_is_shorter_than_the_service_asked_for() {
        let error = DeliveryError::transient_until("busy", Some(Duration::from_secs(90)));
        assert_eq!(RETRY.next_delay(1, &error, 0.0), Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_permanent_failure_is_not_tried_again() {
        assert_eq!(RETRY.next_delay(1, &DeliveryError::permanent("no"), 1.0), None);
    }

    #[test]
    fn no_policy_overflows() {
        let absurd = DeliveryRetry {
            tries: u32::MAX,
            first: Duration::MAX,
            longest: Duration::MAX,
        };
        let delay = absurd.next_delay(u32::MAX - 1, &DeliveryError::transient("no"), 0.3);
        assert!(delay.is_some());
    }
}
