//! A channel to which reports are delivered.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::kind::{MessageKind, MessageKinds};
use super::message::MessageContext;
use super::outgoing::OutgoingMessage;
use super::route::Route;
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
    /// The victims whom its messages are about, if not all.
    pub route: Option<Arc<Route>>,
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

    /// What the channel gets of `message`; `None` if it is of no kind that it takes, or does not concern it. The log and
    /// listeners get every one.
    pub fn view<'a>(
        &self,
        message: &'a OutgoingMessage,
        context: &MessageContext,
    ) -> Option<Cow<'a, OutgoingMessage>> {
        let Self::Service(channel) = self else {
            return Some(Cow::Borrowed(message));
        };
        let part = match &channel.route {
            Some(route) => route.part_of(message, context)?,
            None => Cow::Borrowed(message),
        };
        Some(part).filter(|part| channel.kinds.include(part))
    }

    /// Whether a victim in this namespace and of this team concerns the channel.
    pub fn concerns(&self, namespace: &str, team: Option<&str>) -> bool {
        match self {
            Self::Log | Self::Listener(_) => true,
            Self::Service(channel) => {
                let route = channel.route.as_ref();
                route.is_none_or(|route| route.is_about(namespace, team))
            }
        }
    }

    /// Whether it is a service that gets notices of this kind, which only exist because somebody wants them. A route gets
    /// none.
    pub fn asks_for(&self, kind: MessageKind) -> bool {
        match self {
            Self::Log | Self::Listener(_) => false,
            Self::Service(channel) => channel.route.is_none() && channel.kinds.has_any(&[kind]),
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
            route: None,
        }
    }
}

impl<S: NotifyService + 'static> From<S> for Channel {
    fn from(service: S) -> Self {
        Self::Service(ServiceChannel::new(Arc::new(service)))
    }
}
