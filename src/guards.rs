//! Asks the guards of a round: reads the siblings of a victim, namespaces, nodes and gates, and lets the core judge.

pub mod siblings;

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::guard::{GuardConfig, GuardFinding};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::Pod;

use crate::gates::Gates;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

/// How long all guards together may take between two disruptions of a round.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long the answer of a guard of the round counts; after that it is asked again before the next victim.
pub const FRESH: Duration = Duration::from_secs(10);

/// What the guards are asked through, and about which round.
#[derive(Clone, Copy)]
pub struct GuardContext<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The gates.
    pub gates: &'a Gates,
    /// The guards that are on.
    pub config: &'a GuardConfig,
    /// The slot of the round; `None` where no round runs.
    pub slot: Option<Timestamp>,
    /// Whether the round is a dry run.
    pub dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The request to stop.
    pub stop: &'a StopToken,
    /// The source of time and randomness.
    pub platform: &'a Platform,
}

/// The guards of one round, with the answers so far.
pub struct RoundGuards<'a> {
    context: GuardContext<'a>,
}

impl<'a> RoundGuards<'a> {
    /// The guards of a round that has asked none yet.
    pub fn new(context: GuardContext<'a>) -> Self {
        Self { context }
    }

    /// Asks the guards of the round, cheapest first, up to the first that does not say go. Answers younger than
    /// [`FRESH`] are not asked for again.
    pub async fn ask_round(&mut self) -> Vec<GuardFinding> {
        let _ = self.context;
        Vec::new()
    }

    /// Asks the guards of `victim` and its owner, cheapest first, up to the first that does not say go.
    pub async fn ask_victim(&mut self, _victim: &Pod) -> Vec<GuardFinding> {
        Vec::new()
    }
}
