//! What an examination tells: how grave, what, on whom, and how to mend it.

use std::fmt;

use serde::Serialize;

use crate::budget::Budget;
use crate::pod::Pod;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingSeverity {
    /// No eviction can succeed until somebody mends it.
    Error,
    /// It does not what it was written for, or blocks evictions for a while.
    Warning,
    /// Worth knowing.
    Note,
}

/// What is found, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingReason {
    /// The budget's own arithmetic leaves nothing to spare, even with every pod healthy.
    Never,
    /// Several budgets cover one pod.
    SeveralBudgets,
    /// The disruption controller cannot count the budget.
    SyncFailed,
    /// The selector cannot be read.
    InvalidSelector,
    /// There is neither `minAvailable` nor `maxUnavailable`.
    NoLimit,
    /// There is no selector.
    NoSelector,
    /// The selector matches no pod.
    MatchesNothing,
    /// The status is not of the spec that the budget has now.
    Unsynced,
    /// Pods that are not ready keep the others, and themselves, from being evicted.
    UnhealthyPods,
    /// Nothing to spare at the moment.
    Exhausted,
    /// A workload of several pods has no budget.
    NoBudget,
}

/// A budget or a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AuditedObject {
    /// Its kind, `PodDisruptionBudget` or `Deployment` for example.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetFinding {
    /// How much it weighs.
    pub severity: FindingSeverity,
    /// What it is, in a word.
    pub reason: FindingReason,
    /// On what it was found.
    pub object: AuditedObject,
    /// The budgets that it concerns.
    pub budgets: Vec<String>,
    /// A sentence, with the numbers.
    pub says: String,
    /// What usually mends it.
    pub remedy: String,
}

impl FindingReason {
    /// How much it weighs.
    pub fn severity(self) -> FindingSeverity {
        match self {
            Self::Never | Self::SeveralBudgets | Self::SyncFailed | Self::InvalidSelector | Self::NoLimit => {
                FindingSeverity::Error
            }
            Self::NoSelector | Self::MatchesNothing | Self::Unsynced | Self::UnhealthyPods => {
                FindingSeverity::Warning
            }
            Self::Exhausted | Self::NoBudget => FindingSeverity::Note,
        }
    }
}

impl AuditedObject {
    pub(super) fn budget(budget: &Budget) -> Self {
        Self {
            kind: "PodDisruptionBudget".to_owned(),
            namespace: budget.namespace.clone(),
            name: budget.name.clone(),
        }
    }

    pub(super) fn workload(pod: &Pod) -> Self {
        let (kind, name) = match &pod.owner {
            Some(owner) => (&*owner.kind, &owner.name),
            None => ("Pod", &pod.id.name),
        };
        Self {
            kind: kind.to_owned(),
            namespace: pod.id.namespace.clone(),
            name: name.clone(),
        }
    }

    pub(super) fn is_bare(&self) -> bool {
        self.kind == "Pod"
    }
}

impl fmt::Display for FindingSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl fmt::Display for FindingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::SeveralBudgets => "several-budgets",
            Self::SyncFailed => "sync-failed",
            Self::InvalidSelector => "invalid-selector",
            Self::NoLimit => "no-limit",
            Self::NoSelector => "no-selector",
            Self::MatchesNothing => "matches-nothing",
            Self::Unsynced => "unsynced",
            Self::UnhealthyPods => "unhealthy-pods",
            Self::Exhausted => "exhausted",
            Self::NoBudget => "no-budget",
        })
    }
}

impl fmt::Display for AuditedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &*self.kind {
            "PodDisruptionBudget" => "budget".to_owned(),
            kind => kind.to_lowercase(),
        };
        write!(f, "{kind} {}/{}", self.namespace, self.name)
    }
}
