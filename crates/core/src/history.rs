//! The history: which victims were tried, with which outcome, and how their owners recovered, for those who ask weeks
//! later. It may lack something, and says where: limits are never judged by it.
//!
//! The journal numbers each disruption before it happens, and the history keeps the numbers. So a number that is missing
//! shows that something is, and between which two instants.

mod entry;
mod round_summary;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::entry::{EntryOutcome, EntryRecovery, HistoryEntry};
pub use self::round_summary::RoundSummary;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// What happened so far, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The version of the format.
    version: u32,
    /// The UID of the journal's ConfigMap by which the entries are numbered.
    journal: String,
    /// Since when every disruption has a number of that journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    numbered_since: Option<Timestamp>,
    /// Each victim that was tried.
    entries: Vec<HistoryEntry>,
    /// Each round that ended.
    rounds: Vec<RoundSummary>,
}

impl History {
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
        self.numbered_since
    }

    /// The UID of the journal's ConfigMap by which the entries are numbered.
    pub fn journal(&self) -> &str {
        &self.journal
    }
}
