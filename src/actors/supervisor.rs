//! The Supervisor starts the other actors, each on an Arbiter of its own, and starts a fresh one when one ends.
//!
//! actix's own `Supervisor` does nothing for a panic and keeps the actor's state over a stop. Here every life of
//! a child is a new value on a new thread, its task's join handle is the monitor that sees a panic, a stop or a
//! cancellation alike, its pulse shows from outside whether it hangs, and a life that ended late is told from the
//! present one by its number. A thread that is blocked cannot be ended: it is left behind and counted.

mod child;
mod restart_policy;
mod shutdown;

pub use restart_policy::RestartPolicy;

use std::collections::BTreeSet;
use std::time::Instant;

use actix::{Actor, Arbiter, AsyncContext, Context, Handler, Recipient, System, WrapFuture};
use tokio::signal::unix::{SignalKind, signal};

use super::ActorsConfig;
use super::messages::{
    ChildStarted, ChildStopped, ExitReason, ReportDelivered, RoundDue, RoundFinished, Shutdown, StopRequested,
};
use super::recipient::StableRecipient;
use crate::failpoint::FailPoint;
use crate::heartbeat::Heartbeat;
use restart_policy::RestartHistory;
use shutdown::ShutdownPhase;

/// Exit code: children failed more often than the restart intensity allows (`EX_SOFTWARE` of `sysexits.h`).
pub const GAVE_UP: i32 = 70;

/// Exit code: told to stop, and notifications were left undelivered (`EX_TEMPFAIL`).
pub const UNDRAINED: i32 = 75;

/// The roles of the children, in the order in which they start; they stop in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the actors' own names")]
pub enum ActorRole {
    Notifier,
    Killer,
    Clock,
}

impl ActorRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Notifier, Self::Killer, Self::Clock];

    /// Its name in logs and probes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notifier => "Notifier",
            Self::Killer => "Killer",
            Self::Clock => "Clock",
        }
    }
}

/// The lines between the children.
#[derive(Debug, Clone, Default)]
struct ActorRecipients {
    killer: StableRecipient<RoundDue>,
    notifier: StableRecipient<RoundFinished>,
    /// From the Notifier back to the Killer.
    told: StableRecipient<ReportDelivered>,
}

/// One child as the Supervisor sees it.
#[derive(Default)]
struct ChildState {
    life: u64,
    arbiter: Option<Arbiter>,
    pulse: Heartbeat,
    shutdown: Option<Recipient<Shutdown>>,
}

/// The actor.
pub struct Supervisor {
    crew: ActorsConfig,
    lines: ActorRecipients,
    children: [ChildState; 3],
    restarts: RestartHistory,
    /// The lives that hung: their threads may be blocked for ever.
    leaked: BTreeSet<(ActorRole, u64)>,
    /// When it looked last, and since when it has been awake without a break.
    looked: Instant,
    awake: Instant,
    phase: ShutdownPhase,
    /// The exit code of an orderly end, so far.
    code: i32,
}

impl Supervisor {
    /// A Supervisor that has started nobody yet.
    pub fn new(crew: ActorsConfig) -> Self {
        let restarts = RestartHistory::new(crew.limits);
        Self {
            crew,
            lines: ActorRecipients::default(),
            children: Default::default(),
            restarts,
            leaked: BTreeSet::new(),
            looked: Instant::now(),
            awake: Instant::now(),
            phase: ShutdownPhase::Running,
            code: 0,
        }
    }

    fn child(&mut self, role: ActorRole) -> &mut ChildState {
        &mut self.children[role as usize]
    }

    fn start_child(&mut self, role: ActorRole, ctx: &Context<Self>) {
        let life = self.child(role).life + 1;
        let (arbiter, pulse) = child::start(role, life, &self.crew, &self.lines, ctx.address());
        *self.child(role) = ChildState {
            life,
            arbiter: Some(arbiter),
            pulse,
            shutdown: None,
        };
    }

    /// Ends the process by way of the actor system.
    fn end(&mut self, code: i32) {
        self.phase = ShutdownPhase::Ended;
        System::current().stop_with_code(code);
    }
}

