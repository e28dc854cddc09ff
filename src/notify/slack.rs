//! Slack, by a bot or an incoming webhook: its settings, its requests, and the meaning of the answers.

mod payload;
mod thread;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

pub use self::payload::{bot_payload, edit_payload, webhook_payload};

use self::thread::Thread;
use super::delivery::{
    Delivery, DeliveryError, DeliveryResult, ServiceAnswer, is_code, judge_status, not_understood,
    unconfirmed,
};
use super::outgoing::{OutgoingMessage, Placement};
use super::partial_json::PartialObject;
use super::service::{
    FieldKind, NotifyService, ServiceField, ServiceRequest, ServiceSpec, check_secret_url, check_token,
};

/// The base URL of Slack's Web API.
pub const SLACK_API: &str = "https://slack.com/api";

/// The specification of the Slack bot.
pub static BOT: ServiceSpec = ServiceSpec {
    name: "slack",
    title: "Slack",
    gets_all_kinds: false,
    fields: &[
        ServiceField {
            path: "notify.slack.token",
            doc: "The token of a Slack bot.",
            kind: FieldKind::Secret {
                file_path: "notify.slack.token_file",
                file_doc: "A file that holds the token of a Slack bot.",
                check: check_token,
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
    kinds_path: "notify.slack.kinds",
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
    gets_all_kinds: false,
    fields: &[ServiceField {
        path: "notify.slack_webhook.url",
        doc: "The URL of a Slack incoming webhook; anyone who knows it can post messages.",
        kind: FieldKind::Secret {
            file_path: "notify.slack_webhook.url_file",
            file_doc: "A file that holds the URL of a Slack incoming webhook.",
            check: check_secret_url,
        },
        old_variable: None,
    }],
    kinds_path: "notify.slack_webhook.kinds",
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

impl NotifyService for SlackBot {
    fn name(&self) -> &str {
        BOT.name
    }

    fn title(&self) -> &str {
        BOT.title
    }

    fn url(&self) -> &str {
        &self.api_url
    }

    fn has_threads(&self) -> bool {
        true
    }

    fn request(
        &self,
        message: &OutgoingMessage,
        placement: Placement<'_>,
        _: Timestamp,
    ) -> Result<ServiceRequest<'_>, DeliveryError> {
        let api = self.api_url.trim_end_matches('/');
        let (method, body) = match placement {
            Placement::Edit(name) => {
                let thread = Thread::named(name).ok_or_else(|| DeliveryError::no_edit(BOT.title))?;
                ("chat.update", edit_payload(message, thread))
            }
            Placement::Own => ("chat.postMessage", bot_payload(message, self, None)),
            Placement::Reply(name) => (
                "chat.postMessage",
                bot_payload(message, self, Thread::named(name)),
            ),
        };

        Ok(ServiceRequest::post(format!("{api}/{method}"), &body).with_bearer(&self.token))
    }

    fn judge(&self, answer: &ServiceAnswer, placement: Placement<'_>) -> DeliveryResult {
        let result = judge_bot(answer);
        match placement {
            Placement::Reply(_) if thread::is_out_of_reach(answer) => {
                result.map_err(DeliveryError::outside_thread)
            }
            _ => result,
        }
    }

    fn hidden(&self) -> Vec<&str> {
        vec![self.token.expose_secret(), &self.api_url]
    }
}

impl NotifyService for SlackWebhook {
    fn name(&self) -> &str {
        WEBHOOK.name
    }

    fn title(&self) -> &str {
        WEBHOOK.title
    }

    fn url(&self) -> &str {
        self.url.expose_secret()
    }

    fn has_threads(&self) -> bool {
        false
    }

    fn request(
        &self,
        message: &OutgoingMessage,
        placement: Placement<'_>,
        _: Timestamp,
    ) -> Result<ServiceRequest<'_>, DeliveryError> {
        placement.refuse_edit(WEBHOOK.title)?;
        Ok(ServiceRequest::post(
            self.url.expose_secret(),
            &webhook_payload(message),
        ))
    }

    fn judge(&self, answer: &ServiceAnswer, _: Placement<'_>) -> DeliveryResult {
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

/// Judges an answer of `chat.postMessage` or `chat.update`, whose 200 is a success only with `"ok": true`.
pub fn judge_bot(answer: &ServiceAnswer) -> DeliveryResult {
    let parsed = PartialObject::parse(&answer.body);
    let code = parsed.text("error").filter(|code| is_code(code));
    judge_status("Slack", answer, code).map_err(|error| with_bot_remedy(error, answer.status))?;

    match (parsed.boolean("ok"), code) {
        (Some(true), _) => Ok(Delivery::Confirmed {
            name: Thread::of(&parsed).map(|thread| thread.name()),
        }),
        (Some(false), Some(code)) => Err(refused(code, answer)),
        (Some(false), None) => Err(DeliveryError::permanent(
            "Slack refused the message without a valid error code",
        )),
        (None, _) if !answer.whole && parsed.is_unfinished() => Ok(unconfirmed("Slack", answer.status)),
        (None, _) => Err(not_understood("Slack", answer.status)),
    }
}

/// Adds where to look if the address is not that of Slack's Web API.
fn with_bot_remedy(mut error: DeliveryError, status: u16) -> DeliveryError {
    if matches!(status, 404 | 410) {
        error.why.push_str(" (check notify.slack.api_url)");
    }
    error
}

/// Judges an answer of an incoming webhook: `ok` is a success, and errors are texts like `no_service`.
pub fn judge_webhook(answer: &ServiceAnswer) -> DeliveryResult {
    let service = "the Slack webhook";
    let body = answer.body.trim();
    let code = Some(body).filter(|body| is_code(body));
    judge_status(service, answer, code).map_err(|error| with_webhook_remedy(error, answer.status, code))?;

    match body {
        "ok" => Ok(Delivery::CONFIRMED),
        _ if !answer.whole && "ok".starts_with(body) => Ok(unconfirmed(service, answer.status)),
        _ => Err(not_understood(service, answer.status)),
    }
}

/// Adds what to do about a webhook that is gone or forbidden.
fn with_webhook_remedy(mut error: DeliveryError, status: u16, code: Option<&str>) -> DeliveryError {
    let remedy = match (code, status) {
        (Some("channel_is_archived"), _) => " (the channel is archived)",
        (Some("action_prohibited" | "posting_to_general_channel_denied"), _) => {
            " (an administrator of the workspace must allow it)"
        }
        (Some("invalid_payload" | "no_text"), _) => "",
        (Some("no_service" | "no_active_hooks" | "invalid_token" | "no_team"), _) | (_, 404 | 410) => {
            " (the webhook does not exist or is disabled: create a new one)"
        }
        _ => "",
    };
    error.why.push_str(remedy);
    error
}

/// The error of an answer with `"ok": false` and an error code, with advice for the common codes.
fn refused(code: &str, answer: &ServiceAnswer) -> DeliveryError {
    let remedy = match code {
        "ratelimited" | "rate_limited" | "request_timeout" | "service_unavailable" => {
            return DeliveryError::transient_until(
                format!("Slack refused the message for now: {code}"),
                answer.retry_after,
            );
        }
        // Slack says of these two that a part of the operation may have succeeded.
        "internal_error" | "fatal_error" => {
            return DeliveryError::in_doubt(format!("Slack failed on the message: {code}"));
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

#[cfg(test)]
mod tests;
