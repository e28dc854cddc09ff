//! The history: which victims were tried, with which outcome, and how their owners recovered, for those who ask weeks
//! later. It may lack something, and says where: limits are never judged by it.
//!
//! The journal numbers each disruption before it happens, and the history keeps the numbers. So a number that is missing
//! shows that something is, and between which two instants.
//!
//! Histories are merged: what a process has seen since its last write into what is stored, in any order and as often as
//! wanted. Whatever knows more wins, so nothing is ever unlearnt.

mod bounded_list;
mod bounds;
mod codec;
mod entry;
mod gaps;
mod line;
mod merging;
mod noting;
mod numbering;
mod round_summary;
mod texts;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::codec::DecodedHistory;
pub use self::codec::{HistoryVersion, UnreadableHistory};
pub use self::entry::{EntryOutcome, EntryRecovery, HistoryEntry};
pub use self::gaps::HistoryGap;
pub use self::line::{HistoryLine, LineContent};
use self::noting::NotedJournal;
use self::numbering::Numbering;
pub use self::round_summary::RoundSummary;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// What happened so far, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "DecodedHistory")]
pub struct History {
    /// The version of the format.
    version: u32,
    /// By which journal the entries are numbered; `None` until one was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbering: Option<Numbering>,
    /// Each victim that was tried.
    entries: Vec<HistoryEntry>,
    /// Each round that ended.
    rounds: Vec<RoundSummary>,
    /// What was last noted of the journal, so that it is not noted again.
    #[serde(skip)]
    noted: Option<NotedJournal>,
}

impl History {
    /// A history in which nothing happened.
    pub fn new() -> Self {
        Self {
            version: VERSION,
            numbering: None,
            entries: Vec::new(),
            rounds: Vec::new(),
            noted: None,
        }
    }

    /// Each victim that was tried, oldest first.
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// Each round that ended, oldest first.
    pub fn rounds(&self) -> &[RoundSummary] {
        &self.rounds
    }

    /// Since when every disruption has a number of the journal; `None` if there is no numbering.
    pub fn numbered_since(&self) -> Option<Timestamp> {
        self.numbering.as_ref().map(|numbering| numbering.since)
    }

    /// The UID of the journal's ConfigMap by which the entries are numbered; empty if there is no numbering.
    pub fn journal(&self) -> &str {
        self.numbering.as_ref().map_or("", |numbering| &numbering.journal)
    }

    /// Whether the history holds neither a victim nor a round.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.rounds.is_empty()
    }

    /// The victim with this UID in the round of `slot`.
    pub fn entry(&self, slot: Timestamp, uid: &str) -> Option<&HistoryEntry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.slot == slot && entry.pod.uid == uid)
    }

    /// The victims and rounds for a write, with their numbering. What is left holds none, and goes on to note only what
    /// is new in the journal; if the write fails, the victims and rounds are merged back.
    pub fn take_unwritten(&mut self) -> Self {
        Self {
            version: VERSION,
            numbering: self.numbering.clone(),
            entries: std::mem::take(&mut self.entries),
            rounds: std::mem::take(&mut self.rounds),
            noted: None,
        }
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

/// Compares what happened, whatever was noted of the journal last.
impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.numbering == other.numbering && self.entries == other.entries && self.rounds == other.rounds
    }
}

impl Eq for History {}

#[cfg(test)]
mod tests;
