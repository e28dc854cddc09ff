//! Guards, channels and the API server: the last answer of each, how long it took, and how often it failed.

use jiff::Timestamp;
use macaque_core::guard::GuardAnswer;
use serde::Serialize;

use super::super::notes::StatusNotes;
use super::super::services::GuardNotes;
use super::shown_text;
use crate::facts::MessageResult;

/// One guard or gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct GuardView {
    /// The name.
    pub(in super::super) name: String,
    /// The last answer.
    pub(in super::super) answer: Option<GuardAnswer>,
    /// When it came.
    pub(in super::super) at: Option<Timestamp>,
    /// How long it took, in milliseconds, where another service was asked.
    pub(in super::super) millis: Option<u64>,
    /// How often it held back, since this process started.
    pub(in super::super) held: u64,
    /// How often it could not answer.
    pub(in super::super) unanswered: u64,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct ChannelView {
    /// The name.
    pub(in super::super) name: String,
    /// What became of the last message.
    pub(in super::super) last: Option<&'static str>,
    /// When.
    pub(in super::super) at: Option<Timestamp>,
    /// How many messages were delivered, since this process started.
    pub(in super::super) sent: u64,
    /// How many tries failed that were followed by another.
    pub(in super::super) retried: u64,
    /// How many messages were given up.
    pub(in super::super) failed: u64,
    /// How many messages wait.
    pub(in super::super) waiting: usize,
}

/// The requests to the API server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct ApiServerView {
    /// When the last answer came.
    pub(in super::super) answered: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub(in super::super) millis: Option<u64>,
    /// How many requests were sent, since this process started.
    pub(in super::super) requests: u64,
    /// How many had no answer, or one that says that the server failed.
    pub(in super::super) failures: u64,
    /// When the last failed.
    pub(in super::super) failed: Option<Timestamp>,
    /// The request that failed last: `list pods`.
    pub(in super::super) failed_request: Option<String>,
    /// Its HTTP status, if there was one.
    pub(in super::super) failed_code: Option<u16>,
}

/// The guards and gates, by name.
pub(super) fn guards(notes: &StatusNotes) -> Vec<GuardView> {
    let view = |(name, notes): (&str, &GuardNotes)| GuardView {
        name: shown_text::text(name),
        answer: notes.last.map(|(answer, _)| answer),
        at: notes.last.map(|(_, at)| at),
        millis: notes.millis,
        held: notes.held,
        unanswered: notes.unanswered,
    };
    notes.guards.iter().map(view).collect()
}

/// The channels, by name.
pub(super) fn channels(notes: &StatusNotes) -> Vec<ChannelView> {
    let channels = notes.channels.iter().map(|(name, notes)| ChannelView {
        name: shown_text::text(name),
        last: notes.last.map(|(result, _)| MessageResult::as_str(result)),
        at: notes.last.map(|(_, at)| at),
        sent: notes.sent,
        retried: notes.retried,
        failed: notes.failed,
        waiting: notes.waiting,
    });
    channels.collect()
}

/// The requests to the API server.
pub(super) fn api_server(notes: &StatusNotes) -> ApiServerView {
    let notes = &notes.api_server;
    let millis = u64::try_from(notes.took.as_millis()).unwrap_or(u64::MAX);
    ApiServerView {
        answered: notes.answered,
        millis: notes.answered.map(|_| millis),
        requests: notes.requests,
        failures: notes.failures,
        failed: notes.failed.map(|failed| failed.at),
        failed_request: notes
            .failed
            .map(|failed| [failed.what.0, failed.what.1].join(" ")),
        failed_code: notes.failed.and_then(|failed| failed.code),
    }
}
