//! One replica of macaque as a process of its own: this very test program, started again with its configuration.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use macaque::actors::clock::Trigger;
use macaque::actors::supervisor::{ActorTimeouts, RestartPolicy};
use macaque::actors::{self, ActorsConfig};
use macaque::failpoint::{FailAction, FailPoint, FailPoints};
use macaque::journal::JournalStore;
use macaque::k8s::{ClusterAccess, RequestDeadlines};
use macaque::notify::{Channel, DeliveryRetry, MessageKind, MessageKinds, ServiceChannel, SlackWebhook};
use macaque::platform::Platform;
use macaque::round::RoundConfig;
use macaque::settings::{LogFormat, LogSettings};
use macaque_core::config::{
    ConfigMapRef, DisruptConfig, DisruptionLimits, JournalLocation, RecoveryPolicy, TargetConfig,
};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::{GuardConfig, RecoveredGuard};
use macaque_core::journal::JournalTiming;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::schedule::timer::TimerConfig;
use serde::{Deserialize, Serialize};

use crate::fake_chat::FakeChat;
use crate::fault::ActorFault;

/// The kinds of messages that a trial counts: every report of a round, and every end of a recovery.
const HEARD: [MessageKind; 7] = [
    MessageKind::Disruption,
    MessageKind::Refusal,
    MessageKind::Held,
    MessageKind::Idle,
    MessageKind::Failure,
    MessageKind::Recovery,
    MessageKind::Recovered,
];

/// The time from one slot to the next.
pub(crate) const SLOT_INTERVAL: Duration = Duration::from_millis(500);

/// How much slower everything is where recoveries are watched, which take seconds: so that a busy machine is not taken for a
/// process that hangs.
const SLOWER: u32 = 3;

/// How many pods are disrupted where recoveries are watched.
pub(crate) const VICTIMS: usize = 2;

/// How recoveries are watched in the trials of them.
const RECOVERY: RecoveryConfig = RecoveryConfig {
    enabled: true,
    expect: Duration::from_secs(4),
    timeout: Duration::from_secs(20),
};

/// What a replica needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReplicaConfig {
    pub(crate) name: String,
    pub(crate) kubeconfig: PathBuf,
    /// The namespace of its victims, and its own.
    pub(crate) namespace: String,
    pub(crate) home: String,
    pub(crate) chat: String,
    /// The first slot is one interval after this.
    pub(crate) epoch: Timestamp,
    /// The index of the point in [`FailPoint::ALL`], and that of the fault in [`ACTOR_FAULTS`].
    pub(crate) fault: Option<(usize, usize)>,
    /// Whether the replicas disrupt two pods and watch them recover, and no more.
    pub(crate) recovers: bool,
    /// Whether it is the first process of a process namespace.
    pub(crate) as_pid_1: bool,
    pub(crate) log: ReplicaLog,
}

/// Where a replica logs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReplicaLog {
    Off,
    Stderr,
    File(std::path::PathBuf),
}

/// The faults of actors by number.
pub(crate) const ACTOR_FAULTS: [ActorFault; 4] = [
    ActorFault::Panic,
    ActorFault::Block,
    ActorFault::Hang,
    ActorFault::Abort,
];

impl ReplicaConfig {
    /// Replica number `n` of those that share this chat and disrupt in `shop`; nothing happens to it, and it logs nothing.
    pub(crate) fn new(n: usize, kubeconfig: PathBuf, chat: &FakeChat, epoch: Timestamp) -> Self {
        Self {
            name: format!("macaque-{n}"),
            kubeconfig,
            namespace: "shop".to_owned(),
            home: "chaos".to_owned(),
            chat: chat.address().to_string(),
            epoch,
            fault: None,
            recovers: false,
            as_pid_1: false,
            log: ReplicaLog::Off,
        }
    }

    /// Runs the replica until it is told to stop, or gives up; returns the exit code.
    pub(crate) fn run(self) -> i32 {
        let level = if self.log == ReplicaLog::Off {
            log::LevelFilter::Off
        } else {
            log::LevelFilter::Debug
        };
        let platform = Platform::system();
        let settings = LogSettings {
            level,
            format: LogFormat::Text,
        };
        macaque::telemetry::start(&settings, &platform);

        actors::run(self.actors_config(platform))
    }

