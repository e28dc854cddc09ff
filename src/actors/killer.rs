//! The Killer actor: runs one round at a time, keeps the journal, and passes reports to the Notifier.

mod failure_dedup;
mod task;
mod warning_dedup;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use macaque_core::journal::{Message, MessageId, OutboxEntry};
use macaque_core::report::RoundReport;

use self::failure_dedup::FailureDedup;
use self::task::{KillerTask, TaskContext, TaskOutcome};
use self::warning_dedup::WarningDedup;
use super::ActorsConfig;
use super::messages::{MessageDelivered, RecoveriesWanted, RoundDue, RoundFinished, Shutdown};
use super::recipient::StableRecipient;
use crate::heartbeat::Heartbeat;
use crate::k8s::Cluster;
use crate::round::{ClaimState, RoundResult, Takeover};
use crate::stop::StopSwitch;

/// How often unsent reports are offered again while the Notifier is restarting.
const OFFER_INTERVAL: Duration = Duration::from_millis(500);

/// How many unsent reports are kept; beyond that the oldest is dropped, with an error in the log.
const KEPT_REPORTS: usize = 100;

/// How long a shutdown waits for deliveries to be confirmed, so that no report is sent again after a restart.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The Killer actor. Its connection to the cluster belongs to this incarnation and its Arbiter.
pub struct Killer {
    context: Rc<TaskContext>,
    cluster: Option<Cluster>,
    notifier: StableRecipient<RoundFinished>,
    stop: StopSwitch,
    stopping: bool,
    /// The running task.
    current: Option<KillerTask>,
    /// The round that is due next.
    due_round: Option<RoundDue>,
    /// Whether a takeover pass is due.
    takeover_due: bool,
    /// Deliveries, by message, that are not yet recorded in the journal.
    deliveries: BTreeMap<MessageId, MessageDelivered>,
    /// Reports that the Notifier has not accepted.
    unsent: VecDeque<RoundFinished>,
    /// The slots of reports that the Notifier accepted and has not delivered to every channel.
    undelivered: BTreeSet<MessageId>,
    /// The report of a round that could not be closed in the journal.
    unclosed: Option<Rc<RoundReport>>,
    failures: FailureDedup,
    warnings: WarningDedup,
}

impl Killer {
    /// Creates a Killer that is not connected yet; `incarnation` distinguishes it from earlier ones.
    pub(super) fn new(
        config: &ActorsConfig,
        incarnation: u64,
        notifier: StableRecipient<RoundFinished>,
        heartbeat: Heartbeat,
    ) -> Self {
        let (switch, token) = StopSwitch::new(&config.platform);
        let context = TaskContext::new(config, incarnation, token, heartbeat);

        Self {
            context: Rc::new(context),
            cluster: None,
            notifier,
            stop: switch,
            stopping: false,
            current: None,
            due_round: None,
            takeover_due: true,
            deliveries: BTreeMap::new(),
            unsent: VecDeque::new(),
            undelivered: BTreeSet::new(),
            unclosed: None,
            failures: FailureDedup::default(),
            warnings: WarningDedup::default(),
        }
    }

    /// Starts the most urgent task, unless one is running; stops the actor if it is stopping and nothing is left to do.
    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.current.is_some() {
            return;
        }
        let Some(task) = self.next_task() else {
            if self.stopping && self.unsent.is_empty() && self.undelivered.is_empty() {
                ctx.stop();
            }
            return;
        };

