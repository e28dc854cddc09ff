//! The cluster's clock: that of the machine, or one that follows tokio's, which a simulation moves.

use jiff::Timestamp;
use tokio::time::Instant;

/// The cluster's clock.
#[derive(Debug, Clone, Copy, Default)]
pub enum ClusterClock {
    /// The clock of the machine.
    #[default]
    System,
    /// A clock that showed `start` at `origin` and runs with tokio's, which may be paused.
    Simulated {
        /// The time at `origin`.
        start: Timestamp,
        /// An instant of tokio's clock.
        origin: Instant,
    },
}

impl ClusterClock {
    /// A clock that shows `start` now and follows tokio's.
    #[must_use]
    pub fn simulated(start: Timestamp) -> Self {
        let origin = Instant::now();
        Self::Simulated { start, origin }
    }

    /// The time that the clock shows.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Simulated { start, origin } => {
                start.checked_add(origin.elapsed()).unwrap_or(Timestamp::MAX)
            }
        }
    }
}
