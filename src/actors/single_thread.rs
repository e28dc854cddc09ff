//! Runs the Clock, the Killer, the Watcher and the Notifier on the calling thread, without a Supervisor, for simulations.
//!
//! An actor that fails is not restarted, and a crash of the process is the end of the task set in which they run.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Recipient};
use tokio::task::JoinHandle;

use super::ActorsConfig;
use super::clock::Clock;
use super::connections::ActorRecipients;
use super::killer::Killer;
use super::messages::Shutdown;
use super::notifier::Notifier;
use super::watcher::Watcher;
use crate::heartbeat::Heartbeat;

/// The incarnation of the one Killer.
const INCARNATION: u64 = 1;

/// The actors of one process.
pub struct SingleThreadActors {
    clock: RunningActor,
    killer: RunningActor,
    watcher: RunningActor,
    notifier: RunningActor,
}

/// An actor that runs as a task of the calling thread.
struct RunningActor {
    task: JoinHandle<()>,
    shutdown: Recipient<Shutdown>,
}

impl SingleThreadActors {
    /// Starts the actors within the `LocalSet` that is entered.
    pub fn start(config: &ActorsConfig) -> Self {
        let recipients = ActorRecipients::default();
        let heartbeat = || Heartbeat::new(&config.platform);

        let to_killer = recipients.clone();
        let to_watcher = recipients.clone();
        let to_notifier = recipients.clone();
        Self {
            killer: launch(|killer: &Addr<Killer>| {
                to_killer.killer(killer, config, INCARNATION, heartbeat())
            }),
            watcher: launch(|watcher: &Addr<Watcher>| to_watcher.watcher(watcher, config, heartbeat())),
            notifier: launch(|notifier: &Addr<Notifier>| to_notifier.notifier(notifier, config, heartbeat())),
            clock: launch(|_: &Addr<Clock>| recipients.clock(config, heartbeat())),
        }
    }

    /// Shuts the actors down in the Supervisor's order, and waits for their ends; returns whether none panicked.
    pub async fn shut_down(self) -> bool {
        let mut is_well = true;
        for actor in [self.clock, self.watcher, self.killer, self.notifier] {
            actor.shutdown.do_send(Shutdown);
            is_well &= actor.task.await.is_ok();
        }
        is_well
    }
}

fn launch<A>(create: impl FnOnce(&Addr<A>) -> A) -> RunningActor
where
    A: Actor<Context = Context<A>> + Handler<Shutdown>,
    Context<A>: ToEnvelope<A, Shutdown>,
{
    let context = Context::new();
    let address = actix::AsyncContext::<A>::address(&context);
    let actor = create(&address);
    RunningActor {
        task: actix::spawn(context.into_future(actor)),
        shutdown: address.recipient(),
    }
}
