//! Reads with patience: a read is safe to repeat, so one that a moment may mend is repeated after a pause.

use std::time::Duration;

use crate::cluster::ClusterError;

use super::{LONGEST_PAUSE, Stop};

/// How often one thing is asked for before the round goes on without it.
const TRIES: u32 = 3;

/// The pause before the first repetition; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a read has no result.
pub(super) enum Ended {
    Stopped,
    Failed(ClusterError),
}

/// Reads, and again after a pause where that may help. A request to `stop` ends it at once.
pub(super) async fn patiently<T>(
    stop: &Stop,
    read: impl AsyncFn() -> Result<T, ClusterError>,
) -> Result<T, Ended> {
    let mut tries = 1;
    loop {
        let error = match stop.within(Duration::ZERO, read()).await {
            None => return Err(Ended::Stopped),
            Some(Ok(result)) => return Ok(result),
            Some(Err(error)) => error,
        };
        if tries == TRIES || !error.is_transient() {
            return Err(Ended::Failed(error));
        }
        let pause = match &error {
            ClusterError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
            _ => PAUSE * 2_u32.pow(tries - 1),
        };
        log::debug!("{error}; asking again in {pause:?}");
        if stop
            .within(Duration::ZERO, tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return Err(Ended::Stopped);
        }
        tries += 1;
    }
}
