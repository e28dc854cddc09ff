//! What the actors of a test run with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::actors::clock::Trigger;
use macaque::actors::role::{ActorRole, OptionalRoles};
use macaque::actors::supervisor::{ActorTimeouts, RestartPolicy};
use macaque::events::EventRecording;
use macaque::facts::Facts;
use macaque::failpoint::FailPoints;
use macaque::health::HealthState;
use macaque::history::HistoryRecording;
use macaque::journal::JournalStore;
use macaque::k8s::{ClusterAccess, RequestDeadlines};
use macaque::notify::{Channel, OutgoingMessage};
use macaque::platform::Platform;
use macaque::round::RoundConfig;
use macaque_core::config::{
    ConfigMapRef, DisruptConfig, DisruptionLimits, JournalLocation, NamespaceScope, RecoveryPolicy,
    TargetConfig,
};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::events::EventsConfig;
use macaque_core::guard::GuardConfig;
use macaque_core::journal::JournalTiming;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::schedule::timer::TimerConfig;
use serde_json::{Value, json};

use crate::fail_hooks::FailHook;

/// The time from one slot to the next.
const INTERVAL: Duration = Duration::from_millis(200);

/// How long a replacement takes to be ready: long enough for a Watcher that starts anew to see that it is missing.
pub(crate) const REPLACED_AFTER: Duration = Duration::from_secs(8);

/// The ConfigMap of the history.
pub(crate) const HISTORY: &str = "macaque-history";

/// No actor may miss its heartbeat for longer than a busy machine explains.
const SHORT_TIMEOUTS: ActorTimeouts = ActorTimeouts {
    hang: Duration::from_millis(1500),
    // Longer than the Killer waits for the delivery of a report that was lost with a Notifier.
    round: Duration::from_secs(20),
    drain: Duration::from_secs(20),
};

/// The restarts beside [`SHORT_TIMEOUTS`], which come at once.
const QUICK_RESTARTS: RestartPolicy = RestartPolicy {
    restarts: 3,
    window: Duration::from_secs(60),
    backoff: Duration::from_millis(10),
    longest_backoff: Duration::from_secs(1),
    leaked_threads: 3,
};

/// What the actors run with.
pub(crate) struct ActorsSetup {
    /// The time from one slot to the next.
    pub(crate) interval: Duration,
    /// Where reports are delivered beside the test.
    pub(crate) channel: Option<Channel>,
    /// How long the cluster takes for every answer.
    pub(crate) latency: Duration,
    pub(crate) fail_points: FailPoints,
    pub(crate) facts: Facts,
    pub(crate) restarts: RestartPolicy,
    pub(crate) timeouts: ActorTimeouts,
    pub(crate) deadlines: RequestDeadlines,
    /// Whether recoveries are watched, and then only one pod is disrupted, whose replacement takes a second.
    pub(crate) recovers: bool,
    /// Whether anything may be disrupted.
    pub(crate) disrupts: bool,
    /// Whether Events are written.
    pub(crate) writes_events: bool,
    /// Whether the history is written.
    pub(crate) writes_history: bool,
}

impl Default for ActorsSetup {
    fn default() -> Self {
        Self {
            interval: INTERVAL,
            channel: None,
            latency: Duration::ZERO,
            fail_points: FailPoints::default(),
            facts: Facts::default(),
            restarts: RestartPolicy {
                backoff: QUICK_RESTARTS.backoff,
                ..RestartPolicy::default()
            },
            timeouts: ActorTimeouts::default(),
            deadlines: RequestDeadlines::default(),
            recovers: false,
            disrupts: true,
            writes_events: false,
            writes_history: false,
        }
    }
}

impl ActorsSetup {
    /// Actors that fail as `hook` says.
    pub(crate) fn failing(hook: impl FailHook) -> Self {
        Self {
            fail_points: FailPoints::armed(hook),
            ..Self::default()
        }
    }

    /// Actors that disrupt one pod and watch the recovery.
    pub(crate) fn recovering(self) -> Self {
        Self {
            recovers: true,
            ..self
        }
    }

    /// Actors that write Events.
    pub(crate) fn writing_events(self) -> Self {
        Self {
            writes_events: true,
            ..self
        }
    }

    /// Actors that write the history.
    pub(crate) fn writing_history(self) -> Self {
        Self {
            writes_history: true,
            ..self
        }
    }

