//! The tasks of the Killer, and the context that they run in.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::journal::JournalEvent;
use macaque_core::notice::ScopeOwners;
use macaque_core::report::{RoundEnd, RoundReport};

use super::notice_plan::NoticePlan;
use crate::actors::ActorsConfig;
use crate::actors::messages::{DisruptionAccepted, MessageDelivered};
use crate::actors::recipient::StableRecipient;
use crate::facts::{Fact, Facts};
use crate::failpoint::{FailPoint, FailPoints};
use crate::gates::Gates;
use crate::heartbeat::Heartbeat;
use crate::journal::{JournalError, JournalWriter};
use crate::k8s::{Cluster, ClusterAccess};
use crate::platform::Platform;
use crate::round::{self, ClaimState, RoundConfig, RoundContext, RoundResult, Takeover};
use crate::stop::StopToken;

/// How long releasing leases may take: a shutdown waits for it.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long listing the owners in scope may take for a digest.
const LIST_TIMEOUT: Duration = Duration::from_secs(300);

/// A task of the Killer.
#[derive(Debug, Clone)]
pub(super) enum KillerTask {
    /// Run a round.
    RunRound { slot: Timestamp, seed: u64 },
    /// Run a takeover pass over the journal, and issue what notices are due; a digest names owners in scope.
    TakeOver { owners: Option<ScopeOwners> },
    /// Record in the journal what the Notifier delivered.
    RecordDelivery(MessageDelivered),
    /// Release the leases of recoveries, so that the next process need not wait for their ends.
    Release,
}

/// The outcome of a task.
#[derive(Default)]
pub(super) struct TaskOutcome {
    pub(super) takeover: Option<Result<Takeover, JournalError>>,
    pub(super) round: Option<RoundResult>,
    /// Whether a digest is due, for which the owners in scope must be listed.
    pub(super) wants_owners: bool,
}

/// The context of every task.
pub(super) struct TaskContext {
    config: Arc<RoundConfig>,
    access: ClusterAccess,
    pub(super) writer: JournalWriter,
    accepted: StableRecipient<DisruptionAccepted>,
    stop: StopToken,
    heartbeat: Heartbeat,
    notices: NoticePlan,
    /// How long a task may go without progress.
    allowance: Duration,
    platform: Platform,
    facts: Facts,
    fail_points: FailPoints,
}

impl KillerTask {
    fn name(&self) -> &'static str {
        match self {
            Self::RunRound { .. } => "the round",
            Self::TakeOver { .. } => "the takeover pass",
            Self::RecordDelivery(_) => "recording a delivery",
            Self::Release => "releasing leases",
        }
    }
}

impl TaskContext {
    pub(super) fn new(
        config: &ActorsConfig,
        incarnation: u64,
        accepted: StableRecipient<DisruptionAccepted>,
        stop: StopToken,
        heartbeat: Heartbeat,
    ) -> Self {
        Self {
            config: Arc::clone(&config.round),
            access: config.access.clone(),
            writer: config
                .journal
                .writer(incarnation)
                .with_facts(config.facts.clone()),
            accepted,
            stop,
            heartbeat,
            notices: NoticePlan::of(config),
            // Every request to the API server counts as progress, and one request may take this long.
            allowance: config.access.deadlines.disrupt + config.timeouts.hang,
            platform: config.platform.clone(),
            facts: config.facts.clone(),
            fail_points: config.fail_points.clone(),
        }
    }

    /// Performs one task over `cluster`, or over a new connection; returns the connection for the next task.
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
                Ok(cluster) => cluster
                    .with_heartbeat(self.heartbeat.clone())
                    .with_facts(self.facts.clone()),
                Err(error) => return (None, self.fail_unconnected(&task, error.into())),
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
        // Without a Watcher, the next one finds the recovery in the journal.
        let on_accepted = |recovery| drop(self.accepted.send(DisruptionAccepted { recovery }));
        let context = RoundContext {
            cluster,
            gates: &Gates::new(&self.config.gates, &self.platform),
            writer: &self.writer,
            config: &self.config,
            on_accepted: &on_accepted,
            facts: &self.facts,
            stop: &self.stop,
            platform: &self.platform,
            fail_points: &self.fail_points,
        };

