//! What is the same for all who ask within a second: so no number of them makes it be made more often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Platform;

/// How long it is the same.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Something that was made last, and when.
pub(super) struct Fresh<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Fresh<T> {
    /// What was made a moment ago, or is made now.
    pub(super) fn get(&self, platform: &Platform, make: impl FnOnce() -> T) -> T {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);

        let now = platform.monotonic();
        match &*made {
            Some((at, fresh)) if now - *at < FRESH => fresh.clone(),
            _ => {
                let new = make();
                *made = Some((now, new.clone()));
                new
            }
        }
    }
}
