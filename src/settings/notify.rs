//! Proves the channels' settings: each complete or absent, secrets by value or by file, addresses that are safe.

use std::io;
use std::path::Path;

use http::Uri;
use secrecy::{ExposeSecret, SecretString};

use super::decoder::{Decoder, Given};
use super::mistake::{Reported, quote};

/// Which channels a report goes to, beside the log. What is secret is never shown, in `Debug` neither.
#[derive(Debug, Clone, Default)]
pub struct NotifySettings {
    /// A Slack bot.
    pub slack: Option<SlackSettings>,
    /// A Slack incoming webhook.
    pub slack_webhook: Option<SlackWebhookSettings>,
    /// A Webex bot.
    pub webex: Option<WebexSettings>,
}

/// A Slack bot, by its token.
#[derive(Debug, Clone)]
pub struct SlackSettings {
    /// The bot's token.
    pub token: SecretString,
    /// The channel to write to.
    pub channel: String,
    /// Where Slack's Web API answers, without a slash at the end.
    pub api_url: String,
}

/// A Slack incoming webhook.
#[derive(Debug, Clone)]
pub struct SlackWebhookSettings {
    /// Its URL, `https`, or `http` on this machine; whoever knows it can write to the channel.
    pub url: SecretString,
}

/// A Webex bot, by its token.
#[derive(Debug, Clone)]
pub struct WebexSettings {
    /// The bot's token.
    pub token: SecretString,
    /// The room to write to.
    pub room_id: String,
    /// Where Webex's API answers, without a slash at the end.
    pub api_url: String,
}

/// How a secret's file is read; an argument, so that decoding stays pure.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Decodes `[notify.…]`.
pub(super) fn notify(d: &mut Decoder, read: ReadFile<'_>) -> Result<NotifySettings, Reported> {
    let slack = bot(d, read, &SLACK);
    let slack_webhook = secret(
        d,
        read,
        "notify.slack_webhook.url",
        "notify.slack_webhook.url_file",
    )
    .and_then(|url| url.map(|url| webhook(d, url)).transpose());
    let webex = bot(d, read, &WEBEX);
    Ok(NotifySettings {
        slack: slack?.map(|bot| SlackSettings {
            token: bot.token,
            channel: bot.destination,
            api_url: bot.api_url,
        }),
        slack_webhook: slack_webhook?,
        webex: webex?.map(|bot| WebexSettings {
            token: bot.token,
            room_id: bot.destination,
            api_url: bot.api_url,
        }),
    })
}

/// The keys of a bot: a token, and a destination, neither of use without the other.
struct BotKeys {
    token: &'static str,
    token_file: &'static str,
    destination: &'static str,
    api_url: &'static str,
}

const SLACK: BotKeys = BotKeys {
    token: "notify.slack.token",
    token_file: "notify.slack.token_file",
    destination: "notify.slack.channel",
    api_url: "notify.slack.api_url",
};

const WEBEX: BotKeys = BotKeys {
    token: "notify.webex.token",
    token_file: "notify.webex.token_file",
    destination: "notify.webex.room_id",
    api_url: "notify.webex.api_url",
};

struct Bot {
    token: SecretString,
    destination: String,
    api_url: String,
}

fn bot(d: &mut Decoder, read: ReadFile<'_>, keys: &BotKeys) -> Result<Option<Bot>, Reported> {
    let token = secret(d, read, keys.token, keys.token_file);
    let destination = d.optional(keys.destination);
    let api_url = d.text(keys.api_url).and_then(|url| match url_fault(&url.value) {
        None => Ok(url.value.trim_end_matches('/').to_owned()),
        Some(wrong) => Err(d.refuse(&url, format!("the URL {wrong}"), HTTPS)),
    });
    match (token?, destination?) {
        (None, None) => api_url.map(|_| None),
        (Some(token), Some(destination)) => Ok(Some(Bot {
            token: token.value,
            destination: destination.value,
            api_url: api_url?,
        })),
        (Some(token), None) => {
            let why = format!("is not set, but {} is", token.place());
            Err(d.missing(keys.destination, &why, "set both or neither"))
        }
        (None, Some(destination)) => {
            let why = format!("is not set, but {} is", destination.place());
            let right = format!("set it or {}, or neither", keys.token_file);
            Err(d.missing(keys.token, &why, right))
        }
    }
}

