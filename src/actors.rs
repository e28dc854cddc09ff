//! The actors, and how they are connected.
//!
//! ```text
//!            RoundDue{slot, seed}            RoundFinished{report}
//!   Clock ────────────────────────▶ Killer ─────────────────────────▶ Notifier ──▶ channels
//!                                    │  ▲                                ▲
//!        DisruptionAccepted{victim}  │  │  RecoveriesWanted              │
//!          RecoveriesFound{records}  ▼  │                                │
//!                                   Watcher ─────────────────────────────┘
//!                                            RecoveryReported{report}
//!
//!   EventRecorder: writes Kubernetes Events about the facts that the others publish, if Events are on
//!   HistoryRecorder: writes these facts to the history, if it is on
//!   Reloader: looks at the configuration file, and hands a change that is proved to the Clock, Killer, Watcher and Notifier
//!   Supervisor: starts each on an Arbiter of its own, sees it stop or hang, restarts it
//! ```
//!
//! What the connections promise:
//! - Actors do not hold each other's addresses. They hold a [`recipient::StableRecipient`], which delivers to the current
//!   incarnation of an actor, or returns the message if there is none.
//! - A round that is due while the Killer is restarting, or has another round to run, is dropped with a line in the log.
//! - A lost message loses nothing. The journal records a round before any pod is disrupted, and keeps its report until
//!   the Notifier has confirmed with `MessageDelivered` that every channel received it. If either actor crashes, the
//!   Killer's takeover pass, which runs several times per lease, picks up both.
//! - The same holds for a recovery: the journal keeps it from the disruption to its end, and the message about the end until
//!   it is delivered. A Watcher that starts asks for what the journal has; one that has nothing to watch does nothing.
//! - Nobody waits for the EventRecorder. What happens goes into a queue of its own; if that is full, Events are lost.
//! - Nobody waits for the HistoryRecorder either. What happens is kept beside it until it is written.
//! - A change of the configuration is in force from the next round on: each actor takes it over between two of its steps,
//!   and one that is started later starts with it.
//! - A shutdown runs in this order: the Clock, the Watcher and the Reloader stop, the current round ends, its report is sent, the Killer
//!   leaves the recoveries that go on to the next process, the Notifier, the EventRecorder and the
//!   HistoryRecorder drain.
//! - The Supervisor is watched by a plain thread, the one that called [`run`].

pub mod clock;
pub mod config_changes;
mod connections;
mod event_recorder;
mod history_recorder;
pub mod killer;
pub mod messages;
pub mod notifier;
pub mod recipient;
mod reloader;
pub mod role;
pub mod single_thread;
pub mod supervisor;
mod watchdog;
pub mod watcher;

use std::sync::{Arc, mpsc};

use actix::{Context, System};
use macaque_core::schedule::WeeklyTime;
use macaque_core::schedule::timer::TimerConfig;

use self::clock::Trigger;
use self::config_changes::ConfigChanges;
use self::messages::StopRequested;
use self::recipient::StableRecipient;
use self::role::{ActorRole, OptionalRoles};
use self::supervisor::{ActorTimeouts, RestartPolicy, Supervisor};
use crate::events::EventRecording;
use crate::facts::Facts;
use crate::failpoint::FailPoints;
use crate::health::HealthState;
use crate::history::HistoryRecording;
use crate::journal::JournalStore;
use crate::k8s::ClusterAccess;
use crate::notify::{Channel, DeliveryRetry, MessageContext};
use crate::platform::Platform;
use crate::proxy::ProxyPolicy;
use crate::reload::ConfigReload;
use crate::round::RoundConfig;

/// The configuration of the actors, and everything they work with.
#[derive(Clone)]
pub struct ActorsConfig {
    /// What makes rounds due.
    pub trigger: Trigger,
    /// How late a slot may start, and how long the wall clock must run steadily before a round.
    pub timer: TimerConfig,
    /// What a round does.
    pub round: Arc<RoundConfig>,
    /// Where the journal is kept.
    pub journal: JournalStore,
    /// How to reach the cluster.
    pub access: ClusterAccess,
    /// Where reports are delivered.
    pub channels: Arc<[Channel]>,
    /// The proxies that lead to the channels.
    pub proxies: ProxyPolicy,
    /// What every message names beside its report.
    pub messages: MessageContext,
    /// When the digest of a week is due, in the zone of the messages, for the channels that ask for it.
    pub digest: WeeklyTime,
    /// How often, and how fast, a failed delivery is retried.
    pub retry: DeliveryRetry,
    /// How often actors may fail before the process ends.
    pub restarts: RestartPolicy,
    /// How long actors may take.
    pub timeouts: ActorTimeouts,
    /// Asks for a clean shutdown, as SIGTERM does; connected once the Supervisor runs.
    pub stop: StableRecipient<StopRequested>,
    /// What a reload has changed since the start.
    pub changes: ConfigChanges,
    /// The configuration file, if it is reloaded.
    pub reload: Option<Arc<ConfigReload>>,
    /// Takes what happens.
    pub facts: Facts,
    /// The Events that are written about it.
    pub events: EventRecording,
    /// The history that is written of it.
    pub history: HistoryRecording,
    /// The state that the health probes report.
    pub health: Arc<HealthState>,
    /// The source of time and randomness.
    pub platform: Platform,
    /// The fail points, armed only in tests.
    pub fail_points: FailPoints,
}

impl ActorsConfig {
    /// Actors that make rounds due by `trigger`, over `access`, and tell `channels` of them; everything else is as it is by
    /// default, nothing is recorded and nothing reloaded.
    pub fn new(
        trigger: Trigger,
        round: RoundConfig,
        journal: JournalStore,
        access: ClusterAccess,
        channels: impl Into<Arc<[Channel]>>,
        platform: &Platform,
    ) -> Self {
        let roles = ActorRole::of_process(OptionalRoles::default());
        Self {
            trigger,
            timer: TimerConfig::default(),
            round: Arc::new(round),
            journal,
            access,
            channels: channels.into(),
            proxies: ProxyPolicy::Direct,
            messages: MessageContext::default(),
            digest: WeeklyTime::default(),
            retry: DeliveryRetry::default(),
            restarts: RestartPolicy::default(),
            timeouts: ActorTimeouts::default(),
            stop: StableRecipient::default(),
            changes: ConfigChanges::default(),
            reload: None,
            facts: Facts::default(),
            events: EventRecording::off(platform),
            history: HistoryRecording::off(platform),
            health: Arc::new(HealthState::new(roles.map(ActorRole::as_str), platform)),
            platform: platform.clone(),
            fail_points: FailPoints::default(),
        }
    }
}

/// Runs the actors until they are asked to stop or the Supervisor gives up; returns the process's exit code.
///
/// The Supervisor runs on a thread of its own, and the calling thread watches it. If the Supervisor hangs, `run` still
/// returns; the hung threads end with the process.
pub fn run(config: ActorsConfig) -> i32 {
    let health = Arc::clone(&config.health);
    let hang_timeout = config.timeouts.hang;
    let platform = config.platform.clone();

    let (sender, exit_code) = mpsc::channel();
    let thread = std::thread::Builder::new().name("supervisor".to_owned());
    let started = thread.spawn(move || sender.send(supervise(config)));
    if let Err(error) = started {
        log::error!("cannot start the Supervisor's thread: {error}");
        return supervisor::GAVE_UP;
    }

    watchdog::watch(&exit_code, &health, hang_timeout, &platform)
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
