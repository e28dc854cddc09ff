//! Resilience: what the history says of each owner. How often it was disrupted, who refused, what held back, how fast it
//! recovered, and who never had a turn.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::history::History;
use crate::notice::NoTurn;
use crate::pod::OwnerRef;

/// The version of the report's JSON.
pub const VERSION: u32 = 1;

/// What the history says of a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResilienceReport {
    /// The version of this format.
    pub version: u32,
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub to: Timestamp,
    /// Whether every round was a dry run.
    pub dry_run: bool,
    /// How many rounds ended.
    pub rounds: usize,
    /// The owners, those that need attention first.
    pub owners: Vec<OwnerResilience>,
    /// What is not known: the history begins later, or lacks something.
    pub gaps: Vec<String>,
}

/// What the history says of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerResilience {
    /// The owner.
    #[serde(flatten)]
    pub owner: OwnerRef,
    /// The owner's team, if it has one.
    pub team: Option<String>,
    /// How many of its pods were disrupted.
    pub disruptions: usize,
    /// Of how many nobody knows whether they were disrupted.
    pub unknown: usize,
    /// When the last was disrupted.
    pub last: Option<Timestamp>,
    /// How often a dry run picked one of its pods.
    pub picked: usize,
    /// The refusals, by who refused.
    pub refused: BTreeMap<String, usize>,
    /// How often a victim was held back, by guard.
    pub held: BTreeMap<String, usize>,
    /// The recoveries.
    pub recovery: RecoveryStats,
    /// Why the owner had no turn, if it had none and that is known.
    pub without_turn: Option<NoTurn>,
}

/// The recoveries of one owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RecoveryStats {
    /// How many were measured.
    pub count: usize,
    /// The median, in milliseconds.
    pub p50_ms: Option<u64>,
    /// The 90th percentile, in milliseconds.
    pub p90_ms: Option<u64>,
    /// The slowest, in milliseconds.
    pub max_ms: Option<u64>,
    /// How many took longer than expected.
    pub slow: usize,
    /// How many did not end in time.
    pub unrecovered: usize,
    /// Of how many the end was not seen.
    pub unwatched: usize,
}

impl ResilienceReport {
    /// What `history` says of the time between two instants.
    pub fn of(history: &History, from: Timestamp, to: Timestamp) -> Self {
        let rounds = history.rounds().iter();
        let rounds = rounds.filter(|round| from <= round.finished && round.finished <= to);
        Self {
            version: VERSION,
            from,
            to,
            dry_run: false,
            rounds: rounds.count(),
            owners: Vec::new(),
            gaps: Vec::new(),
        }
    }
}
