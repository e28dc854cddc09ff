//! A message as an event of CloudEvents 1.0.

use jiff::Timestamp;
use macaque_core::notice::NoticeContent;
use macaque_core::outcome::Outcome;
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::report::RoundReport;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{self, SHA256};
use serde_json::{Value, json};

use crate::notify::data::message_data;
use crate::notify::outgoing::OutgoingMessage;
use crate::text::clean;

/// What stays as it is in a segment of a URI: its unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What stays as it is in an ID: no full stop, which separates the parts that are signed, and nothing that a header cannot
/// hold.
const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b':').remove(b'_');
/// The longest part of an ID that can be read, in bytes.
const LONGEST_ID: usize = 160;
/// How many bytes of the hash an ID holds.
const ID_HASH_BYTES: usize = 8;
/// The longest subject, in characters: a namespace, a kind and a name.
const LONGEST_SUBJECT: usize = 600;

/// The message as an event.
pub fn cloud_event(message: &OutgoingMessage) -> Value {
    let mut event = json!({
        "specversion": "1.0",
        "id": event_id(message),
        "source": source(message),
        "type": event_type(message),
        "datacontenttype": "application/json",
        "data": message_data(message),
    });
    if let Some(subject) = subject(message) {
        event["subject"] = json!(clean(&subject, LONGEST_SUBJECT));
    }
    if let Some(time) = time(message) {
        event["time"] = json!(time);
    }
    event
}

/// The ID of the event: the same for each try, whatever the journal has left out of the report since, and no other monkey's.
/// Its beginning is the ID of the message, which is unique for one monkey; the hash tells apart those of several, which may
/// have the same slots, and the parts of a round that routes send to one receiver. A route sends a recovery as it is, so
/// that is the same event.
pub fn event_id(message: &OutgoingMessage) -> String {
    let id = message.id().to_string();
    let own = match message {
        OutgoingMessage::Round(round) => json!([round.seed, round.route]),
        OutgoingMessage::Recovery(recovery) => json!(recovery.report.pod.uid),
        OutgoingMessage::Notice(notice) => json!(notice.notice),
    };
    let hashed = json!([source(message), id, own]).to_string();
    let hash = digest::digest(&SHA256, hashed.as_bytes());
    let hash = hash.as_ref().iter().take(ID_HASH_BYTES);
    let hash: String = hash.map(|byte| format!("{byte:02x}")).collect();

    let mut readable = utf8_percent_encode(&id, ID).to_string();
    readable.truncate(LONGEST_ID);
    format!("{readable}-{hash}")
}

/// Where events come from: the monkeys of one cluster.
fn source(message: &OutgoingMessage) -> String {
    match message.cluster() {
        Some(cluster) => format!("/macaque/{}", utf8_percent_encode(cluster, SEGMENT)),
        None => "/macaque".to_owned(),
    }
}

fn event_type(message: &OutgoingMessage) -> &'static str {
    match message {
        OutgoingMessage::Round(_) => "io.macaque.round.finished.v1",
        OutgoingMessage::Recovery(recovery) if recovery.report.verdict.is_none() => {
            "io.macaque.recovery.stuck.v1"
        }
        OutgoingMessage::Recovery(_) => "io.macaque.recovery.finished.v1",
        OutgoingMessage::Notice(notice) => match notice.notice.content {
            NoticeContent::Paused { .. } => "io.macaque.paused.v1",
            NoticeContent::Resumed { .. } => "io.macaque.resumed.v1",
            NoticeContent::WindowOpened { .. } => "io.macaque.window.opened.v1",
            NoticeContent::WindowClosed { .. } => "io.macaque.window.closed.v1",
            NoticeContent::Digest(_) => "io.macaque.digest.v1",
        },
    }
}

/// The workload, or the pod without one, that the message is about, if it is one.
fn subject(message: &OutgoingMessage) -> Option<String> {
    match message {
        OutgoingMessage::Round(round) => {
            let (pod, owner) = only_victim(&round.report)?;
            Some(workload(pod, owner))
        }
        OutgoingMessage::Recovery(recovery) => {
            Some(workload(&recovery.report.pod, Some(&recovery.report.owner)))
        }
        OutgoingMessage::Notice(_) => None,
    }
}

/// The victim that was disrupted, if it is one; else the only one that was tried.
fn only_victim(report: &RoundReport) -> Option<(&PodRef, Option<&PodOwner>)> {
    let is_disrupted = |outcome: &Outcome| outcome.counts_as_disruption();
    let disrupted = report.count(is_disrupted);
    let mut victims = report
        .attempts
        .iter()
        .filter(|attempt| disrupted == 0 || is_disrupted(&attempt.outcome));
    let only = victims.next()?;
    victims
        .next()
        .is_none()
        .then_some((&only.pod, only.owner.as_ref()))
}

fn workload(pod: &PodRef, owner: Option<&PodOwner>) -> String {
    match owner {
        Some(owner) => format!("{}/{owner}", pod.namespace),
        None => format!("{}/pods/{}", pod.namespace, pod.name),
    }
}

/// When it happened, as far as that is known: how a recovery ended is known by the time since the disruption alone.
fn time(message: &OutgoingMessage) -> Option<Timestamp> {
    match message {
        OutgoingMessage::Round(round) => Some(round.report.finished),
        OutgoingMessage::Recovery(_) => None,
        OutgoingMessage::Notice(notice) => Some(notice.notice.at),
    }
}
