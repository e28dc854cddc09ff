//! Repeats reads: a read is safe to repeat, so one that may work a moment later is repeated after a pause.

use std::time::Duration;

use super::{LONGEST_PAUSE, StopToken};
use crate::k8s::ApiError;
use crate::platform::Platform;

/// The pause before the first repetition; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a read is worth repeating.
pub(crate) struct RetryPolicy {
    /// How often it is sent in all.
    pub(crate) tries: u32,
    /// How long it goes on once macaque was told to stop.
    pub(crate) grace: Duration,
}

/// The policy of most reads: a round goes on without what three tries do not answer.
const ORDINARY: RetryPolicy = RetryPolicy {
    tries: 3,
    grace: Duration::ZERO,
};

/// Reads, and again after a pause where that may help. A request to `stop` ends it at once.
pub(crate) async fn with_retries<T>(
    platform: &Platform,
    stop: &StopToken,
    read: impl AsyncFn() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    ORDINARY.read(platform, stop, read).await
}

impl RetryPolicy {
    /// Reads, and again after a pause where that may help.
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
            if tries == self.tries || !error.is_transient() {
                return Err(error);
            }

            let pause = match &error {
                ApiError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
                _ => PAUSE * 2_u32.pow(tries - 1),
            };
            log::debug!("{error}; trying again in {} ms", pause.as_millis());
            let waited = stop.within(self.grace, platform.sleep(pause)).await;
            waited.ok_or(ApiError::Stopped)?;
            tries += 1;
        }
    }
}
