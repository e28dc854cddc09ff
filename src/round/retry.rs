//! Reads with patience: a read is safe to repeat, so one that a moment may mend is repeated after a pause.

use std::time::Duration;

use crate::k8s::ApiError;
use macaque_core::report::RoundEnd;

use super::{LONGEST_PAUSE, StopToken};

/// The pause before the first repetition; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a read is worth repeating.
pub(crate) struct RetryPolicy {
    /// How often it is sent in all.
    pub(crate) tries: u32,
    /// How long it goes on once macaque was told to stop.
    pub(crate) grace: Duration,
}

/// The patience of most reads: a round goes on without what three tries do not tell.
const ORDINARY: RetryPolicy = RetryPolicy {
    tries: 3,
    grace: Duration::ZERO,
};

/// Why a read has no result.
pub(crate) enum ReadError {
    Stopped,
    Failed(ApiError),
}

impl From<ReadError> for RoundEnd {
    fn from(ended: ReadError) -> Self {
        match ended {
            ReadError::Stopped => Self::Interrupted,
            ReadError::Failed(error) => Self::Failed {
                why: error.to_string(),
            },
        }
    }
}

/// Reads with ordinary patience. A request to `stop` ends it at once.
pub(crate) async fn patiently<T>(
    stop: &StopToken,
    read: impl AsyncFn() -> Result<T, ApiError>,
) -> Result<T, ReadError> {
    ORDINARY.read(stop, read).await
}

impl RetryPolicy {
    /// Reads, and again after a pause where that may help.
    pub(crate) async fn read<T>(
        &self,
        stop: &StopToken,
        read: impl AsyncFn() -> Result<T, ApiError>,
    ) -> Result<T, ReadError> {
        let mut tries = 1;
        loop {
            let error = match stop.within(self.grace, read()).await {
                None => return Err(ReadError::Stopped),
                Some(Ok(result)) => return Ok(result),
                Some(Err(error)) => error,
            };
            if tries == self.tries || !error.is_transient() {
                return Err(ReadError::Failed(error));
            }
            let pause = match &error {
                ApiError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
                _ => PAUSE * 2_u32.pow(tries - 1),
            };
            log::debug!("{error}; asking again in {pause:?}");
            let rested = stop.within(self.grace, tokio::time::sleep(pause)).await;
            if rested.is_none() {
                return Err(ReadError::Stopped);
            }
            tries += 1;
        }
    }
}
