//! A limit on the connections at once: beyond it, the oldest ends for the newest.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A connection, which can be asked to end.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenConnection(Arc<Notify>);

/// The connections that count for one limit, the oldest first.
#[derive(Debug)]
pub(super) struct ConnectionLimit {
    most: usize,
    open: Mutex<VecDeque<OpenConnection>>,
}

impl OpenConnection {
    /// Waits until the connection has to end for another.
    pub(super) async fn is_to_end(&self) {
        self.0.notified().await;
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl ConnectionLimit {
    /// A limit of this many connections.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    /// Counts a connection; returns whether the oldest was asked to end for it.
    pub(super) fn admit(&self, connection: &OpenConnection) -> bool {
        let mut open = self.open();
        let oldest = if open.len() < self.most {
            None
        } else {
            open.pop_front()
        };
        open.push_back(connection.clone());

        let Some(oldest) = oldest else {
            return false;
        };
        oldest.0.notify_one();
        true
    }

    /// Counts a connection no longer.
    pub(super) fn release(&self, connection: &OpenConnection) {
        self.open().retain(|open| !open.is(connection));
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<OpenConnection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a connection was asked to end.
    fn has_to_end(connection: &OpenConnection) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut asked = std::pin::pin!(connection.is_to_end());
        asked.as_mut().poll(&mut context).is_ready()
    }

    #[test]
    fn the_oldest_connection_ends_for_the_newest_and_no_other_does() {
        let limit = ConnectionLimit::new(2);
        let [first, second, third, fourth] = [(); 4].map(|()| OpenConnection::default());
        assert!(!limit.admit(&first));
        assert!(!limit.admit(&second));
        assert!(limit.admit(&third));
        assert!(has_to_end(&first) && !has_to_end(&second));

        limit.release(&first);
        limit.release(&third);
        assert!(!limit.admit(&fourth), "there is room again");
        assert!(!has_to_end(&second) && !has_to_end(&fourth));
        assert_eq!(limit.open().len(), 2);
    }

    #[test]
    fn a_connection_is_asked_to_end_before_it_waits_for_that() {
        let limit = ConnectionLimit::new(1);
        let [first, second] = [(); 2].map(|()| OpenConnection::default());
        limit.admit(&first);
        limit.admit(&second);
        assert!(has_to_end(&first));
    }
}
