//! The Supervisor actor: starts the other actors, each on its own Arbiter, and restarts one that stops or hangs.
//!
//! actix's own `Supervisor` does not handle panics and keeps the actor's state across a restart. Here every incarnation
//! of a child is a new value on a new thread. The join handle of its task is the monitor, which sees a panic, a stop
//! and a cancellation alike. Its heartbeat shows whether it hangs. Its number tells a late stop of an earlier
//! incarnation from one of the current incarnation. A blocked thread cannot be ended, so it is leaked and counted.

mod child;
mod restart_policy;
mod shutdown;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix::{Actor, Arbiter, AsyncContext, Context, Handler, Recipient, System, WrapFuture};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use self::restart_policy::RestartHistory;
use self::shutdown::ShutdownPhase;
use super::ActorsConfig;
use super::connections::ActorRecipients;
use super::messages::{ChildStarted, ChildStopped, ExitReason, Shutdown, StopRequested};
use super::role::{ActorRole, OptionalRoles};
use crate::facts::Fact;
use crate::failpoint::FailPoint;
use crate::heartbeat::Heartbeat;

pub use self::restart_policy::RestartPolicy;

/// Exit code: actors failed more often than the restart intensity allows (`EX_SOFTWARE` of `sysexits.h`).
pub const GAVE_UP: i32 = 70;

/// Exit code: macaque was asked to stop, and some reports were not delivered (`EX_TEMPFAIL`).
pub const UNDRAINED: i32 = 75;

/// How long actors may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorTimeouts {
    /// How long an actor may miss its heartbeat before it is restarted; if the Supervisor misses its own for this long,
    /// the process ends. The default is lenient, because a throttled CPU is not a hang.
    pub hang: Duration,
    /// How long a shutdown waits for the current round. Longer than the 15 s that a round allows for its victim and the
    /// 8 s for the confirmation of its report together.
    pub round: Duration,
    /// How long a shutdown waits for the Notifier. Together with `round`, less than the 60 s of the manifest's
    /// `terminationGracePeriodSeconds`.
    pub drain: Duration,
}

/// The Supervisor's view of one child.
#[derive(Default)]
struct ChildState {
    incarnation: u64,
    /// The Arbiter and the heartbeat of a running child.
    running: Option<(Arbiter, Heartbeat)>,
    shutdown: Option<Recipient<Shutdown>>,
}

/// The Supervisor actor.
pub struct Supervisor {
    config: ActorsConfig,
    recipients: ActorRecipients,
    children: BTreeMap<ActorRole, ChildState>,
    restarts: RestartHistory,
    /// The incarnations that hung; their threads may stay blocked forever.
    leaked: BTreeSet<(ActorRole, u64)>,
    /// When the children were last checked.
    last_check: Instant,
    /// Since when the Supervisor has run without being suspended.
    awake_since: Instant,
    phase: ShutdownPhase,
    /// The exit code, as far as it is known.
    exit_code: i32,
}

/// How often each actor sends a heartbeat and is checked.
pub(super) fn heartbeat_interval(hang_timeout: Duration) -> Duration {
    (hang_timeout / 5).min(Duration::from_secs(1))
}

impl Supervisor {
    /// Creates a Supervisor that has started no child yet.
    pub fn new(config: ActorsConfig) -> Self {
        let now = config.platform.monotonic();
        let roles = ActorRole::of_process(OptionalRoles {
            writes_events: config.events.is_on(),
            writes_history: config.history.is_on(),
            reloads: config.reload.is_some(),
        });
        Self {
            restarts: RestartHistory::new(config.restarts),
            config,
            recipients: ActorRecipients::default(),
            children: roles.map(|role| (role, ChildState::default())).collect(),
            leaked: BTreeSet::new(),
            last_check: now,
            awake_since: now,
            phase: ShutdownPhase::Running,
            exit_code: 0,
        }
    }

    fn child(&mut self, role: ActorRole) -> &mut ChildState {
        self.children.entry(role).or_default()
    }

    /// The roles of the children, in the order in which they start.
    fn roles(&self) -> Vec<ActorRole> {
        self.children.keys().copied().collect()
    }

    fn start_child(&mut self, role: ActorRole, ctx: &Context<Self>) {
        let incarnation = self.child(role).incarnation + 1;
        let started = child::start(
            role,
            incarnation,
            self.config.current(),
            &self.recipients,
            ctx.address(),
        );
        *self.child(role) = ChildState {
            incarnation,
            running: Some(started),
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

    /// Sends the Supervisor's own heartbeat, and checks those of the children.
    fn check_children(&mut self, ctx: &mut Context<Self>) {
        self.config.health.beat();
        let fail_points = self.config.fail_points.clone();
        ctx.wait(async move { fail_points.pass(FailPoint::SupervisorTick).await }.into_actor(self));

        let hang_timeout = self.config.timeouts.hang;
        let now = self.config.platform.monotonic();
        if now.duration_since(self.last_check) > hang_timeout / 2 {
            // The process was suspended or starved of CPU, so no actor could beat.
            self.awake_since = now;
        }
        self.last_check = now;

        for role in self.roles() {
            let awake_since = self.awake_since;
            let child = self.child(role);
            let incarnation = child.incarnation;
            let heartbeat = child.running.as_ref().map(|(_, heartbeat)| heartbeat);
            let unhealthy =
                heartbeat.and_then(|heartbeat| heartbeat.unhealthy(now, awake_since, hang_timeout));

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

    /// Restarts a child that stopped or hung, or gives up.
    fn after_failure(&mut self, role: ActorRole, reason: &ExitReason, ctx: &mut Context<Self>) {
        let name = role.as_str();
        self.recipients.disconnect(role);
        self.config.health.set_up(name, false);

        let child = self.child(role);
        child.shutdown = None;
        if let Some((arbiter, _)) = child.running.take() {
            // The thread ends by itself, now or when it unblocks; dropping the handle never blocks.
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
                supervisor.config.facts.publish(Fact::ActorRestarted(name));
            }
        });
    }

    /// Stops the actor system, and with it the process.
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
        for role in self.roles() {
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

impl Default for ActorTimeouts {
    fn default() -> Self {
        Self {
            hang: Duration::from_secs(15),
            round: Duration::from_secs(25),
            drain: Duration::from_secs(20),
        }
    }
}
