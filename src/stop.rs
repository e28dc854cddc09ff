//! The request to stop a round. It takes effect at once between two victims, and after a grace during a call.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::platform::Platform;

/// Asks a round to stop.
#[derive(Debug)]
pub struct StopSwitch {
    platform: Platform,
    requested: watch::Sender<Option<Instant>>,
}

/// Shows a round that it is asked to stop.
#[derive(Debug, Clone)]
pub struct StopToken {
    platform: Platform,
    requested: watch::Receiver<Option<Instant>>,
}

impl StopSwitch {
    /// Creates a switch and its token.
    pub fn new(platform: &Platform) -> (Self, StopToken) {
        let (sender, receiver) = watch::channel(None);
        let switch = Self {
            platform: platform.clone(),
            requested: sender,
        };
        let token = StopToken {
            platform: platform.clone(),
            requested: receiver,
        };
        (switch, token)
    }

    /// Asks the round to stop; a second request changes nothing.
    pub fn request(&self) {
        let now = self.platform.monotonic();
        self.requested
            .send_if_modified(|requested| requested.is_none() && requested.replace(now).is_none());
    }
}

impl StopToken {
    /// Whether the round was asked to stop.
    pub fn is_requested(&self) -> bool {
        self.requested.borrow().is_some()
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
        let mut receiver = self.requested.clone();
        let requested = match receiver.wait_for(Option::is_some).await {
            Ok(requested) => *requested,
            Err(_) => None,
        };
        match requested {
            Some(requested) => self.platform.sleep_until(requested + grace).await,
            // The switch was dropped, so no request can come.
            None => std::future::pending().await,
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
