//! An address that stays valid when an actor is restarted: senders keep it, and each incarnation connects itself.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use actix::dev::SendError;
use actix::{Message, Recipient};

/// The address of the current incarnation of an actor, for messages `M`. Clones share one connection.
pub struct StableRecipient<M>(Arc<RwLock<Option<Recipient<M>>>>)
where
    M: Message + Send + 'static,
    M::Result: Send;

impl<M> StableRecipient<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// Delivers messages to `actor` from now on.
    pub fn connect(&self, actor: Recipient<M>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(actor);
    }

    /// Returns messages to their senders from now on.
    pub fn disconnect(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends `message` to the connected actor.
    ///
    /// # Errors
    /// Returns the message if no actor accepted it.
    pub fn send(&self, message: M) -> Result<(), M> {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            None => Err(message),
            Some(actor) => actor.try_send(message).map_err(|error| match error {
                SendError::Full(message) | SendError::Closed(message) => message,
            }),
        }
    }
}

impl<M> Default for StableRecipient<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<M> Clone for StableRecipient<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> fmt::Debug for StableRecipient<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StableRecipient")
    }
}
