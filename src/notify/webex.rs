//! Webex, by a bot: the payload of a message, and the meaning of the answers.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::delivery::{
    Delivery, DeliveryError, DeliveryResult, ServiceAnswer, judge_status, not_understood, unconfirmed,
};
use super::message::{NoticeMessage, RecoveryMessage};
use super::outgoing::{OutgoingMessage, Placement};
use super::partial_json::PartialObject;
use super::service::{FieldKind, NotifyService, ServiceField, ServiceRequest, ServiceSpec, check_token};
use crate::http_client::Method;
use crate::text::{escape_within, list};

/// The base URL of Webex's REST API.
pub const WEBEX_API: &str = "https://webexapis.com/v1";

/// The specification of the Webex bot.
pub static BOT: ServiceSpec = ServiceSpec {
    name: "webex",
    title: "Webex",
    gets_all_kinds: false,
    fields: &[
        ServiceField {
            path: "notify.webex.token",
            doc: "The token of a Webex bot.",
            kind: FieldKind::Secret {
                file_path: "notify.webex.token_file",
                file_doc: "A file that holds the token of a Webex bot.",
                check: check_token,
            },
            old_variable: Some("MACAQUE_WEBEX_TOKEN"),
        },
        ServiceField {
            path: "notify.webex.room_id",
            doc: "The Webex room to write to.",
            kind: FieldKind::Text,
            old_variable: Some("MACAQUE_WEBEX_ROOM_ID"),
        },
        ServiceField {
            path: "notify.webex.api_url",
            doc: "The URL of Webex's API.",
            kind: FieldKind::Url(WEBEX_API),
            old_variable: None,
        },
    ],
    kinds_path: "notify.webex.kinds",
    open: |fields| {
        Arc::new(WebexBot {
            token: fields.secret("notify.webex.token"),
            room_id: fields.text("notify.webex.room_id"),
            api_url: fields.text("notify.webex.api_url"),
        })
    },
};

/// A Webex bot in a room that it has been added to.
#[derive(Clone)]
pub struct WebexBot {
    /// The bot's access token.
    pub token: SecretString,
    /// The room's ID.
    pub room_id: String,
    /// The base URL: [`WEBEX_API`], or that of a relay.
    pub api_url: String,
}

impl NotifyService for WebexBot {
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
        let mut url = format!("{}/messages", self.api_url.trim_end_matches('/'));
        let mut method = Method::POST;
        let mut body = payload(message, self);
        match placement {
            Placement::Reply(parent) if is_id(parent) => body["parentId"] = json!(parent),
            Placement::Own | Placement::Reply(_) => {}
            Placement::Edit(id) => {
                if !is_id(id) {
                    return Err(DeliveryError::no_edit(BOT.title));
                }
                method = Method::PUT;
                url = format!("{url}/{id}");
            }
        }

        Ok(ServiceRequest {
            method,
            ..ServiceRequest::post(url, &body).with_bearer(&self.token)
        })
    }

    fn judge(&self, answer: &ServiceAnswer, placement: Placement<'_>) -> DeliveryResult {
        let result = judge(answer);
        match (placement, answer.status) {
            // Webex documents these two for whatever is wrong with a request, a parent that is gone included.
            (Placement::Reply(_), 400 | 404) => result.map_err(DeliveryError::outside_thread),
            _ => result,
        }
    }

    fn hidden(&self) -> Vec<&str> {
        vec![self.token.expose_secret(), &self.room_id, &self.api_url]
    }
}

impl fmt::Debug for WebexBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebexBot").finish_non_exhaustive()
    }
}

/// How many bytes each of the two lists may take. Webex accepts 7439 bytes in all; headline and footer are at most 150
/// and 300 characters of five bytes each.
const LIST: usize = 2500;
/// The longest line after escaping, so that at least one line fits its list.
const LINE: usize = 800;

/// The longest ID of a message that is kept: Webex's own have about 100 characters.
const LONGEST_ID: usize = 200;

/// The body of `POST /messages` and of `PUT /messages/ID`, which both need the room and the markdown
/// (<https://developer.webex.com/docs/api/v1/messages/create-a-message>,
/// <https://developer.webex.com/docs/api/v1/messages/edit-a-message>).
pub fn payload(message: &OutgoingMessage, webex: &WebexBot) -> Value {
    let parts = match message {
        OutgoingMessage::Round(round) => vec![
            format!("**{}**", escaped(&round.headline)),
            bullets(&round.victim_lines),
            bullets(&round.notes),
            escaped(&round.footer),
        ],
        OutgoingMessage::Recovery(RecoveryMessage {
            headline,
            notes,
            footer,
            ..
        })
        | OutgoingMessage::Notice(NoticeMessage {
            headline,
            notes,
            footer,
            ..
        }) => vec![
            format!("**{}**", escaped(headline)),
            bullets(notes),
            escaped(footer),
        ],
    };
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();

    json!({"roomId": webex.room_id, "markdown": parts.join("\n\n")})
}

/// Judges an answer of `POST /messages` or `PUT /messages/ID`: a success has the ID of the message, and an error explains
/// itself.
pub fn judge(answer: &ServiceAnswer) -> DeliveryResult {
    let parsed = PartialObject::parse(&answer.body);
    judge_status("Webex", answer, parsed.text("message"))
        .map_err(|error| with_remedy(error, answer.status))?;

    match parsed.text("id") {
        Some(id) if !id.is_empty() => Ok(Delivery::Confirmed {
            name: Some(id.to_owned()).filter(|id| is_id(id)),
        }),
        None if !answer.whole && parsed.is_unfinished() => Ok(unconfirmed("Webex", answer.status)),
        _ => Err(not_understood("Webex", answer.status)),
    }
}

/// Whether a text has the form of Webex's IDs, which are base64 and fit into a URL as they are.
fn is_id(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=');
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// Adds what to do about a bot that may not write to the room.
fn with_remedy(mut error: DeliveryError, status: u16) -> DeliveryError {
    error.why.push_str(match status {
        401 => " (a new bot token is needed)",
        403 | 404 => " (check the room's ID, and that the bot is in the room)",
        _ => "",
    });
    error
}

/// A list with one bullet per line.
fn bullets(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("- {}", escaped(line))).collect();
    list(&lines, "\n", LIST, str::len)
}

fn escaped(text: &str) -> String {
    escape_within(text, LINE, escape)
}

/// Escapes every character that can begin markdown, HTML or a mention. HTML and mentions need entities, because Webex
/// looks for mentions before it looks for backslashes.
fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '{' | '}' | '#' | '|' | '!' => {
            out.push('\\');
            out.push(c);
        }
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests;
