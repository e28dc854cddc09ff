//! One replica of macaque as a process of its own: this very test program, started again with its orders.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use macaque::actors::clock::Trigger;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::supervisor::{ActorRole, RestartPolicy};
use macaque::actors::{self, ActorsConfig};
use macaque::failpoint::{FailAction, FailPoint, FailPoints};
use macaque::health::HealthState;
use macaque::journal::JournalStore;
use macaque::k8s::{ClusterAccess, RequestDeadlines};
use macaque::notify::{Channel, DeliveryRetry, SlackWebhook};
use macaque::round::RoundConfig;
use macaque::settings::{LogFormat, LogSettings};
use macaque_core::config::{self, ConfigMapRef, DisruptConfig, IncludedRule, JournalLocation, TargetConfig};
use macaque_core::eligibility::EligibilityRules;
use macaque_core::journal::JournalTiming;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::schedule::timer::TimerConfig;
use serde::{Deserialize, Serialize};

use crate::fault::Harm;

/// From one slot to the next.
pub(crate) const PACE: Duration = Duration::from_millis(500);

/// How long a blocked thread stays so: it wakes while the others have gone on.
const BLOCKED: Duration = Duration::from_millis(1500);

/// What a replica needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) kubeconfig: std::path::PathBuf,
    /// Where its victims are, and where it lives.
    pub(crate) namespace: String,
    pub(crate) home: String,
    pub(crate) chat: String,
    /// Slots are this instant and every pace after it.
    pub(crate) epoch: Timestamp,
    /// The place of the point in [`FailPoint::ALL`], and the place of the harm in [`HARMS`].
    pub(crate) fault: Option<(usize, usize)>,
    /// Whether it is the first process of a process namespace.
    pub(crate) as_pid_1: bool,
    pub(crate) log: bool,
}

/// The harms by number.
pub(crate) const HARMS: [Harm; 4] = [Harm::Panic, Harm::Block, Harm::Hang, Harm::Abort];

impl Replica {
    /// Runs the replica until it is told to stop, or gives up; returns the exit code.
    pub(crate) fn run(self) -> i32 {
        let level = if self.log {
            log::LevelFilter::Debug
        } else {
            log::LevelFilter::Off
        };
        macaque::telemetry::start(&LogSettings {
            level,
            format: LogFormat::Text,
        });
        actors::run(self.crew())
    }

    fn crew(self) -> ActorsConfig {
        let place = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: self.home,
            name: "macaque-journal".to_owned(),
        });
        let timing = JournalTiming {
            deadline: PACE * 3 / 4,
            spacing: PACE / 2,
            lease: PACE * 3 / 2,
            skew: Duration::from_secs(30),
        };
        let channel = Channel::SlackWebhook(SlackWebhook {
            url: format!("http://{}/hook", self.chat).into(),
        });
        let access = ClusterAccess {
            kubeconfig: Some(self.kubeconfig),
            context: None,
            deadlines: RequestDeadlines {
                read: Duration::from_millis(400),
                disrupt: Duration::from_millis(500),
            },
        };
        ActorsConfig {
            beat: Trigger::Interval {
                pace: PACE,
                since: self.epoch,
            },
            pace: TimerConfig {
                deadline: timing.deadline,
                settle: Duration::from_millis(50),
                ..TimerConfig::default()
            },
            orders: Arc::new(orders(&self.namespace)),
            books: JournalStore::new(place, &self.name, config::DisruptionLimits::default(), 1, timing),
            access,
            channels: Arc::new([channel]),
            retry: DeliveryRetry {
                tries: 3,
                first: Duration::from_millis(50),
                longest: Duration::from_millis(200),
            },
            limits: RestartPolicy {
                restarts: 5,
                deaf_after: Duration::from_millis(800),
                backoff: Duration::from_millis(20),
                ..RestartPolicy::default()
            },
            stop: StableRecipient::default(),
            vitals: Arc::new(HealthState::new(ActorRole::ALL.map(ActorRole::as_str))),
            faults: self.fault.map_or_else(FailPoints::default, |(point, harm)| {
                once(FailPoint::ALL[point], HARMS[harm])
            }),
        }
    }
}

/// The harm befalls the first actor that passes the point.
fn once(point: FailPoint, harm: Harm) -> FailPoints {
    let done = AtomicBool::new(false);
    FailPoints::armed(move |passed| {
        if passed != point || done.swap(true, Ordering::SeqCst) {
            return FailAction::Continue;
        }
        match harm {
            Harm::Panic => panic!("injected at {point:?}"),
            Harm::Block => std::thread::sleep(BLOCKED),
            Harm::Hang => return FailAction::Hang,
            Harm::Abort => std::process::abort(),
        }
        FailAction::Continue
    })
}

fn orders(namespace: &str) -> RoundConfig {
    RoundConfig {
        dry_run: false,
        rules: EligibilityRules {
            target: TargetConfig {
                include: vec![IncludedRule::Bare],
                ..TargetConfig::all_of(namespace)
            },
            method: DisruptionMethod::Evict,
            identity: None,
        },
        disrupt: DisruptConfig {
            attempts: 3,
            ..DisruptConfig::default()
        },
    }
}
