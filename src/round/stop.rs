//! The word to stop, as a round hears it: between two victims at once, in the middle of a call after a grace.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The hand on the switch.
#[derive(Debug)]
pub struct StopSwitch(watch::Sender<Option<Instant>>);

/// The ear of a round.
#[derive(Debug, Clone)]
pub struct StopToken(watch::Receiver<Option<Instant>>);

impl StopSwitch {
    /// A switch, and an ear for it.
    pub fn new() -> (Self, StopToken) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), StopToken(receiver))
    }

    /// Asks the round to stop. Asking twice is asking once.
    pub fn request(&self) {
        self.0
            .send_if_modified(|asked| asked.is_none() && asked.replace(Instant::now()).is_none());
    }
}

impl StopToken {
    /// Whether the round was asked to stop.
    pub fn is_requested(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits for `work`; once asked to stop, until `grace` after that and no longer: `None`. Several waits with one
    /// grace share it.
    pub async fn within<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut ear = self.0.clone();
        let patience = async move {
            let asked = match ear.wait_for(Option::is_some).await {
                Ok(asked) => *asked,
                Err(_) => None,
            };
            match asked {
                Some(asked) => tokio::time::sleep_until(asked + grace).await,
                // The switch is gone: nobody can ask any more.
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = patience => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_millis(10);

    #[actix_rt::test]
    async fn work_that_ends_is_never_cut_short() {
        let (switch, stop) = StopSwitch::new();
        switch.request();
        assert_eq!(stop.within(Duration::ZERO, async { 7 }).await, Some(7));
    }

    #[actix_rt::test]
    async fn work_that_never_ends_is_left_after_the_grace() {
        let (switch, stop) = StopSwitch::new();
        switch.request();
        assert_eq!(stop.within(GRACE, std::future::pending::<()>()).await, None);
    }

    #[actix_rt::test]
    async fn two_waits_share_one_grace() {
        let (switch, stop) = StopSwitch::new();
        switch.request();
        assert_eq!(stop.within(GRACE, std::future::pending::<()>()).await, None);
        let never_polled_twice = async { tokio::task::yield_now().await };
        assert_eq!(
            stop.within(GRACE, never_polled_twice).await,
            None,
            "the grace is over"
        );
    }

    #[actix_rt::test]
    async fn a_lost_switch_stops_nothing() {
        let (switch, stop) = StopSwitch::new();
        drop(switch);
        let slow = tokio::time::sleep(3 * GRACE);
        assert_eq!(stop.within(GRACE, slow).await, Some(()));
    }
}
