//! The channels there are, what each needs to know, and which service speaks for it.

use std::fmt;
use std::sync::mpsc::Sender;

use secrecy::{ExposeSecret, SecretString};

use super::delivery::{DeliveryResult, ServiceAnswer};
use super::http::{self, PostRequest};
use super::message::RoundMessage;
use super::{slack, webex};

/// Slack's Web API.
pub const SLACK_API: &str = "https://slack.com/api";
/// Webex's REST API.
pub const WEBEX_API: &str = "https://webexapis.com/v1";

/// One way to tell people.
#[derive(Debug, Clone)]
pub enum Channel {
    /// Lines in macaque's own log.
    Log,
    /// A listener in this very process: the demo's screen, or a test.
    Relay(Sender<RoundMessage>),
    /// A Slack bot.
    SlackBot(SlackBot),
    /// A Slack incoming webhook, or a service that speaks like one.
    SlackWebhook(SlackWebhook),
    /// A Webex bot.
    Webex(WebexBot),
}

/// A Slack bot with the scope `chat:write`, in a channel it has been invited to.
#[derive(Clone)]
pub struct SlackBot {
    /// The bot token, `xoxb-…`.
    pub token: SecretString,
    /// The channel's ID, or its name.
    pub channel: String,
    /// [`SLACK_API`], or a relay's base URL.
    pub api_url: String,
}

/// A Slack incoming webhook; its URL is the secret.
#[derive(Clone)]
pub struct SlackWebhook {
    /// The whole URL.
    pub url: SecretString,
}

/// A Webex bot in a room it has been added to.
#[derive(Clone)]
pub struct WebexBot {
    /// The bot's access token.
    pub token: SecretString,
    /// The room's ID.
    pub room_id: String,
    /// [`WEBEX_API`], or a relay's base URL.
    pub api_url: String,
}

/// Why a URL cannot be posted to; it does not repeat the URL, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It cannot be read as a URL.
    #[error("is not a URL")]
    Malformed,
    /// It names no host.
    #[error("has no host")]
    NoHost,
    /// It carries credentials where they are logged and forwarded.
    #[error("holds a user name")]
    UserName,
    /// It would send the message, and the token, in the clear.
    #[error("would send a secret in clear text")]
    InTheClear,
    /// It is of another scheme.
    #[error("is not https")]
    NotHttps,
}

/// Whether a channel may post to `url`: https, or http to this very host.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(url: &str) -> Result<(), UrlError> {
    http::destination(url).map(|_| ())
}

impl Channel {
    /// The channel's kind, for logs and metrics; never its destination.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Relay(_) => "relay",
            Self::SlackBot(_) => "slack",
            Self::SlackWebhook(_) => "slack-webhook",
            Self::Webex(_) => "webex",
        }
    }

    /// Whether the channel is reached by TLS.
    pub(super) fn needs_tls(&self) -> bool {
        self.url()
            .is_some_and(|url| http::destination(url).is_ok_and(|uri| uri.scheme_str() == Some("https")))
    }

    /// What people call the service.
    pub(super) fn service(&self) -> &'static str {
        match self {
            Self::Log => "the log",
            Self::Relay(_) => "the listener",
            Self::SlackBot(_) => "Slack",
            Self::SlackWebhook(_) => "the Slack webhook",
            Self::Webex(_) => "Webex",
        }
    }

    /// The request that carries `message`; `None` for a channel within this process.
    pub(super) fn post<'a>(&'a self, message: &RoundMessage) -> Option<PostRequest<'a>> {
        match self {
            Self::Log | Self::Relay(_) => None,
            Self::SlackBot(bot) => Some(PostRequest {
                url: format!("{}/chat.postMessage", bot.api_url.trim_end_matches('/')),
                bearer: Some(&bot.token),
                body: slack::bot_payload(message, bot),
            }),
            Self::SlackWebhook(hook) => Some(PostRequest {
                url: hook.url.expose_secret().to_owned(),
                bearer: None,
                body: slack::webhook_payload(message),
            }),
            Self::Webex(webex) => Some(PostRequest {
                url: format!("{}/messages", webex.api_url.trim_end_matches('/')),
                bearer: Some(&webex.token),
                body: webex::payload(message, webex),
            }),
        }
    }

    /// What `answer` means.
    pub(super) fn judge(&self, answer: &ServiceAnswer) -> DeliveryResult {
        match self {
            Self::Log | Self::Relay(_) => Ok(()),
            Self::SlackBot(_) => slack::judge_bot(answer),
            Self::SlackWebhook(_) => slack::judge_webhook(answer),
            Self::Webex(_) => webex::judge(answer),
        }
    }

    /// `text` without this channel's secret and destination, should a service echo them.
    pub(super) fn redact(&self, text: &str) -> String {
        let hidden = match self {
            Self::Log | Self::Relay(_) => vec![],
            Self::SlackBot(bot) => vec![bot.token.expose_secret(), &bot.api_url],
            Self::SlackWebhook(hook) => vec![hook.url.expose_secret()],
            Self::Webex(webex) => vec![webex.token.expose_secret(), &webex.room_id, &webex.api_url],
        };
        let hidden = hidden.into_iter().filter(|secret| !secret.is_empty());
        hidden.fold(text.to_owned(), |text, secret| text.replace(secret, "[hidden]"))
    }

    fn url(&self) -> Option<&str> {
        match self {
            Self::Log | Self::Relay(_) => None,
            Self::SlackBot(bot) => Some(&bot.api_url),
            Self::SlackWebhook(hook) => Some(hook.url.expose_secret()),
            Self::Webex(webex) => Some(&webex.api_url),
        }
    }
}

impl fmt::Debug for SlackBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackBot").finish_non_exhaustive()
    }
}

impl fmt::Debug for SlackWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackWebhook").finish_non_exhaustive()
    }
}

impl fmt::Debug for WebexBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webex").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let webex = Channel::Webex(WebexBot {
            token: "tok-1".into(),
            room_id: "room-1".to_owned(),
            api_url: WEBEX_API.to_owned(),
        });
        assert_eq!(webex.redact("no tok-1 in room-1"), "no [hidden] in [hidden]");
    }
}
