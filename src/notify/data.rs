//! A message as data: what a webhook carries, and what a template is rendered with.

use serde_json::{Value, json};

use super::kind::MessageKind;
use super::outgoing::OutgoingMessage;

/// The message as data: its texts, and the report, the recovery or the notice that it is about.
pub fn message_data(message: &OutgoingMessage) -> Value {
    let kinds: Vec<_> = MessageKind::of(message)
        .into_iter()
        .map(MessageKind::as_str)
        .collect();
    let lines: Vec<_> = message.lines().collect();
    let (about, subject) = match message {
        OutgoingMessage::Round(round) => ("round", json!(round.report)),
        OutgoingMessage::Recovery(recovery) => ("recovery", json!(recovery.report)),
        OutgoingMessage::Notice(notice) => ("notice", json!(notice.notice)),
    };

    json!({
        "id": message.id().to_string(),
        "cluster": message.cluster(),
        "kinds": kinds,
        "headline": message.headline(),
        "lines": lines,
        "footer": message.footer(),
        "about": about,
        about: subject,
    })
}
