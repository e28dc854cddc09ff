//! A line to whoever holds a role now. It outlives every holder, so nobody is rewired when one is replaced.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use actix::dev::SendError;
use actix::{Message, Recipient};

/// A line that carries messages `M`; clones lead to the same place.
pub struct StableRecipient<M>(Arc<RwLock<Option<Recipient<M>>>>)
where
    M: Message + Send + 'static,
    M::Result: Send;

impl<M> StableRecipient<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// Leads the line to `holder`.
    pub fn connect(&self, holder: Recipient<M>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(holder);
    }

    /// Leads the line nowhere.
    pub fn disconnect(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends `message` to the present holder.
    ///
    /// # Errors
    /// Nobody took it: here it is again.
    pub fn send(&self, message: M) -> Result<(), M> {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            None => Err(message),
            Some(holder) => holder.try_send(message).map_err(|error| match error {
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
        f.write_str("Line")
    }
}
