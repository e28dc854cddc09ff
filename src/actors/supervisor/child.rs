//! Starts one life of a child: a fresh Arbiter, a fresh value, and a monitor that tells how it ended.

use std::any::Any;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Arbiter, AsyncContext, Context, Handler};

use super::super::ActorsConfig;
use super::super::clock::Clock;
use super::super::killer::Killer;
use super::super::messages::{ChildStarted, ChildStopped, ExitReason, Shutdown};
use super::super::notifier::Notifier;
use super::{ActorRecipients, ActorRole, Supervisor};
use crate::heartbeat::Heartbeat;

/// Starts the child of `role` on an Arbiter of its own and connects its line.
pub(super) fn start(
    role: ActorRole,
    life: u64,
    crew: &ActorsConfig,
    lines: &ActorRecipients,
    supervisor: Addr<Supervisor>,
) -> (Arbiter, Heartbeat) {
    let (arbiter, pulse) = (Arbiter::new(), Heartbeat::new());
    let (crew, lines) = (crew.clone(), lines.clone());
    let berth = ChildSpec {
        role,
        life,
        supervisor,
        pulse: pulse.clone(),
        heartbeat: crew.limits.heartbeat(),
    };
    let shown = pulse.clone();
    match role {
        ActorRole::Clock => berth.launch(&arbiter, move |_: &Addr<Clock>| {
            let ActorsConfig {
                beat,
                pace,
                limits,
                faults,
                ..
            } = crew;
            Clock::new(beat, pace, lines.killer, shown, limits, faults)
        }),
        ActorRole::Killer => berth.launch(&arbiter, move |killer: &Addr<Killer>| {
            lines.killer.connect(killer.clone().recipient());
            lines.told.connect(killer.clone().recipient());
            Killer::new(&crew, life, lines.notifier, shown)
        }),
        ActorRole::Notifier => berth.launch(&arbiter, move |notifier: &Addr<Notifier>| {
            lines.notifier.connect(notifier.clone().recipient());
            Notifier::new(&crew, lines.told, shown)
        }),
    }
    (arbiter, pulse)
}

/// Where a life is launched from, and who hears of it.
struct ChildSpec {
    role: ActorRole,
    life: u64,
    supervisor: Addr<Supervisor>,
    pulse: Heartbeat,
    heartbeat: Duration,
}

impl ChildSpec {
    /// Runs the actor that `make` makes. The inner task is the life; the outer one waits for it, as Erlang's
    /// monitors do, and so hears of a panic anywhere in it, in `make` and in `started` too.
    fn launch<A>(self, arbiter: &Arbiter, make: impl FnOnce(&Addr<A>) -> A + Send + 'static)
    where
        A: Actor<Context = Context<A>> + Handler<Shutdown>,
        Context<A>: ToEnvelope<A, Shutdown>,
    {
        arbiter.spawn(async move {
            let Self {
                role,
                life,
                supervisor,
                pulse,
                heartbeat,
            } = self;
            let monitored = supervisor.clone();
            let task = actix::spawn(async move {
                let mut context = Context::new();
                context.run_interval(heartbeat, move |_, _| pulse.beat());
                let address: Addr<A> = context.address();
                let actor = make(&address);
                let shutdown = address.recipient();
                monitored.do_send(ChildStarted { role, life, shutdown });
                context.into_future(actor).await;
            });
            let why = match task.await {
                Ok(()) => ExitReason::Stopped,
                Err(error) if error.is_panic() => ExitReason::Panicked(words(error.into_panic().as_ref())),
                Err(_) => ExitReason::Cancelled,
            };
            supervisor.do_send(ChildStopped { role, life, why });
        });
    }
}

/// The text of a panic.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("of an unknown kind").to_owned()
}
