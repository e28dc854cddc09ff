//! Starts one life of a child: a fresh Arbiter, a fresh value, and a monitor that tells how it ended.

use std::any::Any;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Arbiter, AsyncContext, Context, Handler};

use super::super::Crew;
use super::super::clock::Clock;
use super::super::killer::Killer;
use super::super::messages::{ChildStarted, ChildStopped, Shutdown, Why};
use super::super::notifier::Notifier;
use super::{Lines, Role, Supervisor};
use crate::heartbeat::Pulse;

/// Starts the child of `role` on an Arbiter of its own and connects its line.
pub(super) fn start(
    role: Role,
    life: u64,
    crew: &Crew,
    lines: &Lines,
    supervisor: Addr<Supervisor>,
) -> (Arbiter, Pulse) {
    let (arbiter, pulse) = (Arbiter::new(), Pulse::new());
    let (crew, lines) = (crew.clone(), lines.clone());
    let berth = Berth {
        role,
        life,
        supervisor,
        pulse: pulse.clone(),
        heartbeat: crew.limits.heartbeat(),
    };
    let shown = pulse.clone();
    match role {
        Role::Clock => berth.launch(&arbiter, move |_: &Addr<Clock>| {
            let Crew {
                beat,
                pace,
                limits,
                faults,
                ..
            } = crew;
            Clock::new(beat, pace, lines.killer, shown, limits, faults)
        }),
        Role::Killer => berth.launch(&arbiter, move |killer: &Addr<Killer>| {
            lines.killer.connect(killer.clone().recipient());
            lines.told.connect(killer.clone().recipient());
            Killer::new(&crew, life, lines.notifier, shown)
        }),
        Role::Notifier => berth.launch(&arbiter, move |notifier: &Addr<Notifier>| {
            lines.notifier.connect(notifier.clone().recipient());
            Notifier::new(&crew, lines.told, shown)
        }),
    }
    (arbiter, pulse)
}

/// Where a life is launched from, and who hears of it.
struct Berth {
    role: Role,
    life: u64,
    supervisor: Addr<Supervisor>,
    pulse: Pulse,
    heartbeat: Duration,
}

impl Berth {
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
                Ok(()) => Why::Stopped,
                Err(error) if error.is_panic() => Why::Panicked(words(error.into_panic().as_ref())),
                Err(_) => Why::Cancelled,
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
