//! What one process is to do, proved good: what remains of the settings after every mistake was reported.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::outcome::DisruptionMethod;
use crate::schedule::Calendar;
use crate::selector::Selector;

/// The monkey's orders: when, on whom, and how.
#[derive(Debug, Clone)]
pub struct ChaosConfig {
    /// Whether to stop short of disrupting anything.
    pub dry_run: bool,
    /// When rounds are due, and when never. `None` only where no schedule is needed (`macaque once`).
    pub calendar: Option<Calendar>,
    /// Which pods may be drawn.
    pub target: TargetConfig,
    /// How many a round, and by which method.
    pub disrupt: DisruptConfig,
    /// How many over time, whatever the schedule says.
    pub limits: DisruptionLimits,
    /// A slot is played this late at most.
    pub starting_deadline: Duration,
    /// Where the journal is kept; a dry run keeps none.
    pub journal: JournalLocation,
}

/// Which pods may be drawn.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    /// Where to look.
    pub namespaces: NamespaceScope,
    /// The label selector that a pod must match.
    pub selector: Selector,
    /// A pod younger than this is exempt.
    pub min_age: Duration,
    /// Exemptions that the configuration opens.
    pub include: Vec<IncludedRule>,
}

impl TargetConfig {
    /// Every pod of `namespace` that no rule exempts, however young.
    pub fn all_of(namespace: &str) -> Self {
        Self {
            namespaces: NamespaceScope::Named(vec![namespace.to_owned()]),
            selector: Selector::default(),
            min_age: Duration::ZERO,
            include: Vec::new(),
        }
    }
}

/// Where to look for pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamespaceScope {
    /// Every namespace of the cluster: needs a ClusterRole. System namespaces stay exempt by rule.
    All,
    /// These; at least one, each once.
    Named(Vec<String>),
}

impl NamespaceScope {
    /// Whether macaque looks into the namespace `name`.
    pub fn hold(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|known| known == name),
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

/// An exemption that configuration may open; the others (mirror pods, terminating pods, macaque itself) never
/// are, since disrupting them is useless or harmful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IncludedRule {
    /// Pods of a DaemonSet, which come back on the same node.
    DaemonSet,
    /// Pods without a controller, which never come back.
    Bare,
    /// Pods of a Job in delete mode, where a deletion counts as a failure of the Job.
    Job,
    /// Pods that are still Pending; an eviction of one asks no budget.
    Pending,
    /// Pods of priority class `system-node-critical` or `system-cluster-critical`, or of their priority.
    SystemCritical,
    /// Pods in `kube-system`, `kube-public` and `kube-node-lease`.
    SystemNamespaces,
    /// Pods that opted out by an annotation or label, of macaque's or of another tool.
    OptedOut,
}

impl IncludedRule {
    /// Every exemption that can be opened, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::DaemonSet,
        Self::Bare,
        Self::Job,
        Self::Pending,
        Self::SystemCritical,
        Self::SystemNamespaces,
        Self::OptedOut,
    ];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DaemonSet => "daemonset",
            Self::Bare => "bare",
            Self::Job => "job",
            Self::Pending => "pending",
            Self::SystemCritical => "system-critical",
            Self::SystemNamespaces => "system-namespaces",
            Self::OptedOut => "opted-out",
        }
    }
}

impl fmt::Display for IncludedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much one round may disrupt, and how. The default evicts one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisruptConfig {
    /// Evict or delete.
    pub method: DisruptionMethod,
    /// Victims a round; at least 1.
    pub count: usize,
    /// How long a victim gets to end, in whole seconds, at least 1 s (0 would force-delete);
    /// `None` leaves it to the pod's own `terminationGracePeriodSeconds`.
    pub grace_period: Option<Duration>,
    /// How many victims may be tried a round before it ends, refusals included; at least `count`.
    pub attempts: usize,
    /// Among what the lot falls.
    pub draw: DrawBy,
}

impl Default for DisruptConfig {
    fn default() -> Self {
        Self {
            method: DisruptionMethod::Evict,
            count: 1,
            grace_period: None,
            attempts: 10,
            draw: DrawBy::Pod,
        }
    }
}

/// Among what the lot falls, each as likely as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DrawBy {
    /// The eligible pods: an owner of many is hit as often as it has pods.
    Pod,
    /// The owners of eligible pods, then the eligible pods of one: an owner of many is hit as often as one of few. A
    /// pod without an owner stands for itself.
    Owner,
}

impl DrawBy {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pod, Self::Owner];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pod => "pods",
            Self::Owner => "owners",
        }
    }
}

/// How much may be disrupted over time, kept in the journal across restarts. The default sets no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisruptionLimits {
    /// Disruptions within any hour; `None` sets no limit.
    pub per_hour: Option<usize>,
    /// Disruptions within any 24 hours; `None` sets no limit.
    pub per_day: Option<usize>,
    /// How long an owner is left in peace after a disruption of one of its pods, at most a week; zero is not at all.
    pub cooldown: Duration,
}

/// Where the journal is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalLocation {
    /// In this process: it is lost with it, and a second replica has another.
    Memory,
    /// In a ConfigMap of macaque's own namespace, which all replicas share.
    ConfigMap(ConfigMapRef),
}

/// A ConfigMap by name.
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
