//! The Killer actor: runs one round at a time, keeps the journal, and passes messages to the Notifier and recoveries to
//! the Watcher.

mod failure_dedup;
mod message_offer;
mod notice_plan;
mod task;
mod warning_dedup;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use macaque_core::journal::MessageId;
use macaque_core::notice::ScopeOwners;
use macaque_core::report::RoundReport;

use self::failure_dedup::FailureDedup;
use self::message_offer::MessageOffer;
use self::task::{KillerTask, TaskContext, TaskOutcome};
use self::warning_dedup::WarningDedup;
use super::ActorsConfig;
use super::messages::{
    DisruptionAccepted, MessageDelivered, NoticeIssued, RecoveriesFound, RecoveriesWanted, RecoveryReported,
    RoundDue, RoundFinished, Shutdown,
};
use super::recipient::StableRecipient;
use crate::heartbeat::Heartbeat;
use crate::k8s::Cluster;
use crate::recovery::FollowedVictim;
use crate::round::{ClaimState, RoundResult, Takeover};
use crate::stop::{StopSwitch, StopToken};

/// How many messages may wait for the Killer: all channels, of which there may be seventy, may confirm a delivery at once.
const MAILBOX: usize = 100;
/// How often unsent messages are offered again while the Notifier is restarting.
const OFFER_INTERVAL: Duration = Duration::from_millis(500);

/// How many unsent messages are kept; beyond that the oldest is dropped, with an error in the log.
const KEPT_MESSAGES: usize = 100;

/// How long a shutdown waits for deliveries to be confirmed, so that no report is sent again after a restart.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The Killer actor. Its connection to the cluster belongs to this incarnation and its Arbiter.
pub struct Killer {
    context: Rc<TaskContext>,
    cluster: Option<Cluster>,
    recipients: KillerRecipients,
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
    /// Messages that the Notifier has not accepted.
    unsent: VecDeque<MessageOffer>,
    /// The messages that the Notifier accepted and has not delivered to every channel.
    undelivered: BTreeSet<MessageId>,
    /// Whether this Killer may hold leases of recoveries.
    has_recoveries: bool,
    /// The report of a round that could not be closed in the journal.
    unclosed: Option<Rc<RoundReport>>,
    /// The owners in scope, listed for a digest that is due, and whether they are being listed.
    owners: Option<ScopeOwners>,
    lists_owners: bool,
    failures: FailureDedup,
    warnings: WarningDedup,
    /// The configuration that the Killer was created with, or has taken over since.
    config: ActorsConfig,
    incarnation: u64,
    token: StopToken,
    heartbeat: Heartbeat,
}

/// The recipients of what the Killer sends.
#[derive(Debug, Clone)]
pub(super) struct KillerRecipients {
    pub(super) disruption_accepted: StableRecipient<DisruptionAccepted>,
    pub(super) recoveries_found: StableRecipient<RecoveriesFound>,
    pub(super) round_finished: StableRecipient<RoundFinished>,
    pub(super) recovery_reported: StableRecipient<RecoveryReported>,
    pub(super) notice_issued: StableRecipient<NoticeIssued>,
}

impl Killer {
    /// Creates a Killer that is not connected yet; `incarnation` distinguishes it from earlier ones.
    pub(super) fn new(
        config: &ActorsConfig,
        incarnation: u64,
        recipients: KillerRecipients,
        heartbeat: Heartbeat,
    ) -> Self {
        let (switch, token) = StopSwitch::new(&config.platform);
        let accepted = recipients.disruption_accepted.clone();
        let context = TaskContext::new(config, incarnation, accepted, token.clone(), heartbeat.clone());
        config.publish_in_force();

        Self {
            context: Rc::new(context),
            cluster: None,
            recipients,
            stop: switch,
            stopping: false,
            current: None,
            due_round: None,
            takeover_due: true,
            deliveries: BTreeMap::new(),
            unsent: VecDeque::new(),
            undelivered: BTreeSet::new(),
            has_recoveries: false,
            unclosed: None,
            owners: None,
            lists_owners: false,
            failures: FailureDedup::default(),
            warnings: WarningDedup::default(),
            config: config.clone(),
            incarnation,
            token,
            heartbeat,
        }
    }

    /// Starts the most urgent task, unless one is running; stops the actor if it is stopping and nothing is left to do.
    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.current.is_some() {
            return;
        }
        self.take_over_changes();
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

    /// Takes over the changes of the configuration, between two tasks.
    fn take_over_changes(&mut self) {
        if !self.config.changes.are_unseen() {
            return;
        }
        self.config = self.config.current();
        self.context = Rc::new(TaskContext::new(
            &self.config,
            self.incarnation,
            self.recipients.disruption_accepted.clone(),
            self.token.clone(),
            self.heartbeat.clone(),
        ));
        self.config.publish_in_force();
    }

