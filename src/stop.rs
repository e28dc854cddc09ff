//! The request to stop a round. It takes effect at once between two victims, and after a grace during a call.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::platform::Platform;

/// Asks a round to stop.
#[derive(Debug)]
pub struct StopSwitch {
    platform: Platform,
    state: Arc<StopState>,
}

/// Shows a round that it is asked to stop.
#[derive(Debug, Clone)]
pub struct StopToken {
    platform: Platform,
    state: Arc<StopState>,
}

/// What a switch and its tokens share.
#[derive(Debug, Default)]
struct StopState {
    /// When the round was asked to stop.
    requested: OnceLock<Instant>,
    /// Wakes those who wait for that, in the order in which they began to.
    changed: Notify,
}

impl StopSwitch {
    /// Creates a switch and its token.
    pub fn new(platform: &Platform) -> (Self, StopToken) {
        let state = Arc::<StopState>::default();
        let switch = Self {
            platform: platform.clone(),
            state: Arc::clone(&state),
        };
        let token = StopToken {
            platform: platform.clone(),
            state,
        };
        (switch, token)
    }

    /// Asks the round to stop; a second request changes nothing.
    pub fn request(&self) {
        let now = self.platform.monotonic();
        if self.state.requested.set(now).is_ok() {
            self.state.changed.notify_waiters();
        }
    }
}

impl StopToken {
    /// Whether the round was asked to stop.
    pub fn is_requested(&self) -> bool {
        self.state.requested.get().is_some()
    }

    /// Waits for `work`; returns `None` if it is not done within `grace` of a request to stop. The grace starts at the
    /// request, so several waits share it.
    pub async fn within<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.grace_is_over(grace) => None,
        }
    }

    async fn grace_is_over(&self, grace: Duration) {
        loop {
            // Before the look at the state, so that no request in between is missed.
            let changed = self.state.changed.notified();
            if let Some(requested) = self.state.requested.get() {
                return self.platform.sleep_until(*requested + grace).await;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_millis(10);

    fn switch() -> (StopSwitch, StopToken) {
        StopSwitch::new(&Platform::system())
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_is_never_cut_short() {
        let (switch, stop) = switch();
        switch.request();
        assert_eq!(stop.within(Duration::ZERO, async { 7 }).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_left_after_the_grace() {
        let (switch, stop) = switch();
        switch.request();
        assert_eq!(stop.within(GRACE, std::future::pending::<()>()).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn two_waits_share_one_grace() {
        let (switch, stop) = switch();
        switch.request();
        assert_eq!(stop.within(GRACE, std::future::pending::<()>()).await, None);

        let ready_at_the_second_poll = async { tokio::task::yield_now().await };
        let waited = stop.within(GRACE, ready_at_the_second_poll).await;
        assert_eq!(waited, None, "the grace is over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_switch_stops_nothing() {
        let (switch, stop) = switch();
        drop(switch);
        let slow = tokio::time::sleep(3 * GRACE);
        assert_eq!(stop.within(GRACE, slow).await, Some(()));
    }
}
