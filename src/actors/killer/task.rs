//! What a Killer does, one thing at a time, and with what.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::messages::ReportDelivered;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::journal::{JournalError, JournalWriter};
use crate::k8s::{Cluster, ClusterAccess};
use crate::round::{self, JournalState, Recovery, RoundConfig, RoundContext, RoundResult, StopToken};
use macaque_core::journal::JournalEvent;
use macaque_core::report::{RoundEnd, RoundReport};

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) enum KillerTask {
    /// A round.
    RunRound { slot: Timestamp, seed: u64 },
    /// A look round in the journal.
    Recover,
    /// What the Notifier said is written to the journal.
    RecordDelivery(ReportDelivered),
}

impl KillerTask {
    fn name(&self) -> &'static str {
        match self {
            Self::RunRound { .. } => "round",
            Self::Recover => "look round",
            Self::RecordDelivery(_) => "note",
        }
    }
}

/// What came of it.
#[derive(Default)]
pub(super) struct TaskOutcome {
    pub(super) patrol: Option<Result<Recovery, JournalError>>,
    pub(super) played: Option<RoundResult>,
}

/// What everything is done with.
pub(super) struct TaskContext {
    pub(super) orders: Arc<RoundConfig>,
    pub(super) access: ClusterAccess,
    pub(super) keeper: JournalWriter,
    pub(super) stop: StopToken,
    pub(super) pulse: Heartbeat,
    /// How long anything may give no sign of life.
    pub(super) allowance: Duration,
    pub(super) faults: FailPoints,
}

impl TaskContext {
    /// Does one thing, over the connection that there is or a new one; gives the connection back.
    pub(super) async fn perform(
        &self,
        task: KillerTask,
        cluster: Option<Cluster>,
        unclosed: Option<&RoundReport>,
    ) -> (Option<Cluster>, TaskOutcome) {
        let _operation = self.pulse.begin(task.name(), self.allowance);
        let cluster = match cluster {
            Some(cluster) => cluster,
            None => match Cluster::connect(&self.access).await {
                Ok(cluster) => cluster.watched_by(self.pulse.clone()),
                Err(error) => return (None, self.without_a_cluster(&task, JournalError::Api(error))),
            },
        };
        let table = RoundContext {
            cluster: &cluster,
            keeper: &self.keeper,
            orders: &self.orders,
            stop: &self.stop,
            faults: &self.faults,
        };
        let mut done = TaskOutcome::default();
        match task {
            KillerTask::RunRound { slot, seed } => {
                self.faults.pass(FailPoint::BeforeRound).await;
                // What was left open would stand in the way.
                done.patrol = Some(round::patrol(table, unclosed).await);
                done.played = Some(round::run(table, slot, seed).await);
                self.faults.pass(FailPoint::BeforeReport).await;
            }
            KillerTask::Recover => done.patrol = Some(round::patrol(table, unclosed).await),
            KillerTask::RecordDelivery(told) => {
                let ReportDelivered { slot, channels, done } = told;
                let told = JournalEvent::Delivered { slot, channels, done };
                if let Err(setback) = self.keeper.enter(table.cluster, &told).await {
                    // The next look round finds the notice still there, and it is told again.
                    log::debug!(
                        "the journal does not know yet who was told of the round of {slot}: {setback}"
                    );
                }
            }
        }
        (Some(cluster), done)
    }

    fn without_a_cluster(&self, task: &KillerTask, setback: JournalError) -> TaskOutcome {
        match task {
            KillerTask::RunRound { slot, seed } => {
                let mut report = round::blank(&self.orders, *slot, *seed);
                report.end = RoundEnd::from(setback);
                let books = JournalState::Unclaimed;
                TaskOutcome {
                    played: Some(RoundResult::Ran { report, books }),
                    ..TaskOutcome::default()
                }
            }
            KillerTask::Recover | KillerTask::RecordDelivery(_) => TaskOutcome {
                patrol: Some(Err(setback)),
                ..TaskOutcome::default()
            },
        }
    }
}
