//! What a round is played with, and what came of it.

use super::{RoundConfig, StopToken};
use crate::failpoint::FailPoints;
use crate::journal::JournalWriter;
use crate::k8s::Cluster;
use macaque_core::journal::Denial;
use macaque_core::report::RoundReport;

/// What a round is played with.
#[derive(Clone, Copy)]
pub struct RoundContext<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The journal.
    pub keeper: &'a JournalWriter,
    /// What to do.
    pub orders: &'a RoundConfig,
    /// The word to stop; it ends a round early, at a point where all is known.
    pub stop: &'a StopToken,
    /// What goes wrong on purpose; nothing outside of tests.
    pub faults: &'a FailPoints,
}

/// What became of a slot.
#[derive(Debug)]
pub enum RoundResult {
    /// It was played here, or withheld, and this is its story.
    Ran {
        /// The story.
        report: RoundReport,
        /// How it stands with the journal.
        books: JournalState,
    },
    /// It is another's: another replica claimed it, or a later life of this Killer took it over.
    Skipped(Denial),
}

/// How a report stands with the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalState {
    /// The round was never claimed: the journal knows nothing of it.
    Unclaimed,
    /// The round is claimed, and closing it did not succeed: it is to be tried again.
    Open,
    /// The round is closed, and the report is among the notices.
    Closed,
}