    fn next_task(&mut self) -> Option<KillerTask> {
        if let Some(RoundDue { slot, seed }) = self.due_round.take_if(|_| !self.stopping) {
            return Some(KillerTask::RunRound { slot, seed });
        }
        if let Some((_, delivered)) = self.deliveries.pop_first() {
            return Some(KillerTask::RecordDelivery(delivered));
        }
        if self.stopping {
            let is_last = self.unsent.is_empty() && self.undelivered.is_empty();
            let releases = is_last && std::mem::take(&mut self.has_recoveries);
            return releases.then_some(KillerTask::Release);
        }
        let is_due = std::mem::take(&mut self.takeover_due);
        is_due.then(|| KillerTask::TakeOver {
            owners: self.owners.take(),
        })
    }

    fn finish(&mut self, outcome: TaskOutcome, ctx: &mut Context<Self>) {
        match outcome.takeover {
            Some(Ok(takeover)) => self.queue_messages(takeover),
            Some(Err(error)) => self.failures.takeover_failed(&error),
            None => {}
        }

        match outcome.round {
            Some(RoundResult::Reported {
                report,
                claim_state,
                recoveries,
            }) => {
                self.pass_on(recoveries);
                self.finish_round(*report, claim_state);
            }
            Some(RoundResult::Skipped(denial)) => {
                self.failures.round_is_elsewhere(&denial);
                log::info!("skipping this round: {denial}");
            }
            None => {}
        }

        if outcome.wants_owners && !self.stopping {
            self.list_owners(ctx);
        }
        self.offer_messages(ctx);
    }

    /// Lists the owners in scope beside whatever else is done; the takeover pass after that issues the digest.
    fn list_owners(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.lists_owners, true) {
            return;
        }
        let context = Rc::clone(&self.context);
        let list = async move { context.list_owners().await };
        ctx.spawn(list.into_actor(self).map(|owners, killer, ctx| {
            killer.lists_owners = false;
            killer.owners = Some(owners);
            killer.takeover_due = true;
            killer.work(ctx);
        }));
    }

    /// Queues the undelivered messages that a takeover pass found, and passes its recoveries on.
    fn queue_messages(&mut self, takeover: Takeover) {
        self.unclosed = None;
        self.failures.takeover_succeeded(takeover.dropped, takeover.held);
        self.has_recoveries = false;
        self.pass_on(takeover.recoveries);

        for entry in takeover.outbox {
            // A message that the Notifier accepted may have been lost in a crash, so it is sent again; the Notifier
            // skips what it already knows.
            let id = entry.message.id();
            let is_unsent = self.unsent.iter().any(|unsent| unsent.id() == Some(&id));
            if !is_unsent && !self.deliveries.contains_key(&id) {
                self.unsent.push_back(MessageOffer::of_entry(id, entry));
            }
        }
    }

    /// Passes the recoveries that this process has to watch on to the Watcher.
    fn pass_on(&mut self, recoveries: Vec<FollowedVictim>) {
        if !recoveries.is_empty() {
            self.has_recoveries = true;
            // A Watcher that starts asks for them.
            let found = RecoveriesFound { recoveries };
            let _ = self.recipients.recoveries_found.send(found);
        }
    }

    /// Queues the report of a round, unless it only repeats a failure that was already reported.
    fn finish_round(&mut self, mut report: RoundReport, claim_state: ClaimState) {
        if claim_state == ClaimState::Open {
            self.unclosed = Some(Rc::new(report.clone()));
        }

        let id = MessageId::of_round(report.slot);
        if self.failures.should_report(&report) {
            self.warnings.remove_reported(&mut report);
            let in_outbox = claim_state != ClaimState::Unclaimed;
            self.unsent.push_back(MessageOffer::of_round(report, in_outbox));
        } else if claim_state == ClaimState::Closed {
            self.deliveries.insert(id.clone(), MessageDelivered::finished(id));
        }

        if self.unsent.len() > KEPT_MESSAGES {
            self.unsent.pop_front();
            log::error!("a report was dropped: the Notifier accepted none of {KEPT_MESSAGES}");
        }
    }

    /// Sends the unsent messages to the Notifier, as far as it accepts them.
    fn offer_messages(&mut self, ctx: &mut Context<Self>) {
        while let Some(offer) = self.unsent.pop_front() {
            let id = offer.id().cloned();
            if let Err(kept) = offer.send(&self.recipients) {
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
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.run_interval(OFFER_INTERVAL, Self::offer_messages);
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
        self.offer_messages(ctx);
    }
}
