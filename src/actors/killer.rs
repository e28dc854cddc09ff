//! The Killer plays one round at a time, keeps the journal, and hands reports on. It knows nothing of chat services.

mod failure_dedup;
mod task;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use jiff::Timestamp;

use self::failure_dedup::FailureDedup;
use self::task::{KillerTask, TaskContext, TaskOutcome};
use super::ActorsConfig;
use super::messages::{ReportDelivered, RoundDue, RoundFinished, Shutdown};
use super::recipient::StableRecipient;
use crate::heartbeat::Heartbeat;
use crate::k8s::Cluster;
use crate::round::{JournalState, Recovery, RoundResult, StopSwitch};
use macaque_core::report::RoundReport;

/// How often reports are offered again while the Notifier is away.
const OFFER_AGAIN: Duration = Duration::from_millis(500);

/// How many reports are kept for an absent Notifier; beyond it the oldest is dropped, and said to be.
const KEPT_REPORTS: usize = 100;

/// How long an end waits to hear that everybody was told, so that nobody is told again after a restart.
const WAIT_FOR_TOLD: Duration = Duration::from_secs(8);

/// The actor. Its connection to the cluster belongs to this life of it, and to this Arbiter.
pub struct Killer {
    tools: Rc<TaskContext>,
    cluster: Option<Cluster>,
    notifier: StableRecipient<RoundFinished>,
    switch: StopSwitch,
    stopping: bool,
    /// What is being done.
    at_work: Option<KillerTask>,
    /// The round that is due next, and whether a look round is.
    due: Option<RoundDue>,
    patrol_due: bool,
    /// What the Notifier said and the journal does not know yet.
    told: BTreeMap<Timestamp, ReportDelivered>,
    /// What the Notifier has not taken.
    unsent: VecDeque<RoundFinished>,
    /// What it took and has not told everybody.
    untold: BTreeSet<Timestamp>,
    /// The round that could not be closed.
    unclosed: Option<Rc<RoundReport>>,
    trouble: FailureDedup,
}

impl Killer {
    /// A Killer that has not connected yet; `life` tells it from those before it.
    pub(super) fn new(
        crew: &ActorsConfig,
        life: u64,
        notifier: StableRecipient<RoundFinished>,
        pulse: Heartbeat,
    ) -> Self {
        let (switch, stop) = StopSwitch::new();
        // Every exchange with the API server is a sign of life, and so long may one take.
        let allowance = crew.access.deadlines.disrupt + crew.limits.deaf_after;
        Self {
            tools: Rc::new(TaskContext {
                orders: Arc::clone(&crew.orders),
                access: crew.access.clone(),
                keeper: crew.books.keeper(life),
                stop,
                pulse,
                allowance,
                faults: crew.faults.clone(),
            }),
            cluster: None,
            notifier,
            switch,
            stopping: false,
            at_work: None,
            due: None,
            patrol_due: true,
            told: BTreeMap::new(),
            unsent: VecDeque::new(),
            untold: BTreeSet::new(),
            unclosed: None,
            trouble: FailureDedup::default(),
        }
    }

