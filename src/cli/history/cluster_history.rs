//! What a cluster knows of what happened, and why it may not.

use jiff::Timestamp;
use macaque_core::history::History;
use macaque_core::journal::Journal;

use crate::telemetry;

/// What a cluster knows of what happened; each part may be missing.
#[derive(Debug, Clone)]
pub(in crate::cli) struct ClusterHistory {
    /// What happened, or why that is not known. What the journal holds beyond the stored history is in it.
    pub(in crate::cli) history: Result<History, HistoryFault>,
    /// The journal, or why it cannot be read.
    pub(in crate::cli) journal: Result<Journal, String>,
    /// When reading began: nothing that came later need be in it.
    pub(in crate::cli) now: Timestamp,
    /// What a reader has to know, in words.
    pub(in crate::cli) warnings: Vec<String>,
}

/// The reason why there is no history, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct HistoryFault {
    /// The reason, and what to do, in words.
    pub(in crate::cli) words: String,
    /// The exit code of a command that can do nothing without a history.
    pub(in crate::cli) code: i32,
}

impl HistoryFault {
    /// Reports the reason on standard error; returns the exit code.
    pub(in crate::cli) fn report(&self) -> i32 {
        telemetry::print_error(&self.words);
        self.code
    }
}
