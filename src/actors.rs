//! The four actors, and the wires between them.
//!
//! ```text
//!            RoundDue{slot, seed}            RoundFinished{report}
//!   Clock ────────────────────────▶ Killer ─────────────────────────▶ Notifier ──▶ channels
//!     ▲                               ▲                                  ▲
//!     └───────── Supervisor ──────────┴──────────────────────────────────┘
//!                starts each on an Arbiter of its own, hears it end, sees it hang, starts it afresh
//! ```
//!
//! What the wires promise:
//! - An actor knows a [`recipient::Line`], never another actor: a line leads to whoever holds the role now, or says that
//!   nobody does and gives the message back.
//! - A round that is due while the Killer is away or busy is dropped and said to be; it is never saved up.
//! - No message holds what must not be lost. A round is in the journal before anybody is disrupted, and its report
//!   until the Notifier said (`NoticeTold`) that everybody was told; the Killer's look round in the journal, several
//!   times a lease, brings both back after a crash of either.
//! - The order of an end: the Clock stops, the round in flight ends, its report goes out, the Notifier drains.
//! - Above the Supervisor is a plain thread, the one that called [`run`].

pub mod clock;
pub mod killer;
pub mod messages;
pub mod notifier;
pub mod recipient;
pub mod supervisor;
mod watchdog;

use std::sync::{Arc, mpsc};

use actix::{Context, System};

use self::clock::Trigger;
use self::messages::StopRequested;
use self::recipient::StableRecipient;
use self::supervisor::{RestartPolicy, Supervisor};
use crate::failpoint::FailPoints;
use crate::health::HealthState;
use crate::journal::JournalStore;
use crate::k8s::ClusterAccess;
use crate::notify::{Channel, DeliveryRetry};
use crate::round::RoundConfig;
use macaque_core::schedule::timer::TimerConfig;

/// What the actors are to do.
#[derive(Clone)]
pub struct ActorsConfig {
    /// When rounds are due.
    pub beat: Trigger,
    /// How late a slot may be, and how long clocks must agree.
    pub pace: TimerConfig,
    /// What a round goes by.
    pub orders: Arc<RoundConfig>,
    /// Where the journal is kept.
    pub books: JournalStore,
    /// Where the cluster is.
    pub access: ClusterAccess,
    /// Whom to tell.
    pub channels: Arc<[Channel]>,
    /// How often a service that fails is tried.
    pub retry: DeliveryRetry,
    /// How often a child may fail.
    pub limits: RestartPolicy,
    /// The way to end it all in order, beside the signals; it leads to the Supervisor once that runs.
    pub stop: StableRecipient<StopRequested>,
    /// Where the probes look.
    pub vitals: Arc<HealthState>,
    /// What goes wrong on purpose; nothing outside of tests.
    pub faults: FailPoints,
}

/// Runs the actors until a signal or another request to stop, or until the Supervisor gives up; returns the process's
/// exit code.
///
/// The Supervisor looks after the others from a thread of its own; the calling thread looks after the Supervisor. If
/// that gives no sign of life, this returns all the same: threads that hang end with the process.
pub fn run(crew: ActorsConfig) -> i32 {
    let (vitals, limits) = (Arc::clone(&crew.vitals), crew.limits);
    let (ends, end) = mpsc::channel();
    let supervisor = std::thread::Builder::new().name("supervisor".to_owned());
    let started = supervisor.spawn(move || ends.send(supervise(crew)));
    if let Err(error) = started {
        log::error!("no thread for the Supervisor: {error}");
        return supervisor::GAVE_UP;
    }
    watchdog::watch(&end, &vitals, &limits)
}

/// Runs the actor system to its end, with the Supervisor as its first actor.
fn supervise(crew: ActorsConfig) -> i32 {
    let system = System::new();
    system.block_on(async {
        let context = Context::new();
        let life = actix::spawn(context.into_future(Supervisor::new(crew)));
        actix::spawn(async {
            if life.await.is_err() {
                log::error!("the Supervisor itself failed: giving up");
                System::current().stop_with_code(supervisor::GAVE_UP);
            }
        });
    });
    system.run_with_code().unwrap_or_else(|error| {
        log::error!("the actor system ended badly: {error}");
        supervisor::GAVE_UP
    })
}
