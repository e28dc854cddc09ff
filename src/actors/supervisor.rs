//! The Supervisor starts the other actors, each on an Arbiter of its own, and starts a fresh one when one ends.
//!
//! actix's own `Supervisor` does nothing for a panic and keeps the actor's state over a restart. Here every incarnation of
//! a child is a new value on a new thread; its task's join handle is the monitor that sees a panic, a stop or a
//! cancellation alike; its heartbeat shows from outside whether it hangs; and its number distinguishes an incarnation that
//! ended late from the present one. A thread that is blocked cannot be ended: it is left behind and counted.

mod child;
mod restart_policy;
mod shutdown;

use std::collections::BTreeSet;
use std::time::Duration;

use actix::{Actor, Arbiter, AsyncContext, Context, Handler, Recipient, System, WrapFuture};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use self::restart_policy::RestartHistory;
use self::shutdown::ShutdownPhase;
use super::ActorsConfig;
use super::messages::{
    ChildStarted, ChildStopped, ExitReason, ReportDelivered, RoundDue, RoundFinished, Shutdown, StopRequested,
};
use super::recipient::StableRecipient;
use crate::failpoint::FailPoint;
use crate::heartbeat::Heartbeat;

pub use self::restart_policy::RestartPolicy;

/// Exit code: actors failed more often than the restart intensity allows (`EX_SOFTWARE` of `sysexits.h`).
pub const GAVE_UP: i32 = 70;

/// Exit code: told to stop, and reports were not delivered (`EX_TEMPFAIL`).
pub const UNDRAINED: i32 = 75;

/// The roles of the children, in the order in which they start; they stop in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the actors' own names")]
pub enum ActorRole {
    Notifier,
    Killer,
    Clock,
}

/// How long actors may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorTimeouts {
    /// How long an actor may miss its heartbeat before it is restarted, and the Supervisor before the process ends.
    /// Lenient: a throttled CPU is no hang.
    pub hang: Duration,
    /// How long the round in flight gets at a shutdown: longer than the 15 s that a round gives its victim, and the 8 s
    /// in which its report is delivered.
    pub round: Duration,
    /// How long the Notifier gets at a shutdown. Both together stay below the 60 s of the manifest's
    /// `terminationGracePeriodSeconds`.
    pub drain: Duration,
}

/// The recipients of the children's messages to each other.
#[derive(Debug, Clone, Default)]
struct ActorRecipients {
    killer: StableRecipient<RoundDue>,
    notifier: StableRecipient<RoundFinished>,
    /// From the Notifier back to the Killer.
    confirmations: StableRecipient<ReportDelivered>,
}

/// One child as the Supervisor sees it.
#[derive(Default)]
struct ChildState {
    incarnation: u64,
    /// The Arbiter and the heartbeat of a child that runs.
    arbiter: Option<(Arbiter, Heartbeat)>,
    shutdown: Option<Recipient<Shutdown>>,
}

/// The Supervisor actor.
pub struct Supervisor {
    config: ActorsConfig,
    recipients: ActorRecipients,
    children: [ChildState; 3],
    restarts: RestartHistory,
    /// The incarnations that hung: their threads may be blocked for ever.
    leaked: BTreeSet<(ActorRole, u64)>,
    /// When it checked last.
    checked: Instant,
    /// Since when it has been awake without a break.
    awake: Instant,
    phase: ShutdownPhase,
    /// The exit code of a shutdown, so far.
    code: i32,
}

/// How often every actor beats, and is checked.
pub(super) fn heartbeat_interval(hang_timeout: Duration) -> Duration {
    (hang_timeout / 5).min(Duration::from_secs(1))
}

impl ActorRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Notifier, Self::Killer, Self::Clock];

    /// The name in logs and probes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notifier => "Notifier",
            Self::Killer => "Killer",
            Self::Clock => "Clock",
        }
    }
}

impl Supervisor {
    /// A Supervisor that has started no child yet.
    pub fn new(config: ActorsConfig) -> Self {
        let now = config.platform.monotonic();
        Self {
            restarts: RestartHistory::new(config.restarts),
            config,
            recipients: ActorRecipients::default(),
            children: Default::default(),
            leaked: BTreeSet::new(),
            checked: now,
            awake: now,
            phase: ShutdownPhase::Running,
            code: 0,
        }
    }

    fn child(&mut self, role: ActorRole) -> &mut ChildState {
        &mut self.children[role as usize]
    }

    fn start_child(&mut self, role: ActorRole, ctx: &Context<Self>) {
        let incarnation = self.child(role).incarnation + 1;
        let started = child::start(role, incarnation, &self.config, &self.recipients, ctx.address());
        *self.child(role) = ChildState {
            incarnation,
            arbiter: Some(started),
            shutdown: None,
        };
    }

