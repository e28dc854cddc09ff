//! The Watcher actor: follows every recovery to its verdict, records it in the journal, and tells the Notifier.
//!
//! A recovery is followed from the moment the Killer has the API server's answer, or from the moment the Killer finds it
//! in the journal. The Watcher connects to the cluster when there is something to follow, and does nothing otherwise.

mod context;
mod unrecorded;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use jiff::Timestamp;
use macaque_core::recovery::{DisruptedVictim, RecoveryReport};

use self::context::{RecordResult, WatcherContext};
use self::unrecorded::{UnrecordedReport, UnrecordedReports};
use super::ActorsConfig;
use super::messages::{DisruptionAccepted, RecoveriesFound, RecoveriesWanted, RecoveryReported, Shutdown};
use super::recipient::StableRecipient;
use crate::heartbeat::Heartbeat;
use crate::recovery::{FollowedVictim, RecoveryMeans};
use crate::stop::{StopSwitch, StopToken};

/// How many recoveries are followed by a watch at once; more are polled.
const MOST_WATCHES: usize = 20;

/// How many recoveries that ended are remembered, so that a record that the Killer read before is not followed again.
const REMEMBERED: usize = 200;

/// How long a shutdown waits for verdicts to be recorded. What is not recorded then, the next process finds out.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What identifies a recovery: the slot of the round and the UID of the victim.
type RecoveryKey = (Timestamp, String);

/// The Watcher actor. Its connection to the cluster belongs to this incarnation and its Arbiter.
pub struct Watcher {
    context: Rc<WatcherContext>,
    /// The configuration that the Watcher was created with, or has taken over since.
    config: ActorsConfig,
    token: StopToken,
    heartbeat: Heartbeat,
    killer: StableRecipient<RecoveriesWanted>,
    notifier: StableRecipient<RecoveryReported>,
    stop: StopSwitch,
    stopping: bool,
    /// The recoveries that are followed.
    followed: BTreeMap<RecoveryKey, FollowedRecovery>,
    /// The reports that are not in the journal yet.
    unrecorded: UnrecordedReports,
    /// The recovery whose report is being recorded.
    recording: Option<RecoveryKey>,
    /// The recoveries whose verdicts are recorded.
    ended: BTreeSet<RecoveryKey>,
}

/// A recovery that is followed.
struct FollowedRecovery {
    means: RecoveryMeans,
    /// Whether it was seen in the journal.
    in_journal: bool,
}

/// A recovery's future → its Watcher: the replacement is stuck.
#[derive(Message)]
#[rtype(result = "()")]
struct ReplacementStuck(RecoveryReport);

impl Watcher {
    /// Creates a Watcher that watches nothing yet.
    pub(super) fn new(
        config: &ActorsConfig,
        killer: StableRecipient<RecoveriesWanted>,
        notifier: StableRecipient<RecoveryReported>,
        heartbeat: Heartbeat,
    ) -> Self {
        let (switch, token) = StopSwitch::new(&config.platform);
        Self {
            context: Rc::new(WatcherContext::new(config, token.clone(), heartbeat.clone())),
            config: config.clone(),
            token,
            heartbeat,
            killer,
            notifier,
            stop: switch,
            stopping: false,
            followed: BTreeMap::new(),
            unrecorded: UnrecordedReports::default(),
            recording: None,
            ended: BTreeSet::new(),
        }
    }

    /// Takes over the changes of the configuration; if the journal is elsewhere now, once every recovery in the one before
    /// it is recorded.
    fn take_over_changes(&mut self) {
        if !self.config.changes.are_unseen() {
            return;
        }
        let config = self.config.current();
        let is_idle = self.followed.is_empty() && self.unrecorded.is_empty() && self.recording.is_none();
        if is_idle || config.journal.is_where(&self.config.journal) {
            let context = WatcherContext::new(&config, self.token.clone(), self.heartbeat.clone());
            self.context = Rc::new(context);
            self.config = config;
        }
    }

    fn knows(&self, key: &RecoveryKey) -> bool {
        self.followed.contains_key(key)
            || self.unrecorded.has_verdict(key)
            || self.recording.as_ref() == Some(key)
            || self.ended.contains(key)
    }

    /// Follows a recovery, unless it is known.
    fn follow(&mut self, recovery: FollowedVictim, in_journal: bool, ctx: &mut Context<Self>) {
        let key = key_of(&recovery.victim);
        if self.stopping || self.knows(&key) {
            return;
        }

        let watches = self.followed.values();
        let watches = watches.filter(|followed| followed.means == RecoveryMeans::Watch);
        let means = if watches.count() < MOST_WATCHES {
            RecoveryMeans::Watch
        } else {
            RecoveryMeans::SlowPoll
        };
        self.followed
            .insert(key.clone(), FollowedRecovery { means, in_journal });

        let context = Rc::clone(&self.context);
        let address = ctx.address();
        // Spawned on the actor's own context: it ends with the actor and never outlives it.
        let following = async move {
            let on_trouble = async |report| address.do_send(ReplacementStuck(report));
            context.follow(&recovery, means, on_trouble).await
        };
        ctx.spawn(following.into_actor(self).map(move |report, watcher, ctx| {
            let followed = watcher.followed.remove(&key);
            if let Some(report) = report {
                let in_journal = followed.is_some_and(|followed| followed.in_journal);
                watcher.keep(report, in_journal);
            }
            watcher.work(ctx);
        }));
    }

