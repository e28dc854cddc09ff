//! The four actors, and how they are connected.
//!
//! ```text
//!            RoundDue{slot, seed}            RoundFinished{report}
//!   Clock ────────────────────────▶ Killer ─────────────────────────▶ Notifier ──▶ channels
//!     ▲                               ▲                                  ▲
//!     └───────── Supervisor ──────────┴──────────────────────────────────┘
//!                starts each on an Arbiter of its own, sees it stop or hang, restarts it
//! ```
//!
//! What the connections promise:
//! - An actor knows a [`recipient::StableRecipient`], never another actor: it leads to whichever actor has the role now,
//!   or gives the message back.
//! - A round that is due while the Killer is away or busy is dropped, with a line in the log; it is never queued.
//! - No message holds what must not be lost. A round is in the journal before any pod is disrupted, and its report until
//!   the Notifier confirmed (`ReportDelivered`) that every channel has it; the Killer's recovery pass, several times a
//!   lease, finds both after a crash of either.
//! - The order of a shutdown: the Clock stops, the round in flight ends, its report goes out, the Notifier drains.
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
use macaque_core::schedule::timer::TimerConfig;

use self::clock::Trigger;
use self::messages::StopRequested;
use self::recipient::StableRecipient;
use self::supervisor::{ActorTimeouts, RestartPolicy, Supervisor};
use crate::failpoint::FailPoints;
use crate::health::HealthState;
use crate::journal::JournalStore;
use crate::k8s::ClusterAccess;
use crate::notify::{Channel, DeliveryRetry};
use crate::platform::Platform;
use crate::round::RoundConfig;

/// What the actors are to do, and with what.
#[derive(Clone)]
pub struct ActorsConfig {
    /// What makes rounds due.
    pub trigger: Trigger,
    /// How late a slot may be, and how long clocks must agree.
    pub timer: TimerConfig,
    /// What a round is to do.
    pub round: Arc<RoundConfig>,
    /// Where the journal is kept.
    pub journal: JournalStore,
    /// Where the cluster is.
    pub access: ClusterAccess,
    /// Where reports are delivered.
    pub channels: Arc<[Channel]>,
    /// How often a service that fails is tried.
    pub retry: DeliveryRetry,
    /// How often actors may fail.
    pub restarts: RestartPolicy,
    /// How long actors may take.
    pub timeouts: ActorTimeouts,
    /// The way to stop macaque cleanly, beside the signals; it leads to the Supervisor once that runs.
    pub stop: StableRecipient<StopRequested>,
    /// What the probes see.
    pub health: Arc<HealthState>,
    /// Time and chance.
    pub platform: Platform,
    /// Where tests make it fail.
    pub fail_points: FailPoints,
}

/// Runs the actors until a signal or another request to stop, or until the Supervisor gives up; returns the process's
/// exit code.
///
/// The Supervisor checks the others from a thread of its own; the calling thread checks the Supervisor. If that hangs,
/// this returns all the same: threads that hang end with the process.
pub fn run(config: ActorsConfig) -> i32 {
    let health = Arc::clone(&config.health);
    let hang_timeout = config.timeouts.hang;
    let platform = config.platform.clone();

    let (ends, end) = mpsc::channel();
    let supervisor = std::thread::Builder::new().name("supervisor".to_owned());
    let started = supervisor.spawn(move || ends.send(supervise(config)));
    if let Err(error) = started {
        log::error!("no thread for the Supervisor: {error}");
        return supervisor::GAVE_UP;
    }
    watchdog::watch(&end, &health, hang_timeout, &platform)
}

/// Runs the actor system to its end, with the Supervisor as its first actor.
fn supervise(config: ActorsConfig) -> i32 {
    let system = System::new();
    system.block_on(async {
        let context = Context::new();
        let supervisor = actix::spawn(context.into_future(Supervisor::new(config)));
        actix::spawn(async {
            if supervisor.await.is_err() {
                log::error!("the Supervisor itself failed: giving up");
                System::current().stop_with_code(supervisor::GAVE_UP);
            }
        });
    });
    system.run_with_code().unwrap_or_else(|error| {
        log::error!("the actor system failed: {error}");
        supervisor::GAVE_UP
    })
}
