//! A finding of the audit: its severity, its reason, the object it concerns, and how to fix it.

use std::fmt;

use serde::Serialize;

use crate::budget::Budget;
use crate::pod::Pod;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingSeverity {
    /// No eviction can succeed until this is fixed.
    Error,
    /// The budget does not do what it was written for, or blocks evictions for a while.
    Warning,
    /// A remark that is worth knowing.
    Note,
}

/// The reason for a finding, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingReason {
    /// The budget allows no disruption even with every pod healthy.
    Never,
    /// Several budgets cover one pod.
    SeveralBudgets,
    /// The disruption controller cannot compute the budget.
    SyncFailed,
    /// The selector is invalid.
    InvalidSelector,
    /// There is neither `minAvailable` nor `maxUnavailable`.
    NoLimit,
    /// There is no selector.
    NoSelector,
    /// The selector matches no pod.
    MatchesNothing,
    /// The status is for an older version of the spec.
    Unsynced,
    /// Pods that are not ready block evictions of the others and of themselves.
    UnhealthyPods,
    /// The budget allows no disruption at the moment.
    Exhausted,
    /// A workload of several pods has no budget.
    NoBudget,
}

/// A budget or a workload that the audit covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AuditedObject {
    /// The object's kind, `PodDisruptionBudget` or `Deployment` for example.
    pub kind: String,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

/// One finding of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetFinding {
    /// The severity.
    pub severity: FindingSeverity,
    /// The reason, in one word.
    pub reason: FindingReason,
    /// The object that the finding is about.
    pub object: AuditedObject,
    /// The names of the budgets concerned.
    pub budgets: Vec<String>,
    /// The finding in a sentence, with the numbers.
    pub says: String,
    /// The usual fix.
    pub remedy: String,
}

impl FindingReason {
    /// The severity of findings with this reason.
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
