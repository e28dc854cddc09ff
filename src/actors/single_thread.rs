//! Runs the Clock, the Killer, the Watcher and the Notifier on the calling thread, without a Supervisor, for simulations.
//!
//! The simulation says which actor fails and when it is started again. A crash of the process is the end of the task set
//! in which they run.

use std::collections::BTreeMap;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Recipient};
use tokio::task::JoinHandle;

use super::ActorsConfig;
use super::clock::Clock;
use super::connections::ActorRecipients;
use super::killer::Killer;
use super::messages::Shutdown;
use super::notifier::Notifier;
use super::role::ActorRole;
use super::watcher::Watcher;
use crate::heartbeat::Heartbeat;

/// The roles, in the order in which the Supervisor shuts them down.
const ROLES: [ActorRole; 4] = [
    ActorRole::Clock,
    ActorRole::Watcher,
    ActorRole::Killer,
    ActorRole::Notifier,
];

/// The actors of one process.
pub struct SingleThreadActors {
    config: ActorsConfig,
    recipients: ActorRecipients,
    /// How many incarnations of the Killer were started.
    killers: u64,
    running: BTreeMap<ActorRole, RunningActor>,
}

/// An actor that runs as a task of the calling thread.
struct RunningActor {
    task: JoinHandle<()>,
    shutdown: Recipient<Shutdown>,
}

impl SingleThreadActors {
    /// Starts the actors within the `LocalSet` that is entered.
    pub fn start(config: &ActorsConfig) -> Self {
        let mut actors = Self {
            config: config.clone(),
            recipients: ActorRecipients::default(),
            killers: 0,
            running: BTreeMap::new(),
        };
        for role in ROLES.into_iter().rev() {
            actors.start_actor(role);
        }
        actors
    }

    /// Ends an actor where it is, as a panic does. Messages to it go back to their senders until it is started again.
    pub fn fail(&mut self, role: ActorRole) {
        if let Some(actor) = self.running.remove(&role) {
            self.recipients.disconnect(role);
            actor.task.abort();
        }
    }

    /// Starts the next incarnation of one of the four actors within the `LocalSet` that is entered, unless it runs.
    pub fn start_actor(&mut self, role: ActorRole) {
        if self.running.contains_key(&role) {
            return;
        }
        let config = &self.config;
        let recipients = self.recipients.clone();
        let heartbeat = Heartbeat::new(&config.platform);
        let actor = match role {
            ActorRole::Clock => launch(|_: &Addr<Clock>| recipients.clock(config, heartbeat)),
            ActorRole::Killer => {
                self.killers += 1;
                launch(|killer: &Addr<Killer>| recipients.killer(killer, config, self.killers, heartbeat))
            }
            ActorRole::Watcher => {
                launch(|watcher: &Addr<Watcher>| recipients.watcher(watcher, config, heartbeat))
            }
            ActorRole::Notifier => {
                launch(|notifier: &Addr<Notifier>| recipients.notifier(notifier, config, heartbeat))
            }
            ActorRole::Reloader | ActorRole::EventRecorder | ActorRole::HistoryRecorder => return,
        };
        self.running.insert(role, actor);
    }

    /// Shuts the actors down in the Supervisor's order, and waits for their ends; returns whether none panicked.
    pub async fn shut_down(mut self) -> bool {
        let mut is_well = true;
        for role in ROLES {
            if let Some(actor) = self.running.remove(&role) {
                actor.shutdown.do_send(Shutdown);
                is_well &= actor.task.await.is_ok();
            }
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
