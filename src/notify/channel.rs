//! A channel to which reports are delivered.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::kind::{MessageKind, MessageKinds};
use super::outgoing::OutgoingMessage;
use super::service::NotifyService;
use super::url::destination;

/// A channel to which reports are delivered.
#[derive(Debug, Clone)]
pub enum Channel {
    /// macaque's own log.
    Log,
    /// A listener in the same process: the demo's screen, or a test.
    Listener(Sender<OutgoingMessage>),
    /// A service.
    Service(ServiceChannel),
}

/// A service, and the messages that it gets.
#[derive(Debug, Clone)]
pub struct ServiceChannel {
    /// The service.
    pub service: Arc<dyn NotifyService>,
    /// The name, in logs, metrics and the journal; it must not change.
    pub name: Arc<str>,
    /// The kinds of messages that it gets.
    pub kinds: MessageKinds,
}

impl Channel {
    /// The channel's name, for logs and the journal; never its destination.
    pub fn name(&self) -> &str {
        match self {
            Self::Log => "log",
            Self::Listener(_) => "listener",
            Self::Service(channel) => &channel.name,
        }
    }

    /// Whether messages in the channel can be replied to and edited.
    pub fn has_threads(&self) -> bool {
        match self {
            Self::Log | Self::Listener(_) => false,
            Self::Service(channel) => channel.service.has_threads(),
        }
    }

    /// Whether the channel gets `message`; the log and listeners get every one.
    pub fn takes(&self, message: &OutgoingMessage) -> bool {
        match self {
            Self::Log | Self::Listener(_) => true,
            Self::Service(channel) => channel.kinds.include(message),
        }
    }

    /// Whether the messages about rounds are marked there once every victim has recovered: where they can be edited, and
    /// recoveries are of interest.
    pub fn has_marks(&self) -> bool {
        let Self::Service(channel) = self else {
            return false;
        };
        self.has_threads()
            && channel
                .kinds
                .has_any(&[MessageKind::Recovery, MessageKind::Recovered])
    }

    /// Whether the channel needs TLS.
    pub(super) fn needs_tls(&self) -> bool {
        let Self::Service(channel) = self else {
            return false;
        };
        destination(channel.service.url()).is_ok_and(|uri| uri.scheme_str() == Some("https"))
    }
}

impl ServiceChannel {
    /// A channel to `service` under the service's own name, for messages of its default kinds.
    pub fn new(service: Arc<dyn NotifyService>) -> Self {
        Self {
            name: service.name().into(),
            kinds: service.kinds(&MessageKinds::default()),
            service,
        }
    }
}

impl<S: NotifyService + 'static> From<S> for Channel {
    fn from(service: S) -> Self {
        Self::Service(ServiceChannel::new(Arc::new(service)))
    }
}
