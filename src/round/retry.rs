//! Retries reads after transient errors, with a growing pause in between.

use std::time::Duration;

use tokio::time::Instant;

use super::{LONGEST_PAUSE, StopToken};
use crate::k8s::ApiError;
use crate::platform::Platform;

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
