//! The orderly end: no new round, then the round in flight, then what the Notifier holds, each to its deadline.

use actix::{AsyncContext, Context, Handler};

use super::super::messages::{ExitReason, Shutdown, StopRequested};
use super::{ActorRole, Supervisor, UNDRAINED};

/// How far an orderly end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShutdownPhase {
    Running,
    FinishingRound,
    Draining,
    Ended,
}

impl Supervisor {
    fn tell_to_stop(&mut self, role: ActorRole) {
        match &self.child(role).shutdown {
            Some(shutdown) => shutdown.do_send(Shutdown),
            // It is between two lives, or has not come up: there is nothing to end.
            None => self.lines.disconnect(role),
        }
    }

    /// The next step of an orderly end, as far as the children have come.
    pub(super) fn proceed(&mut self, ctx: &mut Context<Self>) {
        if self.phase == ShutdownPhase::FinishingRound && self.is_down(ActorRole::Killer) {
            self.drain(ctx);
        }
        if self.phase == ShutdownPhase::Draining && self.is_down(ActorRole::Notifier) {
            if self.code == 0 {
                log::info!("stopped in order");
            } else {
                log::error!("stopped, and something was left untold");
            }
            self.end(self.code);
        }
    }

    fn drain(&mut self, ctx: &mut Context<Self>) {
        self.phase = ShutdownPhase::Draining;
        self.tell_to_stop(ActorRole::Notifier);
        let deadline = self.crew.limits.drain_deadline;
        ctx.run_later(deadline, move |supervisor, _| {
            if supervisor.phase == ShutdownPhase::Draining {
                log::error!("notifications were left undelivered after {deadline:?}");
                supervisor.end(UNDRAINED);
            }
        });
    }

    /// Whether a child of this role is to run: while a round ends, its report still needs the Notifier.
    pub(super) fn needs(&self, role: ActorRole) -> bool {
        self.phase == ShutdownPhase::Running
            || (self.phase == ShutdownPhase::FinishingRound && role == ActorRole::Notifier)
    }

    /// A child ended while the process does: in order, or with whatever it held.
    pub(super) fn note_end(&mut self, role: ActorRole, why: &ExitReason) {
        match why {
            ExitReason::Stopped => log::debug!("{} ended", role.as_str()),
            ExitReason::Panicked(_) | ExitReason::Cancelled | ExitReason::Hung(_) => {
                log::error!(
                    "{} failed while stopping ({why}): what it held is not told",
                    role.as_str()
                );
                self.code = UNDRAINED;
            }
        }
    }

    fn is_down(&mut self, role: ActorRole) -> bool {
        self.child(role).arbiter.is_none()
    }
}

impl Handler<StopRequested> for Supervisor {
    type Result = ();

    fn handle(&mut self, StopRequested(name): StopRequested, ctx: &mut Self::Context) {
        if self.phase != ShutdownPhase::Running {
            log::warn!("{name} again: stopping at once");
            self.end(UNDRAINED);
            return;
        }
        log::info!("{name}: no new round; ending what is in flight");
        self.phase = ShutdownPhase::FinishingRound;
        self.crew.vitals.set_stopping();
        self.tell_to_stop(ActorRole::Clock);
        self.tell_to_stop(ActorRole::Killer);
        let deadline = self.crew.limits.round_deadline;
        ctx.run_later(deadline, move |supervisor, ctx| {
            if supervisor.phase == ShutdownPhase::FinishingRound {
                log::error!("the Killer did not end within {deadline:?}: what it had in flight is not told");
                supervisor.code = UNDRAINED;
                supervisor.drain(ctx);
                supervisor.proceed(ctx);
            }
        });
        self.proceed(ctx);
    }
}