    /// Actors whose hangs are soon detected.
    pub(crate) fn with_short_timeouts(self) -> Self {
        Self {
            restarts: QUICK_RESTARTS,
            timeouts: SHORT_TIMEOUTS,
            deadlines: RequestDeadlines {
                read: SHORT_TIMEOUTS.hang,
                disrupt: SHORT_TIMEOUTS.hang,
                ..RequestDeadlines::default()
            },
            ..self
        }
    }
}

pub(crate) fn actors_config(
    setup: ActorsSetup,
    kubeconfig: PathBuf,
    listener: Sender<OutgoingMessage>,
) -> ActorsConfig {
    let platform = Platform::system();
    let events = EventsConfig {
        enabled: setup.writes_events,
        refusals: false,
    };
    let events = EventRecording::new(events, &NamespaceScope::All, "macaque", &platform);
    let place = setup.writes_history.then(|| ConfigMapRef {
        namespace: "chaos".to_owned(),
        name: HISTORY.to_owned(),
    });
    let history = HistoryRecording::new(place, false, &platform).with_interval(setup.interval);
    let roles = ActorRole::of_process(OptionalRoles {
        writes_events: events.is_on(),
        writes_history: history.is_on(),
        reloads: false,
    });
    let facts = if events.is_on() || history.is_on() {
        Facts::new(events.listener().into_iter().chain(history.listener()))
    } else {
        setup.facts.clone()
    };
    let trigger = Trigger::Interval {
        every: setup.interval,
        since: platform.now(),
    };
    let round = round_config(setup.recovers);
    let journal = journal_store(&setup, &platform).with_spacing(setup.interval / 2);
    let access = ClusterAccess {
        kubeconfig: Some(kubeconfig),
        deadlines: setup.deadlines,
        ..ClusterAccess::default()
    };
    let channels = [Channel::Listener(listener)].into_iter().chain(setup.channel);
    let channels: Vec<_> = channels.collect();
    ActorsConfig {
        timer: TimerConfig {
            settle: Duration::ZERO,
            ..TimerConfig::default()
        },
        restarts: setup.restarts,
        timeouts: setup.timeouts,
        facts,
        events,
        history,
        health: Arc::new(HealthState::new(roles.map(ActorRole::as_str), &platform)),
        fail_points: setup.fail_points,
        ..ActorsConfig::new(trigger, round, journal, access, channels, &platform)
    }
}

/// A journal in memory, or in a ConfigMap where a recovery is watched, which outlives the process.
fn journal_store(setup: &ActorsSetup, platform: &Platform) -> JournalStore {
    if !setup.recovers {
        return JournalStore::in_memory(1, platform);
    }
    let place = if setup.disrupts {
        JournalLocation::ConfigMap(ConfigMapRef {
            namespace: "chaos".to_owned(),
            name: "macaque-journal".to_owned(),
        })
    } else {
        JournalLocation::Memory
    };
    let limits = DisruptionLimits {
        per_hour: Some(usize::from(setup.disrupts)),
        ..DisruptionLimits::default()
    };
    let timing = JournalTiming {
        // Takeover passes run several times in this time.
        lease: Duration::from_secs(2),
        ..JournalTiming::default()
    };
    let policy = RecoveryPolicy {
        timeout: Duration::from_secs(50),
        ..RecoveryPolicy::off()
    };
    JournalStore::new(place, "macaque", limits, 1, timing, platform).with_recovery(policy)
}

/// The journal's ConfigMap as the manifest has it.
pub(crate) fn journal() -> Value {
    empty_config_map("macaque-journal")
}

/// The history's ConfigMap as the manifest has it.
pub(crate) fn history() -> Value {
    empty_config_map(HISTORY)
}

fn empty_config_map(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "chaos" },
    })
}

fn round_config(recovers: bool) -> RoundConfig {
    RoundConfig {
        calendar: None,
        dry_run: false,
        eligibility: EligibilityConfig {
            target: TargetConfig::all_of("shop"),
            method: DisruptionMethod::Evict,
            own_pod: None,
            metadata: Arc::default(),
        },
        disrupt: DisruptConfig {
            attempts: 1,
            ..DisruptConfig::default()
        },
        recovery: RecoveryConfig {
            enabled: recovers,
            expect: Duration::from_secs(40),
            timeout: Duration::from_secs(50),
        },
        guards: GuardConfig::off(),
        gates: Vec::new(),
    }
}
