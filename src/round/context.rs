//! What a round is played with, and what came of it.

use super::{Orders, Stop};
use crate::failpoint::Faults;
use crate::journal::Keeper;
use crate::k8s::Cluster;
use macaque_core::journal::Denial;
use macaque_core::report::Report;

/// What a round is played with.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The journal.
    pub keeper: &'a Keeper,
    /// What to do.
    pub orders: &'a Orders,
    /// The word to stop; it ends a round early, at a point where all is known.
    pub stop: &'a Stop,
    /// What goes wrong on purpose; nothing outside of tests.
    pub faults: &'a Faults,
}

/// What became of a slot.
#[derive(Debug)]
pub enum Played {
    /// It was played here, or withheld, and this is its story.
    Here {
        /// The story.
        report: Report,
        /// How it stands with the journal.
        books: Standing,
    },
    /// It is another's: another replica claimed it, or a later life of this Killer took it over.
    Elsewhere(Denial),
}

/// How a report stands with the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The round was never claimed: the journal knows nothing of it.
    Unclaimed,
    /// The round is claimed, and closing it did not succeed: it is to be tried again.
    Open,
    /// The round is closed, and the report is among the notices.
    Closed,
}
