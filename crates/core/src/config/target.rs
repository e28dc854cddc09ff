//! The configured target: the pods that may be picked.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::DisruptionPace;
use crate::name_patterns::{Glob, NamePatterns};
use crate::owner_kinds::OwnerKinds;
use crate::selector::Selector;

/// The configured target: the pods that may be picked.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    /// The namespaces in scope.
    pub namespaces: NamespaceScope,
    /// The label selector that a pod must match.
    pub selector: Selector,
    /// Whether pods are in scope unless somebody says no, or only where somebody says yes.
    pub mode: TargetMode,
    /// The namespaces that are not in scope after all.
    pub exclude_namespaces: Vec<Glob>,
    /// The kinds of owners whose pods are in scope.
    pub owners: OwnerKinds,
    /// The names of the owners whose pods are in scope; the pod's own name for a pod without an owner.
    pub names: NamePatterns,
    /// The zones in scope; empty for every zone.
    pub zones: BTreeSet<String>,
    /// The nodes in scope by name; empty for every node.
    pub nodes: BTreeSet<String>,
    /// The label selector that a pod's node must match.
    pub node_selector: Selector,
    /// Whether what teams wish by annotations counts: `macaque/every`, `macaque/expect` and `macaque/min-ready`.
    pub annotations: bool,
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
            mode: TargetMode::OptOut,
            exclude_namespaces: Vec::new(),
            owners: OwnerKinds::default(),
            names: NamePatterns::default(),
            zones: BTreeSet::new(),
            nodes: BTreeSet::new(),
            node_selector: Selector::default(),
            annotations: true,
            min_age: Duration::ZERO,
            include: Vec::new(),
        }
    }

    /// Whether the annotations of namespaces and owners are read at the start of a round of this pace: they opt in and out, or
    /// say how often an owner has its turn.
    pub fn reads_metadata(&self, pace: &DisruptionPace) -> bool {
        let has_turns = !matches!(pace, DisruptionPace::Count);
        self.mode == TargetMode::OptIn || (self.annotations && has_turns)
    }

    /// Whether the namespace `name` is excluded.
    pub fn excludes_namespace(&self, name: &str) -> bool {
        self.exclude_namespaces
            .iter()
            .any(|excluded| excluded.matches(name))
    }

    /// The namespaces to list, without those that are excluded; `None` stands for all of them at once. Those that labels
    /// select are read before, and named.
    pub fn listed_namespaces(&self) -> Vec<Option<&str>> {
        match &self.namespaces {
            NamespaceScope::All => vec![None],
            NamespaceScope::Named(names) => {
                let listed = names.iter().filter(|name| !self.excludes_namespace(name));
                listed.map(|name| Some(name.as_str())).collect()
            }
            NamespaceScope::Selected(_) => Vec::new(),
        }
    }
}

/// Whether pods are in scope unless somebody says no, or only where somebody says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetMode {
    /// A pod is in scope unless it, its owner or its namespace says no.
    OptOut,
    /// A pod is in scope only if it, its owner or its namespace says yes, and none of them says no.
    OptIn,
}

impl TargetMode {
    /// Both values, for tables and tests.
    pub const ALL: [Self; 2] = [Self::OptOut, Self::OptIn];

    /// The value as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptOut => "opt-out",
            Self::OptIn => "opt-in",
        }
    }
}

/// The namespaces in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamespaceScope {
    /// Every namespace of the cluster, which needs a ClusterRole. System namespaces stay exempt by rule.
    All,
    /// These namespaces, each once: at least one, unless they were found by a selector.
    Named(Vec<String>),
    /// The namespaces whose labels match. A round reads which these are, and goes on with them by name.
    Selected(Selector),
}

impl NamespaceScope {
    /// Whether the namespace `name` is in scope; none is known to be, where the labels decide and were not read.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|named| named == name),
            Self::Selected(_) => false,
        }
    }

    /// The namespaces that the configuration names; empty for the whole cluster, and where labels decide.
    pub fn names(&self) -> &[String] {
        match self {
            Self::All | Self::Selected(_) => &[],
            Self::Named(names) => names,
        }
    }

    /// The selector by which namespaces are found, if they are.
    pub fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Selected(selector) => Some(selector),
            Self::All | Self::Named(_) => None,
        }
    }
}

impl fmt::Display for NamespaceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("[*]"),
            Self::Named(names) => write!(f, "[{}]", names.join(", ")),
            Self::Selected(selector) => write!(f, "[those with {selector}]"),
        }
    }
}
