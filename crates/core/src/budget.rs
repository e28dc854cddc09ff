//! A PodDisruptionBudget as the rules see it, and what it will say to an eviction, before anybody asks.
//!
//! The order is the API server's own (`pkg/registry/core/pod/storage/eviction.go`), and so are the words, so that
//! a foretold refusal reads as the real one. It is a forecast: budgets trail the pods they count, admission is not
//! asked, and the POST alone decides.

mod arithmetic;
pub mod audit;

pub use arithmetic::BudgetArithmetic;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::outcome::Refusal;
use crate::pod::{Pod, PodPhase};
use crate::selector::Selector;

/// More disrupted pods than this wait for their end under one budget, and the API server refuses
/// (`MaxDisruptedPodSize`).
const MOST_DISRUPTED_PODS: usize = 2000;

/// What the rules read of a PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which pods it covers.
    pub selector: BudgetCoverage,
    /// `spec.minAvailable` as written: `3` or `50%`.
    pub min_available: Option<String>,
    /// `spec.maxUnavailable` as written.
    pub max_unavailable: Option<String>,
    /// `spec.unhealthyPodEvictionPolicy`.
    pub unhealthy: UnhealthyPodPolicy,
    /// `metadata.generation`.
    pub generation: i64,
    /// What the disruption controller last worked out.
    pub status: BudgetStatus,
}

/// Which pods a budget covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetCoverage {
    /// Those that match; an empty selector matches all.
    Matching(Selector),
    /// None: there is no selector.
    Nothing,
    /// None: the selector cannot be read, and the API server ignores such a budget. Holds why.
    Invalid(String),
}

/// `status` of a budget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BudgetStatus {
    /// The generation that it was worked out for.
    pub observed_generation: i64,
    /// How many more disruptions are allowed.
    pub disruptions_allowed: i64,
    /// Healthy pods.
    pub current_healthy: i64,
    /// Healthy pods that there must be.
    pub desired_healthy: i64,
    /// Pods that are counted.
    pub expected_pods: i64,
    /// Pods that were evicted and still count.
    pub disrupted_pods: usize,
    /// The message of the condition `DisruptionAllowed` where its reason is `SyncFailed`.
    pub sync_failed: Option<String>,
    /// The same condition where it is `False` for another reason, as `(REASON): MESSAGE`.
    pub complaint: Option<String>,
}

/// `spec.unhealthyPodEvictionPolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnhealthyPodPolicy {
    /// Pods that are not ready may go if enough others are healthy; the default.
    IfHealthyBudget,
    /// Pods that are not ready may always go.
    AlwaysAllow,
    /// A policy that came after this program: treated as one that allows nothing, as the API's documentation asks.
    Unrecognized(String),
}

/// What is foretold of one eviction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum BudgetForecast {
    /// It would be allowed.
    Allowed {
        /// The budget that would be charged; `None` where none is.
        budget: Option<String>,
        /// Why, in words.
        why: String,
    },
    /// It would be refused.
    Refused(Refusal),
}

impl BudgetForecast {
    /// Whether it would be allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    fn free(why: &str) -> Self {
        Self::Allowed {
            budget: None,
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for BudgetForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { why, .. } => write!(f, "allowed: {why}"),
            Self::Refused(refusal) => write!(f, "refused by {refusal}"),
        }
    }
}

/// The disruptions that were foretold already, by budget: a budget with one left allows one pod, not each of ten.
#[derive(Debug, Clone, Default)]
pub struct PlannedDisruptions(BTreeMap<(String, String), i64>);

impl Budget {
    /// Whether it covers `pod`.
    pub fn covers(&self, pod: &Pod) -> bool {
        let matching = match &self.selector {
            BudgetCoverage::Matching(selector) => selector.matches(&pod.labels),
            BudgetCoverage::Nothing | BudgetCoverage::Invalid(_) => false,
        };
        matching && self.namespace == pod.id.namespace
    }

    /// How many more disruptions it allows, `planned` ones counted.
    pub fn headroom(&self, planned: &PlannedDisruptions) -> i64 {
        (self.status.disruptions_allowed - planned.under(self)).max(0)
    }

