//! When a failed delivery is retried: a pure policy, and the loop that follows it.

use std::time::Duration;

use super::delivery::{DeliveryError, DeliveryResult, Retryable};
use crate::platform::Platform;

/// How many times in all a message is sent that may have been delivered each time: its reader may see it so often, or
/// not at all.
pub const MAX_TRIES_IN_DOUBT: u32 = 10;
/// The longest pause between two tries in doubt.
const LONGEST_IN_DOUBT: Duration = Duration::from_secs(30 * 60);

/// How often, and how fast, a failed delivery is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryRetry {
    /// How many tries one series has.
    pub tries: u32,
    /// The pause after the first failure; each further one doubles it.
    pub first: Duration,
    /// The longest pause within a series, and the pause between two series, unless the service asks for a longer one.
    pub longest: Duration,
}

/// How often a message was sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TryCount {
    /// The tries in all.
    pub made: u32,
    /// The tries that may have delivered the message.
    pub in_doubt: u32,
}

/// Series of five tries with about 15 s of pauses in all.
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
    /// The pause after try number `attempt` of a series, counted from 1, failed with `error`; `None` if no try of the
    /// series is left or useful. After a whole series in doubt, further ones have one try in doubt each.
    ///
    /// `jitter`, from 0 to 1, picks a pause between half and the whole of its length, so that replicas do not retry at
    /// the same time. The pause is never shorter than the service asked for.
    pub fn next_delay(
        &self,
        attempt: u32,
        error: &DeliveryError,
        count: TryCount,
        jitter: f64,
    ) -> Option<Duration> {
        let retry_after = match error.retryable {
            Retryable::No | Retryable::OutsideThread | Retryable::ChannelGone => return None,
            Retryable::Yes { retry_after } => retry_after.unwrap_or_default(),
            Retryable::InDoubt if count.in_doubt >= self.tries.min(MAX_TRIES_IN_DOUBT) => return None,
            Retryable::InDoubt => Duration::ZERO,
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
        Some(pause.max(retry_after))
    }

    /// The pause before the next series, after one that ended with `error`; `None` if the message is given up. What was
    /// not delivered is never given up; what may have been is, after [`MAX_TRIES_IN_DOUBT`] and longer and longer pauses.
    pub fn pause_between_series(&self, error: &DeliveryError, count: TryCount) -> Option<Duration> {
        match error.retryable {
            Retryable::No | Retryable::OutsideThread | Retryable::ChannelGone => None,
            Retryable::Yes { retry_after } => Some(self.longest.max(retry_after.unwrap_or_default())),
            Retryable::InDoubt if count.in_doubt >= MAX_TRIES_IN_DOUBT => None,
            Retryable::InDoubt => {
                let doublings = count.in_doubt.saturating_sub(self.tries).min(MAX_TRIES_IN_DOUBT);
                let pause = self.longest.saturating_mul(1 << doublings);
                Some(pause.min(LONGEST_IN_DOUBT).max(self.longest))
            }
        }
    }

    /// Calls `once` until it succeeds, fails permanently, or the series is used up; waits with `pause` in between.
    pub async fn run(
        &self,
        platform: &Platform,
        count: &mut TryCount,
        mut once: impl AsyncFnMut() -> DeliveryResult,
        mut pause: impl AsyncFnMut(Duration),
    ) -> DeliveryResult {
        let mut attempt = 1;
        loop {
            let result = once().await;
            count.made = count.made.saturating_add(1);
            let Err(error) = result else {
                return result;
            };
            if error.retryable == Retryable::InDoubt {
                count.in_doubt = count.in_doubt.saturating_add(1);
            }

            let jitter = platform.random_fraction();
            let Some(delay) = self.next_delay(attempt, &error, *count, jitter) else {
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
    const ONCE: TryCount = TryCount { made: 1, in_doubt: 0 };

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_tries() {
        let error = DeliveryError::transient("no");
        let pauses: Vec<_> = (1..=10)
            .map(|attempt| RETRY.next_delay(attempt, &error, ONCE, 1.0).map(|d| d.as_secs()))
            .collect();
        let expected = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Some);
        assert_eq!(pauses[..9], expected);
        assert_eq!(pauses[9], None);
    }

    #[test]
    fn jitter_takes_away_half_at_most_whatever_it_is() {
        let error = DeliveryError::transient("no");
        for (jitter, millis) in [(0.0, 500), (0.5, 750), (-9.0, 500), (9.0, 1000), (f64::NAN, 1000)] {
            let delay = RETRY.next_delay(1, &error, ONCE, jitter);
            assert_eq!(delay, Some(Duration::from_millis(millis)), "{jitter}");
        }
    }

    #[test]
    fn no_pause_is_shorter_than_the_service_asked_for() {
        let error = DeliveryError::transient_until("busy", Some(Duration::from_secs(90)));
        assert_eq!(
            RETRY.next_delay(1, &error, ONCE, 0.0),
            Some(Duration::from_secs(90))
        );
        assert_eq!(
            RETRY.pause_between_series(&error, ONCE),
            Some(Duration::from_secs(90))
        );
    }

    #[test]
    fn a_permanent_failure_is_not_tried_again() {
        for error in [
            DeliveryError::permanent("no"),
            DeliveryError::channel_gone("gone"),
        ] {
            assert_eq!(RETRY.next_delay(1, &error, ONCE, 1.0), None);
            assert_eq!(RETRY.pause_between_series(&error, ONCE), None);
        }
    }

    #[test]
    fn what_was_not_delivered_is_never_given_up() {
        let error = DeliveryError::transient("busy");
        let count = TryCount {
            made: 100_000,
            in_doubt: 0,
        };
        assert_eq!(
            RETRY.pause_between_series(&error, count),
            Some(Duration::from_secs(60))
        );
    }

    #[actix_rt::test]
    async fn what_may_have_been_delivered_is_sent_ten_times_in_all_and_more_and_more_seldom() {
        let retry = DeliveryRetry::default();
        let mut count = TryCount::default();
        let mut pauses = Vec::new();
        loop {
            let error = retry
                .run(
                    &Platform::system(),
                    &mut count,
                    async || Err(DeliveryError::in_doubt("no answer")),
                    async |_| {},
                )
                .await
                .unwrap_err();
            let Some(pause) = retry.pause_between_series(&error, count) else {
                break;
            };
            pauses.push(pause.as_secs() / 60);
        }

        let in_all = TryCount {
            made: 10,
            in_doubt: 10,
        };
        assert_eq!(count, in_all);
        assert_eq!(pauses, [1, 2, 4, 8, 16]);
    }

    #[actix_rt::test]
    async fn tries_in_doubt_are_limited_however_many_others_fail_in_between() {
        let retry = DeliveryRetry::default();
        let mut count = TryCount::default();
        for series in 0.. {
            let once = async || {
                Err(if series % 2 == 0 {
                    DeliveryError::in_doubt("no answer")
                } else {
                    DeliveryError::transient("busy")
                })
            };
            let result = retry
                .run(&Platform::system(), &mut count, once, async |_| {})
                .await;
            if retry.pause_between_series(&result.unwrap_err(), count).is_none() {
                break;
            }
        }
        assert_eq!(count.in_doubt, MAX_TRIES_IN_DOUBT);
    }

    #[test]
    fn no_policy_overflows() {
        let absurd = DeliveryRetry {
            tries: u32::MAX,
            first: Duration::MAX,
            longest: Duration::MAX,
        };
        let delay = absurd.next_delay(u32::MAX - 1, &DeliveryError::transient("no"), ONCE, 0.3);
        assert!(delay.is_some());
        let doubt = DeliveryError::in_doubt("no");
        assert!(absurd.pause_between_series(&doubt, ONCE).is_some());
    }
}