        self.current = Some(task.clone());
        let context = Rc::clone(&self.context);
        let cluster = self.cluster.take();
        let unclosed = self.unclosed.clone();
        // Spawned on the actor's own context: it ends with the actor and never outlives it.
        let work = async move { context.perform(task, cluster, unclosed.as_deref()).await };
        ctx.spawn(work.into_actor(self).map(|(cluster, outcome), killer, ctx| {
            killer.current = None;
            killer.cluster = cluster;
            killer.finish(outcome, ctx);
            killer.work(ctx);
        }));
    }

    fn next_task(&mut self) -> Option<KillerTask> {
        if let Some(RoundDue { slot, seed }) = self.due_round.take_if(|_| !self.stopping) {
            return Some(KillerTask::RunRound { slot, seed });
        }
        if let Some((_, delivered)) = self.deliveries.pop_first() {
            return Some(KillerTask::RecordDelivery(delivered));
        }
        let takeover_due = std::mem::take(&mut self.takeover_due);
        (takeover_due && !self.stopping).then_some(KillerTask::TakeOver)
    }

    fn finish(&mut self, outcome: TaskOutcome, ctx: &mut Context<Self>) {
        match outcome.takeover {
            Some(Ok(takeover)) => self.queue_reports(takeover),
            Some(Err(error)) => self.failures.takeover_failed(&error),
            None => {}
        }

        match outcome.round {
            Some(RoundResult::Reported { report, claim_state }) => self.finish_round(report, claim_state),
            Some(RoundResult::Skipped(denial)) => {
                self.failures.round_is_elsewhere(&denial);
                log::info!("skipping this round: {denial}");
            }
            None => {}
        }

        self.offer_reports(ctx);
    }

    /// Queues the undelivered reports that a takeover pass found.
    fn queue_reports(&mut self, takeover: Takeover) {
        self.unclosed = None;
        self.failures.takeover_succeeded(takeover.dropped, takeover.held);

        for entry in takeover.outbox {
            // A report that the Notifier accepted may have been lost in a crash, so it is sent again; the Notifier
            // skips what it already knows.
            let id = entry.message.id();
            let OutboxEntry {
                message, delivered, ..
            } = entry;
            let Message::Report(report) = message else {
                continue;
            };
            let slot = report.slot;
            let is_same = |unsent: &RoundFinished| unsent.in_outbox && unsent.report.slot == slot;
            if self.unsent.iter().any(is_same) || self.deliveries.contains_key(&id) {
                continue;
            }

            self.unsent.push_back(RoundFinished {
                report: Arc::new(report),
                in_outbox: true,
                from_journal: true,
                delivered,
            });
        }
    }

    /// Queues the report of a round, unless it only repeats a failure that was already reported.
    fn finish_round(&mut self, mut report: RoundReport, claim_state: ClaimState) {
        if claim_state == ClaimState::Open {
            self.unclosed = Some(Rc::new(report.clone()));
        }

        let slot = report.slot;
        if self.failures.should_report(&report) {
            self.warnings.remove_reported(&mut report);
            self.unsent.push_back(RoundFinished {
                report: Arc::new(report),
                in_outbox: claim_state != ClaimState::Unclaimed,
                from_journal: false,
                delivered: Vec::new(),
            });
        } else if claim_state == ClaimState::Closed {
            let id = MessageId::of_round(slot);
            self.deliveries.insert(id.clone(), MessageDelivered::finished(id));
        }

        if self.unsent.len() > KEPT_REPORTS {
            self.unsent.pop_front();
            log::error!("a report was dropped: the Notifier accepted none of {KEPT_REPORTS}");
        }
    }

    /// Sends the unsent reports to the Notifier, as far as it accepts them.
    fn offer_reports(&mut self, ctx: &mut Context<Self>) {
        while let Some(report) = self.unsent.pop_front() {
            let id = report
                .in_outbox
                .then_some(MessageId::of_round(report.report.slot));
            if let Err(kept) = self.notifier.send(report) {
                self.unsent.push_front(kept);
                break;
            }
            self.undelivered.extend(id);
        }
        self.work(ctx);
    }
}

impl Actor for Killer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(OFFER_INTERVAL, Self::offer_reports);
        ctx.run_interval(self.context.writer.takeover_interval(), |killer, ctx| {
            killer.takeover_due = true;
            killer.work(ctx);
        });
        self.work(ctx);
    }
}

impl Handler<RoundDue> for Killer {
    type Result = ();

    fn handle(&mut self, due: RoundDue, ctx: &mut Self::Context) {
        let slot = due.slot;
        let is_running = matches!(self.current, Some(KillerTask::RunRound { .. }));
        if self.stopping {
            log::info!(slot:%; "round {slot} dropped: macaque is shutting down");
        } else if is_running || self.due_round.is_some() {
            log::warn!(slot:%; "round {slot} dropped: the round before it is still running");
        } else {
            self.due_round = Some(due);
            self.work(ctx);
        }
    }
}

impl Handler<RecoveriesWanted> for Killer {
    type Result = ();

    fn handle(&mut self, _: RecoveriesWanted, ctx: &mut Self::Context) {
        self.takeover_due = true;
        self.work(ctx);
    }
}

impl Handler<MessageDelivered> for Killer {
    type Result = ();

    fn handle(&mut self, delivered: MessageDelivered, ctx: &mut Self::Context) {
        if delivered.done {
            self.undelivered.remove(&delivered.message);
        }
        match self.deliveries.get_mut(&delivered.message) {
            Some(known) => known.add(delivered),
            None => {
                self.deliveries.insert(delivered.message.clone(), delivered);
            }
        }
        self.work(ctx);
    }
}

impl Handler<Shutdown> for Killer {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        self.stop.request();
        ctx.run_later(CONFIRMATION_TIMEOUT, |killer, ctx| {
            killer.undelivered.clear();
            killer.work(ctx);
        });
        self.offer_reports(ctx);
    }
}
