//! Starts one incarnation of a child: a new Arbiter, a new value, and a monitor that reports how it ended.

use std::any::Any;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Arbiter, AsyncContext, Context, Handler};

use super::{Supervisor, heartbeat_interval};
use crate::actors::ActorsConfig;
use crate::actors::clock::Clock;
use crate::actors::connections::ActorRecipients;
use crate::actors::event_recorder::EventRecorder;
use crate::actors::history_recorder::HistoryRecorder;
use crate::actors::killer::Killer;
use crate::actors::messages::{ChildStarted, ChildStopped, ExitReason, Shutdown};
use crate::actors::notifier::Notifier;
use crate::actors::reloader::Reloader;
use crate::actors::role::ActorRole;
use crate::actors::watcher::Watcher;
use crate::heartbeat::Heartbeat;

/// Starts the child of `role` on its own Arbiter and connects its recipients.
pub(super) fn start(
    role: ActorRole,
    incarnation: u64,
    config: ActorsConfig,
    recipients: &ActorRecipients,
    supervisor: Addr<Supervisor>,
) -> (Arbiter, Heartbeat) {
    let arbiter = Arbiter::new();
    let heartbeat = Heartbeat::new(&config.platform);
    let spec = ChildSpec {
        role,
        incarnation,
        supervisor,
        heartbeat: heartbeat.clone(),
        interval: heartbeat_interval(config.timeouts.hang),
    };

    let recipients = recipients.clone();
    let actor_heartbeat = heartbeat.clone();
    match role {
        ActorRole::Reloader => spec.launch(&arbiter, move |_: &Addr<Reloader>| {
            Reloader::new(&config, actor_heartbeat)
        }),
        ActorRole::EventRecorder => spec.launch(&arbiter, move |_: &Addr<EventRecorder>| {
            EventRecorder::new(&config, actor_heartbeat)
        }),
        ActorRole::HistoryRecorder => spec.launch(&arbiter, move |_: &Addr<HistoryRecorder>| {
            HistoryRecorder::new(&config, actor_heartbeat)
        }),
        ActorRole::Clock => spec.launch(&arbiter, move |_: &Addr<Clock>| {
            recipients.clock(&config, actor_heartbeat)
        }),
        ActorRole::Killer => spec.launch(&arbiter, move |killer: &Addr<Killer>| {
            recipients.killer(killer, &config, incarnation, actor_heartbeat)
        }),
        ActorRole::Watcher => spec.launch(&arbiter, move |watcher: &Addr<Watcher>| {
            recipients.watcher(watcher, &config, actor_heartbeat)
        }),
        ActorRole::Notifier => spec.launch(&arbiter, move |notifier: &Addr<Notifier>| {
            recipients.notifier(notifier, &config, actor_heartbeat)
        }),
    }

    (arbiter, heartbeat)
}

/// One incarnation of a child, and the Supervisor that its monitor reports to.
struct ChildSpec {
    role: ActorRole,
    incarnation: u64,
    supervisor: Addr<Supervisor>,
    heartbeat: Heartbeat,
    interval: Duration,
}

impl ChildSpec {
    /// Runs the actor that `create` returns. The inner task is the actor. The outer task waits for it, as a monitor in
    /// Erlang does, and sees a panic anywhere in it, including `create` and `started`.
    fn launch<A>(self, arbiter: &Arbiter, create: impl FnOnce(&Addr<A>) -> A + Send + 'static)
    where
        A: Actor<Context = Context<A>> + Handler<Shutdown>,
        Context<A>: ToEnvelope<A, Shutdown>,
    {
        let Self {
            role,
            incarnation,
            supervisor,
            heartbeat,
            interval,
        } = self;

        arbiter.spawn(async move {
            let monitored = supervisor.clone();
            let task = actix::spawn(async move {
                let mut context = Context::new();
                context.run_interval(interval, move |_, _| heartbeat.beat());
                let address: Addr<A> = context.address();
                let actor = create(&address);
                monitored.do_send(ChildStarted {
                    role,
                    incarnation,
                    shutdown: address.recipient(),
                });
                context.into_future(actor).await;
            });

            let reason = match task.await {
                Ok(()) => ExitReason::Stopped,
                Err(error) if error.is_panic() => {
                    ExitReason::Panicked(panic_message(error.into_panic().as_ref()))
                }
                Err(_) => ExitReason::Cancelled,
            };
            supervisor.do_send(ChildStopped {
                role,
                incarnation,
                reason,
            });
        });
    }
}

/// The message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("of an unknown kind").to_owned()
}
