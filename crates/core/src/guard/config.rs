//! The validated configuration of the guards.

use std::fmt;

/// The guards that are on. The gates, which ask other services, are configured apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// `whole`: every pod of the owner must be ready, and none missing or terminating.
    pub whole: bool,
    /// `rollout`: the owner's pods must be of one revision.
    pub rollout: RolloutGuard,
    /// `min_ready`: how many pods of the owner must stay ready; zero switches the guard off.
    pub min_ready: MinReady,
    /// `drains`: this many pods in scope that are being disrupted by others, or more, end the round. Zero switches the
    /// guard off.
    pub drains: usize,
    /// `nodes`: how the nodes are judged.
    pub nodes: NodesGuard,
    /// `nodes_unready`: the share of nodes that may be unready, in percent, 0 to 100.
    pub nodes_unready: usize,
    /// `recovered`: which recoveries that go on hold back a victim.
    pub recovered: RecoveredGuard,
    /// `strikes`: how many victims in a row may fail to recover before macaque pauses itself; zero switches that off.
    pub strikes: usize,
    /// `freeze`: `macaque/frozen` and `macaque/frozen-until` are read on namespaces and owners. On pods they always
    /// count.
    pub freeze: bool,
}

/// How the guard `rollout` judges the revisions of an owner's pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutGuard {
    /// The guard is off.
    Off,
    /// One revision only.
    On,
    /// Two revisions pass if every pod is ready and none is younger than ten minutes: a canary, or a paused rollout.
    Lenient,
}

/// The recoveries that hold back a victim while they go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveredGuard {
    /// None: the guard is off.
    Off,
    /// Those of the victim's own owner.
    Owner,
    /// Those of owners in the victim's namespace.
    Namespace,
    /// All.
    All,
}

/// How many pods of an owner must stay ready when one is disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinReady {
    /// This many pods; zero switches the guard off.
    Count(usize),
    /// This share of the wanted replicas, in percent from 0 to 100, rounded up; of the live pods if the wanted number
    /// is not known.
    Percent(usize),
}

/// How the guard `nodes` finds out which nodes are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodesGuard {
    /// The guard is off.
    Off,
    /// By the leases in the namespace `kube-node-lease`, which a Role there lets macaque list.
    Leases,
    /// By the nodes themselves, which needs a ClusterRole.
    Nodes,
}

/// The defaults of the configuration.
impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            whole: true,
            rollout: RolloutGuard::On,
            min_ready: MinReady::Count(1),
            drains: 2,
            recovered: RecoveredGuard::Owner,
            strikes: 3,
            nodes: NodesGuard::Off,
            nodes_unready: 10,
            freeze: true,
        }
    }
}

impl GuardConfig {
    /// The configuration with every guard off.
    pub fn off() -> Self {
        Self {
            whole: false,
            rollout: RolloutGuard::Off,
            min_ready: MinReady::Count(0),
            drains: 0,
            recovered: RecoveredGuard::Off,
            strikes: 0,
            nodes: NodesGuard::Off,
            nodes_unready: 10,
            freeze: false,
        }
    }

    /// The names of the guards that are on.
    pub fn names(&self) -> Vec<&'static str> {
        let guards = [
            ("whole", self.whole),
            ("rollout", self.rollout != RolloutGuard::Off),
            ("min_ready", !self.min_ready.is_off()),
            ("drains", self.drains > 0),
            ("nodes", self.nodes != NodesGuard::Off),
            ("recovered", self.recovered != RecoveredGuard::Off),
            ("freeze", self.freeze),
        ];
        let on = guards.into_iter().filter(|(_, is_on)| *is_on);
        on.map(|(name, _)| name).collect()
    }

    /// Whether a guard is on that needs the siblings of a victim.
    pub fn needs_siblings(&self) -> bool {
        self.whole || self.rollout != RolloutGuard::Off || !self.min_ready.is_off()
    }
}

impl RolloutGuard {
    /// Every value, for tables and tests.
    pub const ALL: [Self; 3] = [Self::On, Self::Lenient, Self::Off];

    /// The value as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Lenient => "lenient",
        }
    }
}

/// Shows the value as it is written in a file: `true`, `"lenient"` or `false`.
impl fmt::Display for RolloutGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "false",
            Self::On => "true",
            Self::Lenient => "\"lenient\"",
        })
    }
}

impl RecoveredGuard {
    /// Every value, for tables and tests.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Namespace, Self::All, Self::Off];

    /// The value as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Owner => "owner",
            Self::Namespace => "namespace",
            Self::All => "all",
        }
    }
}

impl NodesGuard {
    /// Every value, for tables and tests.
    pub const ALL: [Self; 3] = [Self::Off, Self::Leases, Self::Nodes];

    /// The value as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Leases => "leases",
            Self::Nodes => "nodes",
        }
    }
}

impl MinReady {
    /// Whether the guard is off.
    pub fn is_off(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }

    /// How many pods must stay ready, of an owner with this many replicas.
    pub fn required(self, replicas: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (replicas * percent).div_ceil(100),
        }
    }
}

impl fmt::Display for MinReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
