//! The tasks of the Killer, one at a time, and what they are done with.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::journal::JournalEvent;
use macaque_core::report::{RoundEnd, RoundReport};

use crate::actors::ActorsConfig;
use crate::actors::messages::ReportDelivered;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::journal::{JournalError, JournalWriter};
use crate::k8s::{Cluster, ClusterAccess};
use crate::platform::Platform;
use crate::round::{self, JournalState, Recovery, RoundConfig, RoundContext, RoundResult, StopToken};

/// One task.
#[derive(Debug, Clone)]
pub(super) enum KillerTask {
    /// Run a round.
    RunRound { slot: Timestamp, seed: u64 },
    /// Run a recovery pass over the journal.
    Recover,
    /// Record in the journal what the Notifier delivered.
    RecordDelivery(ReportDelivered),
}

/// What came of a task.
#[derive(Default)]
pub(super) struct TaskOutcome {
    pub(super) recovery: Option<Result<Recovery, JournalError>>,
    pub(super) round: Option<RoundResult>,
}

/// What every task is done with.
pub(super) struct TaskContext {
    config: Arc<RoundConfig>,
    access: ClusterAccess,
    pub(super) writer: JournalWriter,
    stop: StopToken,
    heartbeat: Heartbeat,
    /// How long a task may make no progress.
    allowance: Duration,
    platform: Platform,
    fail_points: FailPoints,
}

impl KillerTask {
    fn name(&self) -> &'static str {
        match self {
            Self::RunRound { .. } => "the round",
            Self::Recover => "the recovery pass",
            Self::RecordDelivery(_) => "recording a delivery",
        }
    }
}

impl TaskContext {
    pub(super) fn new(
        config: &ActorsConfig,
        incarnation: u64,
        stop: StopToken,
        heartbeat: Heartbeat,
    ) -> Self {
        Self {
            config: Arc::clone(&config.round),
            access: config.access.clone(),
            writer: config.journal.writer(incarnation),
            stop,
            heartbeat,
            // Every exchange with the API server is progress, and one may take this long.
            allowance: config.access.deadlines.disrupt + config.timeouts.hang,
            platform: config.platform.clone(),
            fail_points: config.fail_points.clone(),
        }
    }

    /// Performs one task, over the connection that there is or a new one; gives the connection back.
    pub(super) async fn perform(
        &self,
        task: KillerTask,
        cluster: Option<Cluster>,
        unclosed: Option<&RoundReport>,
    ) -> (Option<Cluster>, TaskOutcome) {
        let _operation = self.heartbeat.begin(task.name(), self.allowance);
        let cluster = match cluster {
            Some(cluster) => cluster,
            None => match Cluster::connect(&self.access, &self.platform).await {
                Ok(cluster) => cluster.with_heartbeat(self.heartbeat.clone()),
                Err(error) => return (None, self.without_cluster(&task, error.into())),
            },
        };

        let outcome = self.perform_on(&cluster, task, unclosed).await;
        (Some(cluster), outcome)
    }

    async fn perform_on(
        &self,
        cluster: &Cluster,
        task: KillerTask,
        unclosed: Option<&RoundReport>,
    ) -> TaskOutcome {
        let context = RoundContext {
            cluster,
            writer: &self.writer,
            config: &self.config,
            stop: &self.stop,
            platform: &self.platform,
            fail_points: &self.fail_points,
        };

        let mut outcome = TaskOutcome::default();
        match task {
            KillerTask::RunRound { slot, seed } => {
                self.fail_points.pass(FailPoint::BeforeRound).await;
                // A round that was left open would stand in the way.
                outcome.recovery = Some(round::recover(context, unclosed).await);
                outcome.round = Some(round::run(context, slot, seed).await);
                self.fail_points.pass(FailPoint::BeforeReport).await;
            }
            KillerTask::Recover => outcome.recovery = Some(round::recover(context, unclosed).await),
            KillerTask::RecordDelivery(delivered) => self.record(cluster, delivered).await,
        }
        outcome
    }

    async fn record(&self, cluster: &Cluster, delivered: ReportDelivered) {
        let ReportDelivered { slot, channels, done } = delivered;
        let event = JournalEvent::Delivered { slot, channels, done };
        if let Err(error) = self.writer.commit(cluster, &event).await {
            // The next recovery pass finds the report still there, and it is delivered again.
            log::debug!("could not record delivery of the report for round {slot}: {error}");
        }
    }

    fn without_cluster(&self, task: &KillerTask, error: JournalError) -> TaskOutcome {
        match task {
            KillerTask::RunRound { slot, seed } => {
                let report = RoundReport {
                    end: RoundEnd::from(error),
                    ..self.config.blank_report(*slot, *seed)
                };

                let journal_state = JournalState::Unclaimed;
                TaskOutcome {
                    recovery: None,
                    round: Some(RoundResult::Ran {
                        report,
                        journal_state,
                    }),
                }
            }

            KillerTask::Recover | KillerTask::RecordDelivery(_) => TaskOutcome {
                recovery: Some(Err(error)),
                round: None,
            },
        }
    }
}
