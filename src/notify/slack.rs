//! Slack, by a bot or an incoming webhook: the payload of a message, and the meaning of the answers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use super::delivery::{
    DeliveryError, DeliveryResult, ServiceAnswer, cut_short, is_code, judge_status, not_understood,
};
use super::message::RoundMessage;
use super::service::{ChatService, FieldKind, PostRequest, ServiceField, ServiceSpec};
use crate::text::{chars, escape_within, list};

/// The base URL of Slack's Web API.
pub const SLACK_API: &str = "https://slack.com/api";

/// The specification of the Slack bot.
pub static BOT: ServiceSpec = ServiceSpec {
    name: "slack",
    title: "Slack",
    fields: &[
        ServiceField {
            path: "notify.slack.token",
            doc: "The token of a Slack bot.",
            kind: FieldKind::Secret {
                file_path: "notify.slack.token_file",
                file_doc: "A file that holds the token of a Slack bot.",
                is_url: false,
            },
            old_variable: Some("MACAQUE_SLACK_TOKEN"),
        },
        ServiceField {
            path: "notify.slack.channel",
            doc: "The Slack channel to write to, by its ID or name.",
            kind: FieldKind::Text,
            old_variable: Some("MACAQUE_SLACK_CHANNEL"),
        },
        ServiceField {
            path: "notify.slack.api_url",
            doc: "The URL of Slack's Web API.",
            kind: FieldKind::Url(SLACK_API),
            old_variable: None,
        },
    ],
    open: |fields| {
        Arc::new(SlackBot {
            token: fields.secret("notify.slack.token"),
            channel: fields.text("notify.slack.channel"),
            api_url: fields.text("notify.slack.api_url"),
        })
    },
};

/// The specification of the Slack incoming webhook, which compatible services accept too.
pub static WEBHOOK: ServiceSpec = ServiceSpec {
    name: "slack-webhook",
    title: "the Slack webhook",
    fields: &[ServiceField {
        path: "notify.slack_webhook.url",
        doc: "The URL of a Slack incoming webhook; anyone who knows it can post messages.",
        kind: FieldKind::Secret {
            file_path: "notify.slack_webhook.url_file",
            file_doc: "A file that holds the URL of a Slack incoming webhook.",
            is_url: true,
        },
        old_variable: None,
    }],
    open: |fields| {
        Arc::new(SlackWebhook {
            url: fields.secret("notify.slack_webhook.url"),
        })
    },
};

/// A Slack bot with the scope `chat:write`, in a channel that it has been invited to.
#[derive(Clone)]
pub struct SlackBot {
    /// The bot token, `xoxb-…`.
    pub token: SecretString,
    /// The channel's ID, or its name.
    pub channel: String,
    /// The base URL: [`SLACK_API`], or that of a relay.
    pub api_url: String,
}

/// A Slack incoming webhook; its URL is the secret.
#[derive(Clone)]
pub struct SlackWebhook {
    /// The complete URL.
    pub url: SecretString,
}

impl ChatService for SlackBot {
    fn spec(&self) -> &'static ServiceSpec {
        &BOT
    }

    fn url(&self) -> &str {
        &self.api_url
    }

    fn request(&self, message: &RoundMessage) -> PostRequest<'_> {
        PostRequest {
            url: format!("{}/chat.postMessage", self.api_url.trim_end_matches('/')),
            bearer: Some(&self.token),
            body: bot_payload(message, self),
        }
    }

    fn judge(&self, answer: &ServiceAnswer) -> DeliveryResult {
        judge_bot(answer)
    }

    fn hidden(&self) -> Vec<&str> {
        vec![self.token.expose_secret(), &self.api_url]
    }
}

