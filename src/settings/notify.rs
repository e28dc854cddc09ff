//! Proves the channels' settings: each is complete or absent.

use secrecy::{ExposeSecret, SecretString};

use crate::notify::{Channel, SlackBot, SlackWebhook, WebexBot};

use super::decoder::{GivenValue, SettingsDecoder};
use super::mistake::MistakeReported;
use super::secret::{HTTPS, ReadFile, secret, url_fault};

/// Which channels a report goes to, beside the log. What is secret is never shown, in `Debug` neither.
#[derive(Debug, Clone, Default)]
pub struct NotifySettings {
    /// A Slack bot.
    pub slack: Option<SlackBot>,
    /// A Slack incoming webhook.
    pub slack_webhook: Option<SlackWebhook>,
    /// A Webex bot.
    pub webex: Option<WebexBot>,
}

impl NotifySettings {
    /// The channels that are set.
    pub fn channels(&self) -> Vec<Channel> {
        let Self {
            slack,
            slack_webhook,
            webex,
        } = self.clone();
        let slack = slack.map(Channel::SlackBot);
        let slack_webhook = slack_webhook.map(Channel::SlackWebhook);
        let webex = webex.map(Channel::Webex);
        [slack, slack_webhook, webex].into_iter().flatten().collect()
    }
}

/// Decodes `[notify.…]`.
pub(super) fn notify(d: &mut SettingsDecoder, read: ReadFile<'_>) -> Result<NotifySettings, MistakeReported> {
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
        slack: slack?.map(|bot| SlackBot {
            token: bot.token,
            channel: bot.destination,
            api_url: bot.api_url,
        }),
        slack_webhook: slack_webhook?,
        webex: webex?.map(|bot| WebexBot {
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

fn bot(d: &mut SettingsDecoder, read: ReadFile<'_>, keys: &BotKeys) -> Result<Option<Bot>, MistakeReported> {
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

fn webhook(d: &mut SettingsDecoder, url: GivenValue<SecretString>) -> Result<SlackWebhook, MistakeReported> {
    match url_fault(url.value.expose_secret()) {
        None => Ok(SlackWebhook { url: url.value }),
        Some(wrong) => Err(d.refuse(&url, format!("the URL {wrong}"), HTTPS)),
    }
}