    /// Begins what is most urgent, unless something is being done; once stopping, ends when nothing is left to do.
    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.at_work.is_some() {
            return;
        }
        let Some(task) = self.next_task() else {
            if self.stopping && self.unsent.is_empty() && self.untold.is_empty() {
                ctx.stop();
            }
            return;
        };
        self.at_work = Some(task.clone());
        let (tools, cluster, unclosed) = (Rc::clone(&self.tools), self.cluster.take(), self.unclosed.clone());
        // Spawned on the actor's own context: it ends with the actor, never outlives it.
        let work = async move { tools.perform(task, cluster, unclosed.as_deref()).await };
        ctx.spawn(work.into_actor(self).map(|(cluster, done), killer, ctx| {
            killer.at_work = None;
            killer.cluster = cluster;
            killer.finish(done, ctx);
            killer.work(ctx);
        }));
    }

    fn next_task(&mut self) -> Option<KillerTask> {
        if let Some(RoundDue { slot, seed }) = self.due.take_if(|_| !self.stopping) {
            return Some(KillerTask::RunRound { slot, seed });
        }
        if let Some((_, told)) = self.told.pop_first() {
            return Some(KillerTask::RecordDelivery(told));
        }
        (std::mem::take(&mut self.patrol_due) && !self.stopping).then_some(KillerTask::Recover)
    }

    fn finish(&mut self, done: TaskOutcome, ctx: &mut Context<Self>) {
        let TaskOutcome { patrol, played } = done;
        match patrol {
            Some(Ok(patrol)) => self.take_up(patrol),
            Some(Err(setback)) => self.trouble.of_patrol(&setback),
            None => {}
        }
        match played {
            Some(RoundResult::Ran { report, books }) => self.finish_round(report, books),
            Some(RoundResult::Skipped(denial)) => log::info!("no round here: {denial}"),
            None => {}
        }
        self.offer_reports(ctx);
    }

    /// What a look round found is told.
    fn take_up(&mut self, patrol: Recovery) {
        self.unclosed = None;
        self.trouble.patrol_went_well(patrol.dropped);
        for notice in patrol.notices {
            // What is on its way to the Notifier is known; what the Notifier took may have been lost with it.
            let slot = notice.report.slot;
            let is_unsent = |unsent: &RoundFinished| unsent.notice && unsent.report.slot == slot;
            if !self.unsent.iter().any(is_unsent) && !self.told.contains_key(&slot) {
                self.unsent.push_back(RoundFinished {
                    report: Arc::new(notice.report),
                    notice: true,
                    told: notice.told,
                });
            }
        }
    }

    /// Hands the report on, unless it only repeats a failure that was told already.
    fn finish_round(&mut self, report: RoundReport, books: JournalState) {
        if books == JournalState::Open {
            self.unclosed = Some(Rc::new(report.clone()));
        }
        let slot = report.slot;
        if self.trouble.is_news(&report) {
            self.unsent.push_back(RoundFinished {
                report: Arc::new(report),
                notice: books != JournalState::Unclaimed,
                told: Vec::new(),
            });
        } else if books == JournalState::Closed {
            self.told.insert(slot, ReportDelivered::all(slot));
        }
        if self.unsent.len() > KEPT_REPORTS {
            self.unsent.pop_front();
            log::error!("a report was dropped: the Notifier took none of {KEPT_REPORTS}");
        }
    }

    /// Offers what is unsent.
    fn offer_reports(&mut self, ctx: &mut Context<Self>) {
        while let Some(report) = self.unsent.pop_front() {
            let notice = report.notice.then_some(report.report.slot);
            if let Err(kept) = self.notifier.send(report) {
                self.unsent.push_front(kept);
                break;
            }
            self.untold.extend(notice);
        }
        self.work(ctx);
    }
}

impl Actor for Killer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(OFFER_AGAIN, Self::offer_reports);
        ctx.run_interval(self.tools.keeper.patrols(), |killer, ctx| {
            killer.patrol_due = true;
            killer.work(ctx);
        });
        self.work(ctx);
    }
}

impl Handler<RoundDue> for Killer {
    type Result = ();

    fn handle(&mut self, due: RoundDue, ctx: &mut Self::Context) {
        let slot = due.slot;
        if self.stopping {
            log::info!(slot:%; "round of {slot} dropped: macaque is stopping");
        } else if matches!(self.at_work, Some(KillerTask::RunRound { .. })) || self.due.is_some() {
            log::warn!(slot:%; "round of {slot} dropped: the round before it is still running");
        } else {
            self.due = Some(due);
            self.work(ctx);
        }
    }
}

impl Handler<ReportDelivered> for Killer {
    type Result = ();

    fn handle(&mut self, told: ReportDelivered, ctx: &mut Self::Context) {
        if told.done {
            self.untold.remove(&told.slot);
        }
        match self.told.get_mut(&told.slot) {
            Some(before) => before.add(told),
            None => drop(self.told.insert(told.slot, told)),
        }
        self.work(ctx);
    }
}

impl Handler<Shutdown> for Killer {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        self.switch.request();
        ctx.run_later(WAIT_FOR_TOLD, |killer, ctx| {
            killer.untold.clear();
            killer.work(ctx);
        });
        self.offer_reports(ctx);
    }
}
