//! Webex: the payload of a message, and what the service's answers mean.

use serde_json::{Value, json};

use super::channel::WebexBot;
use super::delivery::{DeliveryResult, ServiceAnswer, judge_status};
use super::message::RoundMessage;
use crate::text::{escape_within, list};

/// How many bytes each of the two lists may take. Webex takes 7439 bytes in all; headline, footer and markup
/// are at most 150 + 300 characters of five bytes.
const LIST: usize = 2500;
/// Bounds a line after escaping, so that one line always fits its list.
const LINE: usize = 800;

/// The body of `POST /messages`.
pub fn payload(message: &RoundMessage, webex: &WebexBot) -> Value {
    let victims = message.victims.iter().map(|victim| &victim.line);
    let parts = [
        format!("**{}**", escaped(&message.headline)),
        bullets(victims),
        bullets(message.notes.iter()),
        escaped(&message.footer),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    json!({"roomId": webex.room_id, "markdown": parts.join("\n\n")})
}

/// What `POST /messages` meant: the status says it all, the body explains.
pub fn judge(answer: &ServiceAnswer) -> DeliveryResult {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    judge_status("Webex", answer, body["message"].as_str())
}

fn bullets<'a>(lines: impl Iterator<Item = &'a String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("- {}", escaped(line))).collect();
    list(&lines, "\n", LIST, str::len)
}

fn escaped(text: &str) -> String {
    escape_within(text, LINE, escape)
}

/// Everything markdown, HTML or a mention could start with. Entities for the latter two, for Webex looks for
/// mentions before it looks for backslashes.
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