    fn listen_for_signals(&self, ctx: &Context<Self>) {
        let signals = [
            (SignalKind::terminate(), "SIGTERM"),
            (SignalKind::interrupt(), "SIGINT"),
        ];

        for (kind, name) in signals {
            let mut stream = match signal(kind) {
                Ok(stream) => stream,
                Err(error) => {
                    log::error!("cannot listen for {name}: {error}");
                    continue;
                }
            };

            let supervisor = ctx.address();
            actix::spawn(async move {
                while stream.recv().await.is_some() {
                    supervisor.do_send(StopRequested(name));
                }
            });
        }
    }

    /// Beats, and checks whether the children do.
    fn check_children(&mut self, ctx: &mut Context<Self>) {
        self.config.health.beat();
        let fail_points = self.config.fail_points.clone();
        ctx.wait(async move { fail_points.pass(FailPoint::SupervisorTick).await }.into_actor(self));

        let hang_timeout = self.config.timeouts.hang;
        let now = self.config.platform.monotonic();
        if now.duration_since(self.checked) > hang_timeout / 2 {
            // The process was suspended, or starved: no actor could beat.
            self.awake = now;
        }
        self.checked = now;

        for role in ActorRole::ALL {
            let awake = self.awake;
            let child = self.child(role);
            let incarnation = child.incarnation;
            let heartbeat = child.arbiter.as_ref().map(|(_, heartbeat)| heartbeat);
            let unhealthy = heartbeat.and_then(|heartbeat| heartbeat.unhealthy(now, awake, hang_timeout));
            if let Some(unhealthy) = unhealthy {
                self.leaked.insert((role, incarnation));
                self.after_failure(role, &ExitReason::Hung(unhealthy), ctx);
            }
        }

        if self.leaked.len() > self.config.restarts.leaked_threads && self.phase != ShutdownPhase::Ended {
            log::error!("{} threads are blocked: giving up", self.leaked.len());
            self.end(GAVE_UP);
        }
    }

    /// Restarts a child that ended or hung, or gives up.
    fn after_failure(&mut self, role: ActorRole, reason: &ExitReason, ctx: &mut Context<Self>) {
        let name = role.as_str();
        self.recipients.disconnect(role);
        self.config.health.set_up(name, false);
        let child = self.child(role);
        child.shutdown = None;
        if let Some((arbiter, _)) = child.arbiter.take() {
            // Its thread ends by itself, now or when it wakes: dropping the handle never blocks us.
            arbiter.stop();
        }

        if !self.needs(role) {
            self.note_end(role, reason);
            self.proceed(ctx);
            return;
        }
        let Some(pause) = self.restarts.after_failure(self.config.platform.monotonic()) else {
            let RestartPolicy { restarts, window, .. } = self.config.restarts;
            let seconds = window.as_secs();
            log::error!("{name} failed ({reason}) after {restarts} restarts within {seconds} s: giving up");
            self.end(GAVE_UP);
            return;
        };
        log::error!(
            "{name} failed ({reason}); restarting it in {} ms",
            pause.as_millis()
        );
        ctx.run_later(pause, move |supervisor, ctx| {
            if supervisor.needs(role) {
                supervisor.start_child(role, ctx);
            }
        });
    }

    /// Ends the process by way of the actor system.
    fn end(&mut self, code: i32) {
        self.phase = ShutdownPhase::Ended;
        System::current().stop_with_code(code);
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.config.stop.connect(ctx.address().recipient());
        self.listen_for_signals(ctx);

        self.config.health.beat();
        let interval = heartbeat_interval(self.config.timeouts.hang);
        ctx.run_interval(interval, Self::check_children);
        for role in ActorRole::ALL {
            self.start_child(role, ctx);
        }
    }
}

impl Handler<ChildStarted> for Supervisor {
    type Result = ();

    fn handle(&mut self, started: ChildStarted, _: &mut Self::Context) {
        let is_needed = self.needs(started.role);
        let child = self.child(started.role);
        if child.incarnation != started.incarnation {
            return;
        }

        if !is_needed {
            started.shutdown.do_send(Shutdown);
        }
        child.shutdown = Some(started.shutdown);
        self.config.health.set_up(started.role.as_str(), true);
    }
}

impl Handler<ChildStopped> for Supervisor {
    type Result = ();

    fn handle(&mut self, stopped: ChildStopped, ctx: &mut Self::Context) {
        let ChildStopped {
            role,
            incarnation,
            reason,
        } = stopped;
        if self.leaked.remove(&(role, incarnation)) {
            log::warn!("a blocked {} thread has finished", role.as_str());
            return;
        }
        if self.child(role).incarnation != incarnation || self.phase == ShutdownPhase::Ended {
            return;
        }
        self.after_failure(role, &reason, ctx);
    }
}

impl ActorRecipients {
    fn disconnect(&self, role: ActorRole) {
        match role {
            ActorRole::Clock => {}
            ActorRole::Killer => {
                self.killer.disconnect();
                self.confirmations.disconnect();
            }
            ActorRole::Notifier => self.notifier.disconnect(),
        }
    }
}

impl Default for ActorTimeouts {
    fn default() -> Self {
        Self {
            hang: Duration::from_secs(15),
            round: Duration::from_secs(25),
            drain: Duration::from_secs(20),
        }
    }
}
