//! A message as data: what a webhook carries, and what a template is rendered with.
//!
//! Its fields are a contract, which `docs/notifications.md` describes: a field may be added, but none is renamed or changes
//! its meaning without another version of the events that carry it.

use macaque_core::outcome::Outcome;
use macaque_core::report::RoundReport;
use serde::Serialize;
use serde_json::{Value, json};

use super::kind::MessageKind;
use super::outgoing::OutgoingMessage;
use crate::text::{clip, items_within};

/// How many bytes of JSON the report, the recovery or the notice may take, and the lines. Together with the other texts, of
/// which none is longer than 400 characters, that is less than the 64 KiB that every receiver of CloudEvents takes.
const MOST_REPORT_BYTES: usize = 40 * 1024;
const MOST_LINE_BYTES: usize = 12 * 1024;
/// The longest ID, in characters: no slot and no UID of Kubernetes makes a longer one.
const LONGEST_ID: usize = 400;

/// The longest text, in characters, and the longest list of a report that is too long: as much of it as fits is kept.
const CUTS: [(usize, usize); 4] = [(2_000, 200), (400, 60), (120, 20), (40, 4)];

/// The message as data: its texts, and the report, the recovery or the notice that it is about, no longer than a receiver
/// takes.
pub fn message_data(message: &OutgoingMessage) -> Value {
    let kinds: Vec<_> = MessageKind::of(message)
        .into_iter()
        .map(MessageKind::as_str)
        .collect();
    let lines: Vec<_> = message.lines().cloned().collect();
    let (about, whole) = subject(message);
    let (subject, is_shortened) = match whole {
        whole if json_bytes(&whole) <= MOST_REPORT_BYTES => (whole, false),
        whole => (shortened(message, whole), true),
    };

    json!({
        "id": clip(&message.id().to_string(), LONGEST_ID),
        "cluster": message.cluster(),
        "kinds": kinds,
        "headline": message.headline(),
        "lines": items_within(&lines, MOST_LINE_BYTES, |line| json_bytes(&line)),
        "footer": message.footer(),
        "about": about,
        about: subject,
        "shortened": is_shortened,
    })
}

/// What the message is about, in a word and whole. A round and a recovery have their result in one word, as
/// `macaque once -o json` has it.
fn subject(message: &OutgoingMessage) -> (&'static str, Value) {
    match message {
        OutgoingMessage::Round(round) => ("round", with_status(&*round.report, round.status.as_str())),
        OutgoingMessage::Recovery(recovery) => {
            ("recovery", with_status(&*recovery.report, recovery.status()))
        }
        OutgoingMessage::Notice(notice) => ("notice", json!(notice.notice)),
    }
}

fn with_status(report: &impl Serialize, status: &str) -> Value {
    let mut value = json!(report);
    value["status"] = json!(status);
    value
}

/// As much of `whole` as fits. Of a round, the victims that were disrupted come first.
fn shortened(message: &OutgoingMessage, mut whole: Value) -> Value {
    if let OutgoingMessage::Round(round) = message {
        whole["attempts"] = json!(disrupted_first(&round.report));
    }

    for (longest_text, longest_list) in CUTS {
        whole = cut(whole, longest_text, longest_list);
        if json_bytes(&whole) <= MOST_REPORT_BYTES {
            break;
        }
    }
    whole
}

fn disrupted_first(report: &RoundReport) -> Vec<impl Serialize> {
    let mut attempts: Vec<_> = report.attempts.iter().collect();
    attempts.sort_by_key(|attempt| !Outcome::counts_as_disruption(&attempt.outcome));
    attempts
}

/// A value whose texts and lists are no longer than this; the fields of objects keep their names.
fn cut(value: Value, longest_text: usize, longest_list: usize) -> Value {
    match value {
        Value::String(text) => Value::String(clip(&text, longest_text)),
        Value::Array(items) => {
            let items = items.into_iter().take(longest_list);
            items.map(|item| cut(item, longest_text, longest_list)).collect()
        }
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name, cut(value, longest_text, longest_list)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// How many bytes a value takes as JSON.
fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(0, |json| json.len())
}

#[cfg(test)]
mod tests;
