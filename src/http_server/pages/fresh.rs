//! What is the same for all who ask within a while: so no number of them makes it be made more often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Platform;

/// How long it is the same, unless it is made for longer.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Something that was made last, and when.
pub(super) struct Fresh<T> {
    lasts: Duration,
    made: Mutex<Option<(Instant, T)>>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self::lasting(FRESH)
    }
}

impl<T> Fresh<T> {
    /// Nothing yet; what is made lasts so long.
    pub(super) fn lasting(lasts: Duration) -> Self {
        Self {
            lasts,
            made: Mutex::new(None),
        }
    }
}

impl<T: Clone> Fresh<T> {
    /// What was made a while ago, or is made now.
    pub(super) fn get(&self, platform: &Platform, make: impl FnOnce() -> T) -> T {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);

        let now = platform.monotonic();
        match &*made {
            Some((at, fresh)) if now - *at < self.lasts => fresh.clone(),
            _ => {
                let new = make();
                // It may have taken long: it lasts from when it is there, or it would be made for everybody anew.
                *made = Some((platform.monotonic(), new.clone()));
                new
            }
        }
    }
}
