//! Where this process writes the history, and what waits to be written: the part that outlives the actor that writes.

use std::sync::Arc;
use std::time::Duration;

use macaque_core::config::ConfigMapRef;

use super::recent::RecentHistory;
use crate::facts::FactListener;
use crate::platform::Platform;

/// The least time between two writes, unless a test wants another.
const INTERVAL: Duration = Duration::from_secs(60);

/// Where the history of this process is written, and what waits to be written. Clones share it.
#[derive(Debug, Clone)]
pub struct HistoryRecording {
    pub(super) recent: Arc<RecentHistory>,
    pub(super) place: Option<ConfigMapRef>,
    pub(super) interval: Duration,
    is_logged: bool,
}

impl HistoryRecording {
    /// Writes the history to `place`, if there is one, and logs each entry if `is_logged`.
    pub fn new(place: Option<ConfigMapRef>, is_logged: bool, platform: &Platform) -> Self {
        Self {
            recent: Arc::new(RecentHistory::new(place.is_some(), is_logged, platform)),
            place,
            interval: INTERVAL,
            is_logged,
        }
    }

    /// Neither writes nor logs anything.
    pub fn off(platform: &Platform) -> Self {
        Self::new(None, false, platform)
    }

    /// Begins with a dry run, of which nothing is written until a reload ends it.
    pub fn in_dry_run(self) -> Self {
        self.recent.set_dry_run(true);
        self
    }

    /// Sets the least time between two writes.
    pub fn with_interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Whether the history is written at all.
    pub fn is_on(&self) -> bool {
        self.place.is_some()
    }

    /// The listener that notes what is to be written or logged, if anything is.
    pub fn listener(&self) -> Option<Arc<dyn FactListener>> {
        let recent: Arc<dyn FactListener> = Arc::clone(&self.recent) as _;
        Some(recent).filter(|_| self.is_on() || self.is_logged)
    }
}