impl ActorRecipients {
    fn disconnect(&self, role: ActorRole) {
        match role {
            ActorRole::Clock => {}
            ActorRole::Killer => {
                self.killer.disconnect();
                self.told.disconnect();
            }
            ActorRole::Notifier => self.notifier.disconnect(),
        }
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.crew.stop.connect(ctx.address().recipient());
        for (kind, name) in [
            (SignalKind::terminate(), "SIGTERM"),
            (SignalKind::interrupt(), "SIGINT"),
        ] {
            match signal(kind) {
                Ok(mut stream) => {
                    let supervisor = ctx.address();
                    actix::spawn(async move {
                        while stream.recv().await.is_some() {
                            supervisor.do_send(StopRequested(name));
                        }
                    });
                }
                Err(error) => log::error!("cannot listen for {name}: {error}"),
            }
        }
        self.crew.vitals.beat();
        ctx.run_interval(self.crew.limits.heartbeat(), Self::look_after_everybody);
        for role in ActorRole::ALL {
            self.start_child(role, ctx);
        }
    }
}

impl Handler<ChildStarted> for Supervisor {
    type Result = ();

    fn handle(&mut self, up: ChildStarted, _: &mut Self::Context) {
        let stopping = !self.needs(up.role);
        let child = self.child(up.role);
        if child.life != up.life {
            return;
        }
        if stopping {
            up.shutdown.do_send(Shutdown);
        }
        child.shutdown = Some(up.shutdown);
        self.crew.vitals.set_up(up.role.as_str(), true);
    }
}

impl Handler<ChildStopped> for Supervisor {
    type Result = ();

    fn handle(&mut self, down: ChildStopped, ctx: &mut Self::Context) {
        let ChildStopped { role, life, why } = down;
        if self.leaked.remove(&(role, life)) {
            log::warn!("{}'s blocked thread has ended after all", role.as_str());
            return;
        }
        if self.child(role).life != life || self.phase == ShutdownPhase::Ended {
            return;
        }
        self.after_failure(role, &why, ctx);
    }
}

impl Supervisor {
    /// Shows that it lives, and looks whether the others do.
    fn look_after_everybody(&mut self, ctx: &mut Context<Self>) {
        self.crew.vitals.beat();
        let faults = self.crew.faults.clone();
        ctx.wait(async move { faults.pass(FailPoint::SupervisorTick).await }.into_actor(self));
        let RestartPolicy {
            deaf_after, leaked, ..
        } = self.crew.limits;
        let now = Instant::now();
        if now.duration_since(self.looked) > deaf_after / 2 {
            // The process was suspended, or starved: nobody could give a sign.
            self.awake = now;
        }
        self.looked = now;
        for role in ActorRole::ALL {
            let awake = self.awake;
            let child = self.child(role);
            let runs = child.arbiter.is_some();
            let life = child.life;
            if let Some(ailment) = child.pulse.ailment(now, awake, deaf_after).filter(|_| runs) {
                self.leaked.insert((role, life));
                self.after_failure(role, &ExitReason::Hung(ailment), ctx);
            }
        }
        if self.leaked.len() > leaked && self.phase != ShutdownPhase::Ended {
            log::error!("{} threads are blocked: giving up", self.leaked.len());
            self.end(GAVE_UP);
        }
    }

    /// What follows when a life ended, or hung.
    fn after_failure(&mut self, role: ActorRole, why: &ExitReason, ctx: &mut Context<Self>) {
        self.lines.disconnect(role);
        self.crew.vitals.set_up(role.as_str(), false);
        let child = self.child(role);
        child.shutdown = None;
        if let Some(arbiter) = child.arbiter.take() {
            arbiter.stop();
            // Its thread ends by itself, now or when it wakes: dropping the handle never blocks us.
        }
        if !self.needs(role) {
            self.note_end(role, why);
            self.proceed(ctx);
            return;
        }
        match self.restarts.after_failure(Instant::now()) {
            Some(pause) => {
                log::error!(
                    "{} failed ({why}); starting it afresh in {pause:?}",
                    role.as_str()
                );
                ctx.run_later(pause, move |supervisor, ctx| {
                    if supervisor.needs(role) {
                        supervisor.start_child(role, ctx);
                    }
                });
            }
            None => {
                let RestartPolicy { restarts, window, .. } = self.crew.limits;
                log::error!(
                    "{} failed ({why}) after {restarts} restarts within {window:?}: giving up",
                    role.as_str()
                );
                self.end(GAVE_UP);
            }
        }
    }
}