        let mut outcome = TaskOutcome::default();
        match task {
            KillerTask::RunRound { slot, seed } => {
                self.fail_points.pass(FailPoint::BeforeRound).await;
                // A round that was left open would block this one.
                outcome.takeover = Some(round::take_over(context, unclosed).await);
                outcome.round = Some(round::run(context, slot, seed).await);
                self.fail_points.pass(FailPoint::BeforeReport).await;
            }
            KillerTask::TakeOver { owners } => {
                let mut takeover = round::take_over(context, unclosed).await;
                if let Ok(takeover) = &mut takeover {
                    outcome.wants_owners = self.issue_notices(cluster, takeover, owners).await;
                }
                outcome.takeover = Some(takeover);
            }
            KillerTask::RecordDelivery(delivered) => self.record_delivery(cluster, delivered).await,
            KillerTask::Release => self.release(cluster).await,
        }
        outcome
    }

    /// Issues what notices are due, and adds them to what the takeover pass found; returns whether a digest is due that has
    /// to wait for the owners in scope. If nothing is due, nothing is written and no request is sent.
    async fn issue_notices(
        &self,
        cluster: &Cluster,
        takeover: &mut Takeover,
        owners: Option<ScopeOwners>,
    ) -> bool {
        let due = self.notices.due(self.platform.now(), owners);
        let digest_at = due.digest.as_ref().map(|digest| digest.at);
        let issue = JournalEvent::Issue(Box::new(due));
        match self.writer.commit(cluster, &issue).await {
            Ok(journal) => {
                let outbox = journal.outbox_of(self.writer.holder());
                takeover.outbox = outbox.cloned().collect();
                digest_at.is_some_and(|at| journal.is_digest_due(at))
            }
            // The next takeover pass tries again.
            Err(error) => {
                log::debug!("could not issue notices: {error}");
                false
            }
        }
    }

    /// Lists the owners in scope over a connection of its own, so that no round waits for it.
    pub(super) async fn list_owners(&self) -> ScopeOwners {
        let listed = async {
            match Cluster::connect(&self.access, &self.platform).await {
                Ok(cluster) => {
                    let cluster = cluster.with_facts(self.facts.clone());
                    let eligibility = &self.config.eligibility;
                    let dry_run = self.config.dry_run;
                    round::list_owners(&cluster, eligibility, &self.stop, &self.platform, dry_run).await
                }
                Err(error) => ScopeOwners::unknown(&error.to_string()),
            }
        };
        let listed = self.platform.within(LIST_TIMEOUT, listed).await;
        listed.unwrap_or_else(|| ScopeOwners::unknown("listing the pods in scope took too long"))
    }

    async fn record_delivery(&self, cluster: &Cluster, delivered: MessageDelivered) {
        let MessageDelivered {
            message,
            channels,
            done,
        } = delivered;
        let slot = message.slot;
        let event = JournalEvent::Delivered {
            message,
            channels,
            done,
        };
        if let Err(error) = self.writer.commit(cluster, &event).await {
            // The next takeover pass finds the report in the outbox and sends it to the Notifier, which confirms it
            // again.
            log::debug!("could not record delivery of a message about round {slot}: {error}");
        }
    }

    async fn release(&self, cluster: &Cluster) {
        let commit = self.writer.commit(cluster, &JournalEvent::Release);
        if let Some(Ok(_)) = self.platform.within(RELEASE_TIMEOUT, commit).await {
            return;
        }
        log::debug!("could not release the leases of recoveries: they end by themselves");
    }

    /// The outcome of a task for which no connection could be made.
    fn fail_unconnected(&self, task: &KillerTask, error: JournalError) -> TaskOutcome {
        match task {
            KillerTask::RunRound { slot, seed } => {
                let report = RoundReport {
                    end: RoundEnd::from(error),
                    finished: self.platform.now().max(*slot),
                    ..self.config.blank_report(*slot, *seed)
                };
                self.facts.publish(Fact::RoundFinished(&report));

                TaskOutcome {
                    takeover: None,
                    round: Some(RoundResult::Reported {
                        report: Box::new(report),
                        claim_state: ClaimState::Unclaimed,
                        recoveries: Vec::new(),
                    }),
                    wants_owners: false,
                }
            }

            KillerTask::TakeOver { .. } | KillerTask::RecordDelivery(_) | KillerTask::Release => {
                TaskOutcome {
                    takeover: Some(Err(error)),
                    ..TaskOutcome::default()
                }
            }
        }
    }
}