impl ChatService for SlackWebhook {
    fn spec(&self) -> &'static ServiceSpec {
        &WEBHOOK
    }

    fn url(&self) -> &str {
        self.url.expose_secret()
    }

    fn request(&self, message: &RoundMessage) -> PostRequest<'_> {
        PostRequest {
            url: self.url.expose_secret().to_owned(),
            bearer: None,
            body: webhook_payload(message),
        }
    }

    fn judge(&self, answer: &ServiceAnswer) -> DeliveryResult {
        judge_webhook(answer)
    }

    fn hidden(&self) -> Vec<&str> {
        vec![self.url.expose_secret()]
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

/// Slack's limit for a header block, in characters.
const HEADER: usize = 150;
/// Slack's limit for the text of a section block, in characters.
const SECTION: usize = 3000;
/// macaque's own limit for the context block, which a footer can exceed only by escaping.
const CONTEXT: usize = 1500;

/// The body of `chat.postMessage`.
pub fn bot_payload(message: &RoundMessage, bot: &SlackBot) -> Value {
    let mut payload = webhook_payload(message);
    payload["channel"] = json!(bot.channel);
    payload
}

/// The body of an incoming webhook. All texts are `plain_text` and escaped, so that no text from the cluster can
/// mention people, create links or format.
pub fn webhook_payload(message: &RoundMessage) -> Value {
    let victims = message.victims.iter().map(|victim| &victim.line);
    let mut blocks = vec![json!({"type": "header", "text": plain(&message.headline, HEADER)})];
    blocks.extend(section(victims));
    blocks.extend(section(message.notes.iter()));
    blocks.push(json!({"type": "context", "elements": [plain(&message.footer, CONTEXT)]}));

    json!({
        "text": escape_within(&message.headline, SECTION, escape),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

/// Judges an answer of `chat.postMessage`, whose 200 is a success only with `"ok": true`.
pub fn judge_bot(answer: &ServiceAnswer) -> DeliveryResult {
    let parsed = SlackAnswer::of(&answer.body);
    let error = parsed.error.filter(|code| is_code(code));
    judge_status("Slack", answer, error.as_deref())?;

    match (parsed.ok, error) {
        (Some(true), _) => Ok(()),
        (Some(false), Some(code)) => Err(refused(&code, answer)),
        (Some(false), None) => Err(DeliveryError::permanent(
            "Slack refused the message without a reason",
        )),
        (None, _) if !answer.whole && parsed.unfinished => Err(cut_short("Slack")),
        (None, _) => Err(not_understood("Slack", answer.status)),
    }
}

/// Judges an answer of an incoming webhook: `ok` is a success, and errors are texts like `no_service`.
pub fn judge_webhook(answer: &ServiceAnswer) -> DeliveryResult {
    let service = "the Slack webhook";
    let body = answer.body.trim();
    judge_status(service, answer, Some(body).filter(|body| is_code(body)))?;

    match body {
        "ok" => Ok(()),
        _ if !answer.whole && "ok".starts_with(body) => Err(cut_short(service)),
        _ => Err(not_understood(service, answer.status)),
    }
}

/// The error of an answer with `"ok": false` and an error code, with advice for the common codes.
fn refused(code: &str, answer: &ServiceAnswer) -> DeliveryError {
    let remedy = match code {
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "request_timeout"
        | "service_unavailable" => {
            return DeliveryError::transient_until(
                format!("Slack refused the message for now: {code}"),
                answer.retry_after,
            );
        }
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            " (a new bot token is needed)"
        }
        "missing_scope" => " (the bot needs the scope chat:write)",
        "not_in_channel" => " (invite the bot to the channel)",
        "channel_not_found" => " (use the channel's ID; the bot must be invited to a private one)",
        "is_archived" => " (the channel is archived)",
        _ => "",
    };

    DeliveryError::permanent(format!("Slack refused the message: {code}{remedy}"))
}

/// A section block with one bullet per line; `None` without lines.
fn section<'a>(lines: impl Iterator<Item = &'a String>) -> Option<Value> {
    let lines: Vec<String> = lines
        .map(|line| format!("• {}", escape_within(line, SECTION, escape)))
        .collect();
    let text = list(&lines, "\n", SECTION, chars);
    (!text.is_empty()).then(|| json!({"type": "section", "text": plain_escaped(&text)}))
}

fn plain(text: &str, max: usize) -> Value {
    plain_escaped(&escape_within(text, max, escape))
}

fn plain_escaped(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// Escapes the three characters that begin Slack's mentions and links.
fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}

/// The fields of interest of a bot's answer. They are read even if the rest is missing: after `ok`, Slack repeats the
/// whole message, which may exceed the size that is read.
#[derive(Default)]
struct SlackAnswer {
    ok: Option<bool>,
    error: Option<String>,
    /// Whether the body is the beginning of a longer JSON text.
    unfinished: bool,
}

impl SlackAnswer {
    fn of(body: &str) -> Self {
        let mut answer = Self::default();
        let result = serde_json::Deserializer::from_str(body).deserialize_map(&mut answer);
        answer.unfinished = result.is_err_and(|error| error.is_eof());
        answer
    }
}

impl<'de> Visitor<'de> for &mut SlackAnswer {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of Slack's")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match key.as_ref() {
                "ok" => self.ok = Some(map.next_value()?),
                "error" => self.error = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
