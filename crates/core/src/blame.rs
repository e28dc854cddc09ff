//! Blame: whether a disruption of macaque can be the cause of what others saw at some time. A "no" is only said if it is
//! complete: the journal and the history cover the time, and nothing is unknown.
//!
//! ```text
//!          reserved   accepted            whole again
//! ─────────┬──────────┬───────────────────┬───────────────────┬────────▶
//!   no     │  maybe   │        yes        │   maybe (slack)   │   no
//! ```
//!
//! The journal has every disruption before it happens, and numbers it. So what the history lacks shows as a gap between
//! the numbers, and for that time the answer is that nobody can tell.

mod coverage;
mod document;
mod impact;
mod proof;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::coverage::first_hole;
pub use self::document::BlameDocument;
use self::impact::{Impact, impacts};
use self::proof::Proof;
use crate::history::{History, HistoryEntry};
use crate::instants::{after, before};
use crate::journal::Journal;

/// How long after a recovery a disruption may still be the cause of something, unless another time is asked for.
pub const SLACK: Duration = Duration::from_secs(600);
/// How much the clocks of others may differ from macaque's: it disrupts nothing if its own differs more from the API
/// server's.
const CLOCKS: Duration = Duration::from_secs(30);

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
    /// How long a recovery is watched: what nobody saw the end of may have lasted that long.
    pub timeout: Duration,
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

impl BlameQuestion {
    /// The first instant at which a disruption may still be the cause.
    fn earliest(&self) -> Timestamp {
        before(self.from, self.slack)
    }

    /// The last instant at which a disruption may be the cause, as the clocks of others may be ahead.
    fn latest(&self) -> Timestamp {
        after(self.to, self.slack.min(CLOCKS))
    }

    fn is_about(&self, entry: &HistoryEntry) -> bool {
        let namespace = self.namespace.as_ref();
        namespace.is_none_or(|namespace| *namespace == entry.pod.namespace)
    }
}

/// Answers the question by what is known: yes before cannot tell, before maybe, before no.
pub fn blame(question: &BlameQuestion, evidence: BlameEvidence<'_>) -> BlameAnswer {
    let known = evidence.merged();
    let proof = Proof::new(question, evidence.now);
    let impacts = impacts(&known, question, evidence);
    let among = |is_meant: &dyn Fn(&Impact<'_>) -> bool| -> Vec<Impact<'_>> {
        impacts
            .iter()
            .filter(|impact| is_meant(impact))
            .copied()
            .collect()
    };

    let causes = among(&|impact| impact.is_cause(question));
    if let Some(first) = causes.first() {
        return answer(BlameVerdict::Yes, proof.cause(first, &causes), &causes);
    }
    if let Some(hole) = first_hole(&known, question, evidence) {
        return answer(BlameVerdict::CannotTell, proof.hole(&hole), &[]);
    }
    let unknown = among(&|impact| impact.is_unknown() && impact.may_be_cause(question));
    if let Some(first) = unknown.first() {
        return answer(BlameVerdict::CannotTell, proof.unknown(first, &unknown), &unknown);
    }
    let possible = among(&|impact| impact.may_be_cause(question));
    if let Some(last) = possible.last() {
        return answer(BlameVerdict::Maybe, proof.possible(last, &possible), &possible);
    }
    let last = impacts.iter().rev().find(|impact| impact.begin < question.from);
    answer(BlameVerdict::No, proof.nothing(last), &[])
}

fn answer(verdict: BlameVerdict, proof: String, about: &[Impact<'_>]) -> BlameAnswer {
    BlameAnswer {
        verdict,
        proof,
        disruptions: about.iter().map(|impact| impact.entry.clone()).collect(),
    }
}

impl BlameEvidence<'_> {
    /// The history with what only the journal knows.
    fn merged(&self) -> History {
        let mut known = self.history.map_or_else(|_| History::new(), Clone::clone);
        if let Ok(journal) = self.journal {
            known.note_journal(journal, self.now);
        }
        known
    }
}

#[cfg(test)]
mod tests;
