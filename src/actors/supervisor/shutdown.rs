//! The shutdown: starts no new round, waits for the current one and for what the Watcher is recording, then for the
//! Notifier, the EventRecorder and the HistoryRecorder, each up to a deadline.

use actix::{AsyncContext, Context, Handler};

use super::{Supervisor, UNDRAINED};
use crate::actors::messages::{ExitReason, Shutdown, StopRequested};
use crate::actors::role::ActorRole;

/// The phase of a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShutdownPhase {
    Running,
    FinishingRound,
    Draining,
    Ended,
}

/// The children that write what happened. No exit code depends on them.
const RECORDERS: [ActorRole; 2] = [ActorRole::EventRecorder, ActorRole::HistoryRecorder];

impl Supervisor {
    /// Whether a child of this role must run: while the last round ends, its report still needs the Notifier, its Events the
    /// EventRecorder, and its history the HistoryRecorder.
    pub(super) fn needs(&self, role: ActorRole) -> bool {
        match self.phase {
            ShutdownPhase::Running => true,
            ShutdownPhase::FinishingRound => role == ActorRole::Notifier || RECORDERS.contains(&role),
            ShutdownPhase::Draining | ShutdownPhase::Ended => false,
        }
    }

    /// Notes that a child ended during the shutdown; after a failure, its reports may be lost.
    pub(super) fn note_end(&mut self, role: ActorRole, reason: &ExitReason) {
        let name = role.as_str();
        if *reason == ExitReason::Stopped {
            log::debug!("{name} stopped");
            return;
        }
        if role == ActorRole::Watcher {
            log::error!("{name} failed during shutdown ({reason}): the next process watches what it watched");
            return;
        }
        if role == ActorRole::Reloader {
            log::debug!("{name} failed during shutdown ({reason})");
            return;
        }
        if role == ActorRole::EventRecorder {
            log::error!("{name} failed during shutdown ({reason}): Events may be lost");
            return;
        }
        if role == ActorRole::HistoryRecorder {
            log::error!("{name} failed during shutdown ({reason}): the history may lack what happened last");
            return;
        }
        log::error!("{name} failed during shutdown ({reason}): reports may be left undelivered");
        self.exit_code = UNDRAINED;
    }

    /// Enters the next phase of the shutdown once the children of the current phase have stopped.
    pub(super) fn proceed(&mut self, ctx: &mut Context<Self>) {
        if self.phase == ShutdownPhase::FinishingRound
            && self.is_down(ActorRole::Killer)
            && self.is_down(ActorRole::Watcher)
        {
            self.drain(ctx);
        }
        if self.phase == ShutdownPhase::Draining
            && self.is_down(ActorRole::Notifier)
            && RECORDERS.into_iter().all(|role| self.is_down(role))
        {
            if self.exit_code == 0 {
                log::info!("stopped cleanly");
            } else {
                log::error!("stopped, but some reports were not delivered");
            }
            self.end(self.exit_code);
        }
    }

    fn drain(&mut self, ctx: &mut Context<Self>) {
        self.phase = ShutdownPhase::Draining;
        self.request_stop(ActorRole::Notifier);
        for role in RECORDERS {
            self.request_stop(role);
        }

        let timeout = self.config.timeouts.drain;
        ctx.run_later(timeout, move |supervisor, _| {
            if supervisor.phase != ShutdownPhase::Draining {
                return;
            }
            let seconds = timeout.as_secs();
            if supervisor.is_down(ActorRole::Notifier) {
                for late in RECORDERS.into_iter().filter(|role| !supervisor.is_down(*role)) {
                    log::error!("{} did not stop within {seconds} s", late.as_str());
                }
                supervisor.end(supervisor.exit_code);
            } else {
                log::error!("some reports were not delivered within {seconds} s");
                supervisor.end(UNDRAINED);
            }
        });
    }

    fn request_stop(&mut self, role: ActorRole) {
        let child = self.children.get(&role);
        match child.and_then(|child| child.shutdown.as_ref()) {
            Some(shutdown) => shutdown.do_send(Shutdown),
            // Between two incarnations, or before the child has started, there is nothing to stop.
            None => self.recipients.disconnect(role),
        }
    }

    fn is_down(&self, role: ActorRole) -> bool {
        self.children
            .get(&role)
            .is_none_or(|child| child.running.is_none())
    }
}

impl Handler<StopRequested> for Supervisor {
    type Result = ();

    fn handle(&mut self, StopRequested(name): StopRequested, ctx: &mut Self::Context) {
        if self.phase != ShutdownPhase::Running {
            log::warn!("received {name}, the second signal: stopping at once");
            self.end(UNDRAINED);
            return;
        }

        log::info!("received {name}: finishing the current round, no new rounds");
        self.phase = ShutdownPhase::FinishingRound;
        self.config.health.set_stopping();
        self.request_stop(ActorRole::Reloader);
        self.request_stop(ActorRole::Clock);
        self.request_stop(ActorRole::Watcher);
        self.request_stop(ActorRole::Killer);

        let timeout = self.config.timeouts.round;
        ctx.run_later(timeout, move |supervisor, ctx| {
            if supervisor.phase == ShutdownPhase::FinishingRound {
                let seconds = timeout.as_secs();
                if supervisor.is_down(ActorRole::Killer) {
                    log::error!("Watcher did not stop within {seconds} s");
                } else {
                    log::error!(
                        "Killer did not stop within {seconds} s: the current round's report is not delivered before the \
                         next start"
                    );
                    supervisor.exit_code = UNDRAINED;
                }
                supervisor.drain(ctx);
                supervisor.proceed(ctx);
            }
        });
        self.proceed(ctx);
    }
}
