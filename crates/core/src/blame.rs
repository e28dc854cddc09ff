//! Blame: whether a disruption of macaque can be the cause of what others saw at some time. A "no" is only said if it is
//! complete: the journal and the history cover the time, and nothing is unknown.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::history::{History, HistoryEntry};
use crate::journal::Journal;

/// How long after a recovery a disruption may still be the cause of something, unless another time is asked for.
pub const SLACK: Duration = Duration::from_secs(600);

/// The question: was it macaque, between these two instants?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlameQuestion {
    /// The first instant.
    pub from: Timestamp,
    /// The last instant, not before the first.
    pub to: Timestamp,
    /// The namespace; `None` is any.
    pub namespace: Option<String>,
    /// How long after a recovery a disruption may still be the cause.
    pub slack: Duration,
}

/// What is known when the question is answered.
#[derive(Debug, Clone, Copy)]
pub struct BlameEvidence<'a> {
    /// The journal, or why it cannot be read.
    pub journal: Result<&'a Journal, &'a str>,
    /// The history, or why it cannot be read.
    pub history: Result<&'a History, &'a str>,
    /// When both were read.
    pub now: Timestamp,
}

/// The answer, with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlameAnswer {
    /// The answer in a word.
    pub verdict: BlameVerdict,
    /// The proof in one sentence.
    pub proof: String,
    /// The disruptions that the answer is about, oldest first; those of a "no" are none.
    pub disruptions: Vec<HistoryEntry>,
}

/// Whether it was macaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlameVerdict {
    /// Nothing was disrupted, then or shortly before.
    No,
    /// Something was disrupted shortly before, and was whole again; or nobody saw whether it was.
    Maybe,
    /// An owner was not whole because of a disruption.
    Yes,
    /// What is known does not cover the time, or the outcome of a disruption is unknown.
    CannotTell,
}

impl BlameVerdict {
    /// The verdict in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// Answers the question by what is known.
pub fn blame(_question: &BlameQuestion, evidence: BlameEvidence<'_>) -> BlameAnswer {
    let why = evidence.journal.err().unwrap_or("nothing is known");
    BlameAnswer {
        verdict: BlameVerdict::CannotTell,
        proof: why.to_owned(),
        disruptions: Vec::new(),
    }
}