    /// Whether its status is of the spec that it has now.
    pub fn is_synced(&self) -> bool {
        self.status.observed_generation >= self.generation
    }

    /// Whether a pod that is not ready may go without being counted.
    pub(super) fn spares_unready(&self) -> bool {
        let BudgetStatus {
            current_healthy,
            desired_healthy,
            ..
        } = self.status;
        match self.unhealthy {
            UnhealthyPodPolicy::AlwaysAllow => true,
            UnhealthyPodPolicy::IfHealthyBudget => current_healthy >= desired_healthy && desired_healthy > 0,
            UnhealthyPodPolicy::Unrecognized(_) => false,
        }
    }

    fn refuse(&self, message: String, unsynced: bool) -> BudgetForecast {
        BudgetForecast::Refused(Refusal::Budget {
            name: Some(self.name.clone()),
            message,
            unsynced,
        })
    }

    /// What it says to the eviction of a pod that counts.
    fn answer(&self, planned: &PlannedDisruptions) -> BudgetForecast {
        let (name, status) = (&self.name, &self.status);
        if !self.is_synced() {
            let words = format!("The disruption budget {name} is still being processed by the server.");
            return self.refuse(words, true);
        }
        let not_now = format!("The disruption budget {name} does not allow evicting pods currently");
        if status.disruptions_allowed < 0 {
            let words = format!("{not_now}: pdb disruptions allowed is negative");
            return self.refuse(words, false);
        }
        if status.disrupted_pods > MOST_DISRUPTED_PODS {
            let words = format!("{not_now}: too many pending evictions not confirmed by PDB controller");
            return self.refuse(words, false);
        }
        let left = self.headroom(planned);
        if left > 0 {
            return BudgetForecast::Allowed {
                budget: Some(name.clone()),
                why: format!("budget {name} allows {left}"),
            };
        }
        let (needed, healthy) = (
            status.desired_healthy,
            status.current_healthy - planned.under(self),
        );
        let words = match (&status.sync_failed, &status.complaint) {
            (Some(why), _) => format!("{not_now} because it failed sync: {why}"),
            (None, _) if healthy <= needed => {
                format!(
                    "The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
                )
            }
            (None, Some(why)) => format!("{not_now} {why}"),
            (None, None) => not_now,
        };
        self.refuse(words, false)
    }
}

impl PlannedDisruptions {
    fn under(&self, budget: &Budget) -> i64 {
        self.0
            .get(&(budget.namespace.clone(), budget.name.clone()))
            .copied()
            .unwrap_or_default()
    }

    /// Counts `forecast` for a pod of `namespace` as if it had happened.
    pub fn note(&mut self, namespace: &str, forecast: &BudgetForecast) {
        if let BudgetForecast::Allowed {
            budget: Some(name), ..
        } = forecast
        {
            self.charge(namespace, name);
        }
    }

    /// Counts one disruption under the budget `name` of `namespace`.
    pub fn charge(&mut self, namespace: &str, name: &str) {
        *self.0.entry((namespace.to_owned(), name.to_owned())).or_default() += 1;
    }
}

/// Foretells the eviction of `pod` under `budgets`, of which others may be of other namespaces.
pub fn foretell(pod: &Pod, budgets: &[Budget], planned: &PlannedDisruptions) -> BudgetForecast {
    if pod.terminating {
        return BudgetForecast::free("it is terminating already");
    }
    match pod.phase {
        PodPhase::Succeeded | PodPhase::Failed | PodPhase::Pending => {
            return BudgetForecast::free(&format!("no budget is asked for a pod that is {}", pod.phase));
        }
        PodPhase::Running | PodPhase::Unknown => {}
    }
    let covering: Vec<_> = budgets.iter().filter(|budget| budget.covers(pod)).collect();
    match covering[..] {
        [] => BudgetForecast::free("no budget covers it"),
        [budget] if !pod.ready && budget.spares_unready() => BudgetForecast::free(&format!(
            "it is not ready, and budget {} spares only healthy pods",
            budget.name
        )),
        [budget] => budget.answer(planned),
        [_, _, ..] => BudgetForecast::Refused(Refusal::SeveralBudgets),
    }
}

#[cfg(test)]
mod tests;