fn webhook(d: &mut Decoder, url: Given<SecretString>) -> Result<SlackWebhookSettings, Reported> {
    match url_fault(url.value.expose_secret()) {
        None => Ok(SlackWebhookSettings { url: url.value }),
        Some(wrong) => Err(d.refuse(&url, format!("the URL {wrong}"), HTTPS)),
    }
}

/// A secret by value or from a file, whose line break at the end does not count.
fn secret(
    d: &mut Decoder,
    read: ReadFile<'_>,
    by_value: &'static str,
    by_file: &'static str,
) -> Result<Option<Given<SecretString>>, Reported> {
    let value = d
        .optional(by_value)
        .map(|given| given.map(|given| given.map(SecretString::from)));
    let file = d.optional(by_file);
    let given = match (value?, file?) {
        (None, None) => return Ok(None),
        (Some(value), None) => value,
        (None, Some(path)) => from_file(d, read, path)?,
        (Some(value), Some(path)) => {
            let wrong = format!("is set, and so is {}", path.place());
            return Err(d.refuse(&value, wrong, "keep one of the two"));
        }
    };
    match given.value.expose_secret().chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(Some(given)),
        false => Err(d.refuse(
            &given,
            "the secret holds a blank or another character that none can have",
            "copy it again",
        )),
    }
}

fn from_file(
    d: &mut Decoder,
    read: ReadFile<'_>,
    path: Given<String>,
) -> Result<Given<SecretString>, Reported> {
    match read(Path::new(&path.value)) {
        Err(error) => {
            let wrong = format!("cannot read {}: {error}", quote(&path.value));
            Err(d.refuse(&path, wrong, "mount the secret there, or correct the path"))
        }
        Ok(text) => match text.trim_end_matches(['\r', '\n']) {
            "" => {
                let wrong = format!("{} is empty", quote(&path.value));
                Err(d.refuse(&path, wrong, "write the secret to it"))
            }
            secret => {
                let secret = SecretString::from(secret);
                Ok(path.map(|_| secret))
            }
        },
    }
}

const HTTPS: &str = "use an address that begins with https:// (http:// only for this machine itself)";

/// What is wrong with an address to which a secret is sent; the words do not repeat it.
fn url_fault(url: &str) -> Option<&'static str> {
    let Ok(uri) = url.parse::<Uri>() else {
        return Some("is not a URL");
    };
    let Some(authority) = uri.authority() else {
        return Some("has no host");
    };
    match uri.scheme_str() {
        _ if authority.as_str().contains('@') => Some("holds a user name"),
        _ if url.contains('#') || uri.query().is_some() => Some("has a part after ? or #"),
        Some("https") => None,
        Some("http") if is_loopback(authority.host()) => None,
        Some("http") => Some("would send a secret in clear text"),
        _ => Some("is not https"),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_travels_by_https_or_stays_on_this_machine() {
        for good in [
            "https://slack.com/api",
            "https://hooks.slack.com/services/T/B/x",
            "http://127.0.0.1:8080/",
            "http://localhost:1",
            "http://[::1]:1/x",
        ] {
            assert_eq!(url_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "slack.com",
            "/api",
            "http://slack.com",
            "http://127.0.0.1.example.com",
            "ftp://slack.com",
            "https://user:pw@slack.com",
            "https://",
            "https://slack.com/?a=b",
            "https://slack.com/#a",
        ] {
            assert!(url_fault(bad).is_some(), "{bad}");
        }
    }
}
