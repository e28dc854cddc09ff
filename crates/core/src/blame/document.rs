//! The answer as programs read it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BlameAnswer, BlameQuestion};

/// The version of the format.
const VERSION: u32 = 1;

/// The question and its answer, as `macaque blame -o json` and `/api/v1/blame` give them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlameDocument {
    /// The version of the format.
    pub version: u32,
    /// The first instant that was asked for.
    pub from: Timestamp,
    /// The last instant that was asked for.
    pub to: Timestamp,
    /// The namespace that was asked for; `null` is any.
    pub namespace: Option<String>,
    /// How long after a recovery a disruption may still be the cause, in milliseconds.
    pub slack_ms: u64,
    /// When the journal and the history were read.
    pub read: Timestamp,
    /// The answer.
    #[serde(flatten)]
    pub answer: BlameAnswer,
}

impl BlameDocument {
    /// The answer to `question`, by what was read at `read`.
    pub fn new(question: &BlameQuestion, read: Timestamp, answer: BlameAnswer) -> Self {
        Self {
            version: VERSION,
            from: question.from,
            to: question.to,
            namespace: question.namespace.clone(),
            slack_ms: u64::try_from(question.slack.as_millis()).unwrap_or(u64::MAX),
            read,
            answer,
        }
    }
}
