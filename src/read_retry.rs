//! Retries reads after transient errors, with a growing pause in between.

use std::time::Duration;

use tokio::time::Instant;

use crate::k8s::ApiError;
use crate::platform::Platform;
use crate::stop::StopToken;

/// The longest pause that throttling can impose on a round, so that macaque is ready for the next slot.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause before the first retry; each further one doubles it, up to sixteen times as much.
const PAUSE: Duration = Duration::from_millis(500);

/// How often, and for how long, a read is retried.
pub(crate) struct RetryPolicy {
    /// When it is given up.
    pub(crate) end: RetryEnd,
    /// How long it may continue once macaque was asked to stop.
    pub(crate) grace: Duration,
}

/// When a read that keeps failing is given up.
pub(crate) enum RetryEnd {
    /// After so many tries in all.
    Tries(u32),
    /// At this instant.
    At(Instant),
}

/// The policy of most reads: three tries, none of them after a request to stop.
const DEFAULT_POLICY: RetryPolicy = RetryPolicy {
    end: RetryEnd::Tries(3),
    grace: Duration::ZERO,
};

/// Reads with the default policy: retries transient errors, and ends at once when asked to `stop`.
pub(crate) async fn with_retries<T>(
    platform: &Platform,
    stop: &StopToken,
    read: impl AsyncFn() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    DEFAULT_POLICY.read(platform, stop, read).await
}

impl RetryEnd {
    /// How long the next pause may be, after so many tries; zero if there is no next one.
    fn left(&self, tries: u32, platform: &Platform) -> Duration {
        match self {
            Self::Tries(most) if tries < *most => Duration::MAX,
            Self::Tries(_) => Duration::ZERO,
            Self::At(end) => end.saturating_duration_since(platform.monotonic()),
        }
    }
}

impl RetryPolicy {
    /// Reads, and retries transient errors by this policy.
    pub(crate) async fn read<T>(
        &self,
        platform: &Platform,
        stop: &StopToken,
        read: impl AsyncFn() -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut tries = 1;
        loop {
            let answer = stop.within(self.grace, read()).await;
            let error = match answer.ok_or(ApiError::Stopped)? {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let left = self.end.left(tries, platform);
            if left.is_zero() || !error.is_transient() {
                return Err(error);
            }

            let pause = match &error {
                ApiError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
                _ => PAUSE * 2_u32.pow((tries - 1).min(4)),
            };
            let pause = pause.min(left);
            log::debug!("{error}; trying again in {} ms", pause.as_millis());
            let waited = stop.within(self.grace, platform.sleep(pause)).await;
            waited.ok_or(ApiError::Stopped)?;
            tries += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::Timestamp;

    use super::*;
    use crate::stop::StopSwitch;

    /// How many times a read that always fails with `error` is tried until it is given up, and how long that takes.
    async fn tries(end: impl FnOnce(Instant) -> RetryEnd, error: ApiError) -> (u32, Duration) {
        let platform = Platform::simulated(1, Timestamp::UNIX_EPOCH);
        let (_switch, stop) = StopSwitch::new(&platform);
        let began = platform.monotonic();
        let policy = RetryPolicy {
            end: end(began),
            grace: Duration::ZERO,
        };
        let tried = Cell::new(0);
        let read = async || {
            tried.set(tried.get() + 1);
            Err::<(), _>(error.clone())
        };

        assert_eq!(policy.read(&platform, &stop, read).await, Err(error.clone()));
        (tried.get(), platform.monotonic() - began)
    }

    fn transient() -> ApiError {
        ApiError::Unexpected {
            what: "get pod".to_owned(),
            why: "HTTP 502".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_is_given_up_after_its_tries_or_at_its_end_and_at_once_if_retrying_is_useless() {
        let seconds = Duration::from_secs;
        let millis = Duration::from_millis;

        let by_count = tries(|_| RetryEnd::Tries(4), transient()).await;
        assert_eq!(by_count, (4, millis(3500)));
        // After 0.5, 1, 2, 4, 8 and 8 seconds, and once more at the very end.
        let by_time = tries(|began| RetryEnd::At(began + seconds(30)), transient()).await;
        assert_eq!(by_time, (8, seconds(30)));
        let over = tries(RetryEnd::At, transient()).await;
        assert_eq!(over, (1, Duration::ZERO));

        let missing = ApiError::NotFound {
            what: "get pod".to_owned(),
        };
        let useless = tries(|began| RetryEnd::At(began + seconds(30)), missing).await;
        assert_eq!(useless, (1, Duration::ZERO));
    }
}
