//! A channel to which reports are delivered.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::outgoing::OutgoingMessage;
use super::service::ChatService;
use super::url::destination;

/// A channel to which reports are delivered.
#[derive(Debug, Clone)]
pub enum Channel {
    /// macaque's own log.
    Log,
    /// A listener in the same process: the demo's screen, or a test.
    Listener(Sender<OutgoingMessage>),
    /// A chat service.
    Service(Arc<dyn ChatService>),
}

impl Channel {
    /// The channel's name, for logs and the journal; never its destination.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Listener(_) => "listener",
            Self::Service(service) => service.spec().name,
        }
    }

    /// Whether messages in the channel can be replied to and edited.
    pub fn has_threads(&self) -> bool {
        match self {
            Self::Log | Self::Listener(_) => false,
            Self::Service(service) => service.has_threads(),
        }
    }

    /// Whether the channel is a chat service, where people are disturbed.
    pub fn is_chat(&self) -> bool {
        matches!(self, Self::Service(_))
    }

    /// Whether the channel needs TLS.
    pub(super) fn needs_tls(&self) -> bool {
        let Self::Service(service) = self else {
            return false;
        };
        destination(service.url()).is_ok_and(|uri| uri.scheme_str() == Some("https"))
    }
}

impl<S: ChatService + 'static> From<S> for Channel {
    fn from(service: S) -> Self {
        Self::Service(Arc::new(service))
    }
}
