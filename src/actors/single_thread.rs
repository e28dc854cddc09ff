//! Runs the Clock, the Killer, the Watcher and the Notifier on the calling thread, without a Supervisor, for simulations.
//!
//! The simulation says which actor fails and when it is started again. A crash of the process is the end of the task set
//! in which they run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Recipient};
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::ActorsConfig;
use super::clock::Clock;
use super::connections::ActorRecipients;
use super::killer::Killer;
use super::messages::Shutdown;
use super::notifier::Notifier;
use super::role::{ActorRole, OptionalRoles};
use super::watcher::Watcher;
use crate::heartbeat::Heartbeat;
use crate::platform::Platform;

/// The actors of one process.
pub struct SingleThreadActors {
    config: ActorsConfig,
    recipients: ActorRecipients,
    /// The current incarnation of the Killer.
    killer_incarnation: u64,
    running: BTreeMap<ActorRole, RunningActor>,
    /// The roles that must run: during a shutdown fewer, as the Supervisor's `needs` says.
    needed: Vec<ActorRole>,
}

/// An actor that runs as a task of the calling thread.
struct RunningActor {
    task: JoinHandle<()>,
    shutdown: Recipient<Shutdown>,
}

impl SingleThreadActors {
    /// Starts the actors within the `LocalSet` that is entered.
    pub fn start(config: &ActorsConfig) -> Self {
        let roles: Vec<_> = ActorRole::of_process(OptionalRoles::default()).collect();
        let mut actors = Self {
            config: config.clone(),
            recipients: ActorRecipients::default(),
            killer_incarnation: 0,
            running: BTreeMap::new(),
            needed: roles.clone(),
        };
        for role in roles {
            actors.start_actor(role);
        }
        actors
    }

    /// Ends an actor where it is, as a panic does; returns whether it ran. Messages to it go back to their senders until
    /// it is started again.
    pub fn fail(&mut self, role: ActorRole) -> bool {
        let Some(actor) = self.running.remove(&role) else {
            return false;
        };
        self.recipients.disconnect(role);
        actor.task.abort();
        true
    }

    /// Starts the next incarnation of an actor within the `LocalSet` that is entered, if it is needed and does not run.
    pub fn start_actor(&mut self, role: ActorRole) {
        if !self.needed.contains(&role) || self.running.contains_key(&role) {
            return;
        }

        let config = &self.config;
        let recipients = self.recipients.clone();
        let heartbeat = Heartbeat::new(&config.platform);
        let actor = match role {
            ActorRole::Clock => launch(|_: &Addr<Clock>| recipients.clock(config, heartbeat)),
            ActorRole::Killer => {
                self.killer_incarnation += 1;
                let incarnation = self.killer_incarnation;
                launch(|killer: &Addr<Killer>| recipients.killer(killer, config, incarnation, heartbeat))
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

    /// Shuts the actors down as the Supervisor does: first all but the Notifier, which must run until then, then the
    /// Notifier, each up to its deadline.
    pub async fn shut_down(actors: &RefCell<Self>) {
        let (timeouts, platform) = {
            let config = &actors.borrow().config;
            (config.timeouts, config.platform.clone())
        };

        let ending = actors.borrow_mut().stop(
            &[ActorRole::Clock, ActorRole::Watcher, ActorRole::Killer],
            &[ActorRole::Notifier],
        );
        end_within(timeouts.round, ending, &platform).await;

        let ending = actors.borrow_mut().stop(&[ActorRole::Notifier], &[]);
        end_within(timeouts.drain, ending, &platform).await;
    }

    /// Asks these actors to stop, and needs only those from now on; returns what runs until they have stopped.
    fn stop(&mut self, roles: &[ActorRole], needed: &[ActorRole]) -> Vec<JoinHandle<()>> {
        self.needed = needed.to_vec();
        let mut ending = Vec::new();
        for role in roles {
            match self.running.remove(role) {
                Some(actor) => {
                    actor.shutdown.do_send(Shutdown);
                    ending.push(actor.task);
                }
                None => self.recipients.disconnect(*role),
            }
        }
        ending
    }
}

/// Waits for these to end, and ends those that do not within this time.
async fn end_within(limit: Duration, tasks: Vec<JoinHandle<()>>, platform: &Platform) {
    let handles: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
    if platform.within(limit, join_all(tasks)).await.is_none() {
        for handle in handles {
            handle.abort();
        }
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
