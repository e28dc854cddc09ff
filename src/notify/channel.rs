//! A channel to which reports are delivered, and the trait that chat services implement.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::delivery::{DeliveryResult, ServiceAnswer};
use super::http::{self, PostRequest};
use super::message::RoundMessage;
use super::registry::ServiceSpec;

/// A channel to which reports are delivered.
#[derive(Debug, Clone)]
pub enum Channel {
    /// macaque's own log.
    Log,
    /// A listener in the same process: the demo's screen, or a test.
    Listener(Sender<RoundMessage>),
    /// A chat service.
    Service(Arc<dyn ChatService>),
}

/// A configured chat service; its `Debug` output shows neither its secret nor its destination.
pub trait ChatService: fmt::Debug + Send + Sync {
    /// The names and settings of the service.
    fn spec(&self) -> &'static ServiceSpec;

    /// The URL of the service.
    fn url(&self) -> &str;

    /// The request that carries `message`.
    fn request(&self, message: &RoundMessage) -> PostRequest<'_>;

    /// The meaning of `answer`.
    fn judge(&self, answer: &ServiceAnswer) -> DeliveryResult;

    /// The texts to hide if the service echoes them: the secret and the destination.
    fn hidden(&self) -> Vec<&str>;
}

/// The reason why a URL cannot be used. Does not repeat the URL, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The text is not a URL.
    #[error("is not a URL")]
    Malformed,
    /// The URL names no host.
    #[error("has no host")]
    NoHost,
    /// The URL holds credentials, which would be logged and forwarded with it.
    #[error("holds a user name")]
    UserName,
    /// The URL would send the message and the token unencrypted.
    #[error("would send a secret in clear text")]
    InTheClear,
    /// The URL has another scheme.
    #[error("is not https")]
    NotHttps,
}

/// Checks that a channel may post to `url`, which must be https, or http to a loopback address.
///
/// # Errors
/// What is wrong with the URL.
pub fn check_url(url: &str) -> Result<(), UrlError> {
    http::destination(url).map(|_| ())
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

    /// Whether the channel needs TLS.
    pub(super) fn needs_tls(&self) -> bool {
        let Self::Service(service) = self else {
            return false;
        };
        http::destination(service.url()).is_ok_and(|uri| uri.scheme_str() == Some("https"))
    }
}

impl<S: ChatService + 'static> From<S> for Channel {
    fn from(service: S) -> Self {
        Self::Service(Arc::new(service))
    }
}

/// Replaces the secret and the destination of `service` in `text`, in case its answer echoes them.
pub(super) fn redact(service: &dyn ChatService, text: &str) -> String {
    let hidden = service.hidden().into_iter().filter(|hidden| !hidden.is_empty());
    hidden.fold(text.to_owned(), |text, hidden| text.replace(hidden, "[hidden]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::webex::{WEBEX_API, WebexBot};

    #[test]
    fn a_url_is_https_or_loopback_and_its_mistake_is_named() {
        for good in [
            "https://hooks.slack.com/services/T0/B0/x",
            "HTTPS://relay.example:8443/a?b=c",
            "http://127.0.0.1:9/x",
            "http://localhost/x",
            "http://[::1]:80",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let bad = [
            ("", UrlError::Malformed),
            ("https://a b/", UrlError::Malformed),
            ("https://", UrlError::Malformed),
            ("/services/x", UrlError::NoHost),
            ("slack", UrlError::NotHttps),
            ("ftp://a/b", UrlError::NotHttps),
            ("https://u:p@a/", UrlError::UserName),
        ];
        for (bad, mistake) in bad {
            assert_eq!(check_url(bad), Err(mistake), "{bad}");
        }
        for clear in [
            "http://slack.com/api",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
        ] {
            assert_eq!(check_url(clear), Err(UrlError::InTheClear), "{clear}");
        }
    }

    #[test]
    fn an_echoed_secret_is_hidden() {
        let webex = WebexBot {
            token: "tok-1".into(),
            room_id: "room-1".to_owned(),
            api_url: WEBEX_API.to_owned(),
        };
        assert_eq!(redact(&webex, "no tok-1 in room-1"), "no [hidden] in [hidden]");
    }
}
