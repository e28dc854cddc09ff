//! The validated configuration of one process, built from settings that have no mistakes.

mod disrupt;
mod target;

use std::fmt;
use std::time::Duration;

pub use self::disrupt::{DisruptConfig, DisruptionPace, DrawBy, VictimCount};
pub use self::target::{NamespaceScope, TargetConfig, TargetMode};

use crate::events::EventsConfig;
use crate::guard::{GuardConfig, RecoveredGuard};
use crate::recovery::RecoveryConfig;
use crate::schedule::Calendar;

/// The validated configuration: when to disrupt which pods, and how.
#[derive(Debug, Clone)]
pub struct ChaosConfig {
    /// Whether victims are only reported, and not disrupted.
    pub dry_run: bool,
    /// When rounds are due, and the quiet times. `None` only where no schedule is needed (`macaque once`).
    pub calendar: Option<Calendar>,
    /// The pods that may be picked.
    pub target: TargetConfig,
    /// How many pods a round disrupts, and by which method.
    pub disrupt: DisruptConfig,
    /// The conditions that must hold around a victim before it is disrupted.
    pub guards: GuardConfig,
    /// How recoveries are watched.
    pub recovery: RecoveryConfig,
    /// How many pods may be disrupted over time, regardless of the schedule.
    pub limits: DisruptionLimits,
    /// How long after its slot a round may start.
    pub starting_deadline: Duration,
    /// The place of the journal; a dry run keeps none.
    pub journal: JournalLocation,
    /// The ConfigMap of the history; `None` keeps none.
    pub history: Option<ConfigMapRef>,
    /// The Kubernetes Events that are written; a dry run writes none.
    pub events: EventsConfig,
}

impl ChaosConfig {
    /// Whether the annotations of namespaces and owners are read at the start of a round: they opt in and out, or say how
    /// often an owner has its turn.
    pub fn reads_metadata(&self) -> bool {
        self.target.reads_metadata(&self.disrupt.pace)
    }

    /// Whether Kubernetes Events are written.
    pub fn writes_events(&self) -> bool {
        self.events.enabled && !self.dry_run
    }

    /// What the journal decides by recoveries: nothing, unless they are watched.
    pub fn recovery_policy(&self) -> RecoveryPolicy {
        let GuardConfig {
            recovered, strikes, ..
        } = self.guards;
        let off = RecoveryPolicy::off();
        if !self.recovery.enabled {
            return off;
        }
        RecoveryPolicy {
            timeout: self.recovery.timeout,
            recovered,
            strikes: (strikes > 0).then_some(strikes),
        }
    }
}

/// The limits on disruptions at once and over time, kept in the journal across restarts. The default sets no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisruptionLimits {
    /// The maximum number of disruptions within any hour; `None` sets no limit.
    pub per_hour: Option<usize>,
    /// The maximum number of disruptions within any 24 hours; `None` sets no limit.
    pub per_day: Option<usize>,
    /// The maximum number of victims of one node at once: a victim counts for 10 minutes; `None` sets no limit.
    pub per_node: Option<usize>,
    /// The maximum number of victims of one zone at once, by the pod's label `topology.kubernetes.io/zone`: a victim
    /// counts for 10 minutes; `None` sets no limit.
    pub per_zone: Option<usize>,
    /// The maximum number of disruptions in one namespace within any 24 hours; `None` sets no limit.
    pub per_namespace_day: Option<usize>,
    /// The maximum number of disruptions of one owner within any 24 hours; `None` sets no limit.
    pub per_owner_day: Option<usize>,
    /// The maximum number of victims that have not recovered at once; `None` sets no limit.
    pub in_flight: Option<usize>,
    /// How long an owner is in cooldown after a disruption of one of its pods, at most a week; zero is no cooldown.
    pub cooldown: Duration,
}

/// What the journal decides by recoveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPolicy {
    /// How long a recovery is watched.
    pub timeout: Duration,
    /// The guard `recovered`: whose recoveries hold back a victim.
    pub recovered: RecoveredGuard,
    /// How many victims in a row may fail to recover before macaque pauses itself; `None` is any number.
    pub strikes: Option<usize>,
}

impl RecoveryPolicy {
    /// The policy that recoveries decide nothing.
    pub fn off() -> Self {
        Self {
            timeout: RecoveryConfig::default().timeout,
            recovered: RecoveredGuard::Off,
            strikes: None,
        }
    }
}

/// The place of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalLocation {
    /// The memory of this process: the journal is lost with the process, and every replica has its own.
    Memory,
    /// A ConfigMap in macaque's own namespace, which all replicas share.
    ConfigMap(ConfigMapRef),
}

/// The name of a ConfigMap, with its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigMapRef {
    /// The namespace.
    pub namespace: String,
    /// The ConfigMap's name.
    pub name: String,
}

impl fmt::Display for ConfigMapRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigMap {}/{}", self.namespace, self.name)
    }
}
