//! The validated configuration of one process, built from settings that have no mistakes.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::events::EventsConfig;
use crate::guard::{GuardConfig, RecoveredGuard};
use crate::outcome::DisruptionMethod;
use crate::recovery::RecoveryConfig;
use crate::schedule::Calendar;
use crate::selector::Selector;

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
    /// The Kubernetes Events that are written; a dry run writes none.
    pub events: EventsConfig,
}

impl ChaosConfig {
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

/// The configured target: the pods that may be picked.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    /// The namespaces in scope.
    pub namespaces: NamespaceScope,
    /// The label selector that a pod must match.
    pub selector: Selector,
    /// A pod younger than this is exempt.
    pub min_age: Duration,
    /// The rules that the configuration switches off, by name ([`crate::eligibility::includable_rules`]).
    pub include: Vec<&'static str>,
}

impl TargetConfig {
    /// The target for every pod of `namespace`, however young; all other rules still apply.
    pub fn all_of(namespace: &str) -> Self {
        Self {
            namespaces: NamespaceScope::Named(vec![namespace.to_owned()]),
            selector: Selector::default(),
            min_age: Duration::ZERO,
            include: Vec::new(),
        }
    }
}

/// The namespaces in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamespaceScope {
    /// Every namespace of the cluster, which needs a ClusterRole. System namespaces stay exempt by rule.
    All,
    /// These namespaces; at least one, each once.
    Named(Vec<String>),
}

impl NamespaceScope {
    /// Whether the namespace `name` is in scope.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|named| named == name),
        }
    }

    /// The namespaces by name; empty for the whole cluster.
    pub fn names(&self) -> &[String] {
        match self {
            Self::All => &[],
            Self::Named(names) => names,
        }
    }
}

impl fmt::Display for NamespaceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("[*]"),
            Self::Named(names) => write!(f, "[{}]", names.join(", ")),
        }
    }
}

/// The number of pods that one round may disrupt, and the method. The default evicts one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisruptConfig {
    /// The method: evict or delete.
    pub method: DisruptionMethod,
    /// How many victims a round disrupts; at least 1.
    pub count: usize,
    /// The grace period of a victim, in whole seconds, at least 1 s (0 would force-delete);
    /// `None` leaves it to the pod's own `terminationGracePeriodSeconds`.
    pub grace_period: Option<Duration>,
    /// How many victims a round may try, refusals included; at least `count`.
    pub attempts: usize,
    /// How many victims a round may still try after a webhook refused one, because the webhook may have acted on it.
    pub attempts_after_webhook: usize,
    /// How victims are picked: by pod or by owner.
    pub draw: DrawBy,
}

impl Default for DisruptConfig {
    fn default() -> Self {
        Self {
            method: DisruptionMethod::Evict,
            count: 1,
            grace_period: None,
            attempts: 10,
            attempts_after_webhook: 1,
            draw: DrawBy::Pod,
        }
    }
}

/// How victims are picked: every pod equally likely, or every owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DrawBy {
    /// By pod: every eligible pod is equally likely, so an owner of many pods is hit more often.
    Pod,
    /// By owner: every owner of eligible pods is equally likely, then each eligible pod of that owner. A pod without an
    /// owner counts as its own owner.
    Owner,
}

impl DrawBy {
    /// Both values, for tables and tests.
    pub const ALL: [Self; 2] = [Self::Pod, Self::Owner];

    /// The value as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pod => "pods",
            Self::Owner => "owners",
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