    fn actors_config(self, platform: Platform) -> ActorsConfig {
        let slot = if self.recovers {
            SLOT_INTERVAL * SLOWER
        } else {
            SLOT_INTERVAL
        };
        let location = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: self.home,
            name: "macaque-journal".to_owned(),
        });
        let timing = JournalTiming {
            deadline: slot * 3 / 4,
            spacing: slot / 2,
            lease: slot * 3 / 2,
            skew: Duration::from_secs(30),
        };
        let webhook = SlackWebhook {
            url: format!("http://{}/hook", self.chat).into(),
        };
        let channel = Channel::Service(ServiceChannel {
            kinds: MessageKinds::of(HEARD),
            ..ServiceChannel::new(Arc::new(webhook))
        });
        let access = ClusterAccess {
            kubeconfig: Some(self.kubeconfig),
            deadlines: RequestDeadlines {
                read: slot * 4 / 5,
                disrupt: slot,
                watch: Duration::from_secs(8),
            },
            ..ClusterAccess::default()
        };

        let recovery = if self.recovers {
            RECOVERY
        } else {
            RecoveryConfig::default()
        };
        let policy = RecoveryPolicy {
            timeout: recovery.timeout,
            recovered: RecoveredGuard::Owner,
            strikes: None,
        };
        let limits = DisruptionLimits {
            per_hour: self.recovers.then_some(VICTIMS),
            ..DisruptionLimits::default()
        };

        let trigger = Trigger::Interval {
            every: slot,
            since: self.epoch,
        };
        let round = round_config(&self.namespace, &recovery);
        let journal =
            JournalStore::new(location, &self.name, limits, 1, timing, &platform).with_recovery(policy);
        ActorsConfig {
            timer: TimerConfig {
                deadline: timing.deadline,
                settle: Duration::from_millis(50),
                ..TimerConfig::default()
            },
            retry: DeliveryRetry {
                tries: 3,
                first: Duration::from_millis(50),
                longest: Duration::from_millis(200),
            },
            restarts: RestartPolicy {
                restarts: 5,
                backoff: Duration::from_millis(20),
                ..RestartPolicy::default()
            },
            timeouts: ActorTimeouts {
                hang: slot * 8 / 5,
                ..ActorTimeouts::default()
            },
            fail_points: self.fault.map_or_else(FailPoints::default, |(point, fault)| {
                // A blocked thread wakes while the others have gone on.
                once(FailPoint::ALL[point], ACTOR_FAULTS[fault], slot * 3)
            }),
            ..ActorsConfig::new(trigger, round, journal, access, [channel], &platform)
        }
    }
}

/// Fail points that inject the fault into the first actor that passes the point; its thread may be `blocked` for so long.
fn once(point: FailPoint, fault: ActorFault, blocked: Duration) -> FailPoints {
    let done = AtomicBool::new(false);
    FailPoints::armed(move |passed| {
        if passed != point || done.swap(true, Ordering::SeqCst) {
            return FailAction::Continue;
        }
        match fault {
            ActorFault::Panic => panic!("injected at {point:?}"),
            ActorFault::Block => std::thread::sleep(blocked),
            ActorFault::Hang => return FailAction::Hang,
            ActorFault::Abort => std::process::abort(),
        }
        FailAction::Continue
    })
}

fn round_config(namespace: &str, recovery: &RecoveryConfig) -> RoundConfig {
    RoundConfig {
        calendar: None,
        dry_run: false,
        eligibility: EligibilityConfig {
            target: TargetConfig {
                // The trials on a real control plane have such pods.
                include: vec!["bare"],
                ..TargetConfig::all_of(namespace)
            },
            method: DisruptionMethod::Evict,
            own_pod: None,
            metadata: Arc::default(),
        },
        disrupt: DisruptConfig {
            attempts: 3,
            ..DisruptConfig::default()
        },
        recovery: recovery.clone(),
        guards: GuardConfig::default(),
        gates: Vec::new(),
    }
}
