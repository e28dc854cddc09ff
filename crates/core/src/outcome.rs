//! The outcome for one victim, in words that claim only what the API server confirmed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::guard::GuardHold;
use crate::refusal::Refusal;

/// How a pod is disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisruptionMethod {
    /// An eviction, `POST …/pods/NAME/eviction`: PodDisruptionBudgets and admission webhooks for evictions are asked.
    Evict,
    /// A deletion, `DELETE …/pods/NAME`: no budget is checked.
    Delete,
}

impl DisruptionMethod {
    /// Every method, for tables and tests.
    pub const ALL: [Self; 2] = [Self::Evict, Self::Delete];

    /// The method as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evict => "evict",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for DisruptionMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The outcome for one victim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// The eviction was accepted, and a check by UID found the pod gone or terminating.
    Evicted,
    /// The deletion was accepted, and a check by UID found the pod gone or terminating.
    Deleted,
    /// The disruption was refused; the [`Refusal`] says by whom.
    Refused(Refusal),
    /// A guard of the victim or its owner stopped the disruption before any request; the [`GuardHold`] says which.
    Held(GuardHold),
    /// The pod was gone already: macaque did not disrupt it.
    Gone,
    /// A dry run: the victim would be tried, and no request was sent. Whether it would be refused is not known.
    DryRun,
    /// No reliable answer came, and a check of the pod did not settle it.
    Unknown {
        /// The request, and what happened instead of a reliable answer.
        why: String,
    },
}

impl Outcome {
    /// Whether the victim counts as disrupted. `Unknown` does, so that doubt never leads to a further victim.
    pub fn counts_as_disruption(&self) -> bool {
        match self {
            Self::Evicted | Self::Deleted | Self::DryRun | Self::Unknown { .. } => true,
            Self::Refused(_) | Self::Held(_) | Self::Gone => false,
        }
    }

    /// The outcome in one word, for tables, logs and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Evicted => "evicted",
            Self::Deleted => "deleted",
            Self::Refused(_) => "refused",
            Self::Held(_) => "held",
            Self::Gone => "gone",
            Self::DryRun => "dry-run",
            Self::Unknown { .. } => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(&refusal.phrase()),
            Self::Held(hold) => hold.fmt(f),
            Self::Gone => f.write_str("gone already"),
            Self::DryRun => f.write_str("would be tried (dry run)"),
            Self::Unknown { why } => write!(f, "unknown: {why}"),
            Self::Evicted | Self::Deleted => f.write_str(self.word()),
        }
    }
}
