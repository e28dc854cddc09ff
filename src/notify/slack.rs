//! Slack: the payload of a message for a bot and for an incoming webhook, and what their answers mean.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use super::channel::SlackBot;
use super::delivery::{
    DeliveryError, DeliveryResult, ServiceAnswer, cut_short, is_code, judge_status, not_understood,
};
use super::message::RoundMessage;
use crate::text::{chars, escape_within, list};

/// Slack's limit for a header block, in characters.
const HEADER: usize = 150;
/// Slack's limit for the text of a section block, in characters.
const SECTION: usize = 3000;
/// Our limit for the context block; a footer is shorter before it is escaped.
const CONTEXT: usize = 1500;

/// The body of `chat.postMessage`.
pub fn bot_payload(message: &RoundMessage, bot: &SlackBot) -> Value {
    let mut payload = webhook_payload(message);
    payload["channel"] = json!(bot.channel);
    payload
}

/// The body of an incoming webhook. All of it is `plain_text`, and escaped besides: nothing of the cluster's
/// can ping, link or format.
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

/// What `chat.postMessage` meant: its 200 is a success only with `"ok": true`.
pub fn judge_bot(answer: &ServiceAnswer) -> DeliveryResult {
    let seen = SlackAnswer::of(&answer.body);
    let error = seen.error.filter(|code| is_code(code));
    judge_status("Slack", answer, error.as_deref())?;
    match (seen.ok, error) {
        (Some(true), _) => Ok(()),
        (Some(false), Some(code)) => Err(refused(&code, answer)),
        (Some(false), None) => Err(DeliveryError::permanent(
            "Slack refused the message without a reason",
        )),
        (None, _) if !answer.whole && seen.unfinished => Err(cut_short("Slack")),
        (None, _) => Err(not_understood("Slack", answer.status)),
    }
}

/// What an incoming webhook meant: its success is the text `ok`, its errors are texts like `no_service`.
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

/// `"ok": false` with an error code, and what to do about the common ones.
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

/// The three characters by which Slack recognises mentions and links.
fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}

/// What matters of a bot's answer. It is read even if the rest is missing: Slack repeats the whole message
/// after its `ok`, which may be longer than what we read.
#[derive(Default)]
struct SlackAnswer {
    ok: Option<bool>,
    error: Option<String>,
    /// Whether what came is the beginning of a JSON text.
    unfinished: bool,
}

impl SlackAnswer {
    fn of(body: &str) -> Self {
        let mut seen = Self::default();
        let parsed = serde_json::Deserializer::from_str(body).deserialize_map(&mut seen);
        seen.unfinished = parsed.is_err_and(|error| error.is_eof());
        seen
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