    /// Keeps a report until it is recorded.
    fn keep(&mut self, report: RecoveryReport, in_journal: bool) {
        let made = self.context.now();
        self.unrecorded
            .push(UnrecordedReport::new(report, in_journal, made));
    }

    /// Records the next report, unless one is being recorded; stops the actor if it is stopping and nothing is left to do,
    /// and disconnects it from the cluster if nothing is left at all.
    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.recording.is_some() {
            return;
        }
        let Some(next) = self.unrecorded.take_due(self.context.now()) else {
            let is_idle = self.followed.is_empty();
            if self.stopping && is_idle {
                ctx.stop();
            } else if is_idle && self.unrecorded.is_empty() {
                self.context.disconnect();
            }
            return;
        };

        self.recording = Some(next.key());
        let context = Rc::clone(&self.context);
        let recording = async move {
            let result = context.record(&next.report).await;
            (next, result)
        };
        ctx.spawn(recording.into_actor(self).map(|(report, result), watcher, ctx| {
            watcher.recording = None;
            watcher.after_recording(report, result, ctx);
            watcher.work(ctx);
        }));
    }

    fn after_recording(&mut self, tried: UnrecordedReport, result: RecordResult, ctx: &mut Context<Self>) {
        match result {
            RecordResult::Recorded(entry) => {
                if tried.report.verdict.is_some() {
                    self.remember(tried.key());
                }
                // Without a Notifier, the Killer finds the message in the outbox.
                let _ = RecoveryReported::of_entry(*entry).map(|reported| self.notifier.send(reported));
                return;
            }
            RecordResult::NotRecovering if tried.is_late(self.context.now()) => {
                let pod = &tried.report.pod;
                log::debug!("the journal has no recovery from the disruption of {pod} any more");
                return;
            }
            RecordResult::NotRecovering => {}
            RecordResult::Failed(error) => {
                let pod = &tried.report.pod;
                log::warn!("cannot record the recovery from the disruption of {pod} yet: {error}");
            }
        }

        if !self.stopping {
            let pause = self.unrecorded.retry(tried, self.context.now());
            ctx.run_later(pause, Self::work);
        }
    }

    fn remember(&mut self, key: RecoveryKey) {
        self.ended.insert(key);
        if self.ended.len() > REMEMBERED {
            // The slot comes first in a key: the oldest is forgotten.
            self.ended.pop_first();
        }
    }
}

fn key_of_report(report: &RecoveryReport) -> RecoveryKey {
    (report.slot, report.pod.uid.clone())
}

fn key_of(victim: &DisruptedVictim) -> RecoveryKey {
    (victim.slot, victim.pod.uid.clone())
}

impl Actor for Watcher {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        // Without a Killer, its first takeover pass finds the recoveries.
        let _ = self.killer.send(RecoveriesWanted);
    }
}

impl Handler<DisruptionAccepted> for Watcher {
    type Result = ();

    fn handle(&mut self, accepted: DisruptionAccepted, ctx: &mut Self::Context) {
        self.take_over_changes();
        self.follow(accepted.recovery, false, ctx);
    }
}

impl Handler<RecoveriesFound> for Watcher {
    type Result = ();

    fn handle(&mut self, found: RecoveriesFound, ctx: &mut Self::Context) {
        self.take_over_changes();
        for recovery in found.recoveries {
            let key = key_of(&recovery.victim);
            if let Some(followed) = self.followed.get_mut(&key) {
                followed.in_journal = true;
            }
            self.unrecorded.note_in_journal(&key);
            self.follow(recovery, true, ctx);
        }
        self.work(ctx);
    }
}

impl Handler<ReplacementStuck> for Watcher {
    type Result = ();

    fn handle(&mut self, ReplacementStuck(report): ReplacementStuck, ctx: &mut Self::Context) {
        let key = key_of_report(&report);
        let in_journal = self
            .followed
            .get(&key)
            .is_some_and(|followed| followed.in_journal);
        self.keep(report, in_journal);
        self.work(ctx);
    }
}

impl Handler<Shutdown> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        self.stop.request();
        ctx.run_later(STOP_TIMEOUT, |_, ctx| ctx.stop());
        self.work(ctx);
    }
}
