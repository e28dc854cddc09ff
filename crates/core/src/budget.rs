//! A PodDisruptionBudget as the rules see it, and what it will answer to an eviction.
//!
//! The order of the checks is the API server's own (`pkg/registry/core/pod/storage/eviction.go`), and so are the words,
//! so that a predicted refusal reads like the real one. It is a prediction: budgets trail the pods they count, admission
//! is not asked, and only the POST decides.

mod arithmetic;
pub mod audit;

pub use arithmetic::BudgetArithmetic;

use std::collections::BTreeMap;

use crate::outcome::Refusal;
use crate::pod::{Pod, PodPhase};
use crate::prediction::Prediction;
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
    /// What the disruption controller computed last.
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
    /// The generation of the spec that it belongs to.
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
    /// The message of that condition where it is `False` for another reason, as `(REASON): MESSAGE`.
    pub complaint: Option<String>,
}

/// `spec.unhealthyPodEvictionPolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnhealthyPodPolicy {
    /// Pods that are not ready may go if enough others are healthy; the default.
    IfHealthyBudget,
    /// Pods that are not ready may always go.
    AlwaysAllow,
    /// A policy newer than this program: treated as one that allows nothing, as the API's documentation asks.
    Unrecognized(String),
}

/// The disruptions that are planned already, by budget: a budget that allows one more allows one pod, not each of ten.
#[derive(Debug, Clone, Default)]
pub struct PlannedDisruptions(BTreeMap<(String, String), i64>);

impl Budget {
    /// Whether the budget covers `pod`.
    pub fn covers(&self, pod: &Pod) -> bool {
        let matching = match &self.selector {
            BudgetCoverage::Matching(selector) => selector.matches(&pod.labels),
            BudgetCoverage::Nothing | BudgetCoverage::Invalid(_) => false,
        };
        matching && self.namespace == pod.id.namespace
    }

    /// How many more disruptions the budget allows, `planned` ones counted.
    pub fn headroom(&self, planned: &PlannedDisruptions) -> i64 {
        (self.status.disruptions_allowed - planned.under(self)).max(0)
    }

    /// Whether the status belongs to the current spec.
    pub fn is_synced(&self) -> bool {
        self.status.observed_generation >= self.generation
    }

    /// Whether a pod that is not ready may go without being counted.
    pub(super) fn allows_unready(&self) -> bool {
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

    fn refuse(&self, message: String, unsynced: bool) -> Prediction {
        Prediction::Refused(Refusal::Budget {
            name: Some(self.name.clone()),
            message,
            unsynced,
        })
    }

    /// The answer to the eviction of a pod that counts.
    fn answer(&self, planned: &PlannedDisruptions) -> Prediction {
        let name = &self.name;
        let status = &self.status;
        if !self.is_synced() {
            let message = format!("The disruption budget {name} is still being processed by the server.");
            return self.refuse(message, true);
        }

        let not_now = format!("The disruption budget {name} does not allow evicting pods currently");
        if status.disruptions_allowed < 0 {
            let message = format!("{not_now}: pdb disruptions allowed is negative");
            return self.refuse(message, false);
        }
        if status.disrupted_pods > MOST_DISRUPTED_PODS {
            let message = format!("{not_now}: too many pending evictions not confirmed by PDB controller");
            return self.refuse(message, false);
        }

        let left = self.headroom(planned);
        if left > 0 {
            return Prediction::Allowed {
                budget: Some(name.clone()),
                why: format!("budget {name} allows {left}"),
            };
        }

        let needed = status.desired_healthy;
        let healthy = status.current_healthy - planned.under(self);
        let message = match (&status.sync_failed, &status.complaint) {
            (Some(why), _) => format!("{not_now} because it failed sync: {why}"),
            (None, _) if healthy <= needed => {
                format!(
                    "The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
                )
            }
            (None, Some(why)) => format!("{not_now} {why}"),
            (None, None) => not_now,
        };
        self.refuse(message, false)
    }
}

impl PlannedDisruptions {
    fn under(&self, budget: &Budget) -> i64 {
        self.0
            .get(&(budget.namespace.clone(), budget.name.clone()))
            .copied()
            .unwrap_or_default()
    }

    /// Counts `prediction` for a pod of `namespace` as if it had happened.
    pub fn note(&mut self, namespace: &str, prediction: &Prediction) {
        if let Prediction::Allowed {
            budget: Some(name), ..
        } = prediction
        {
            let budget = (namespace.to_owned(), name.clone());
            *self.0.entry(budget).or_default() += 1;
        }
    }
}

/// Predicts the eviction of `pod` under `budgets`, of which others may be of other namespaces.
pub fn predict(pod: &Pod, budgets: &[Budget], planned: &PlannedDisruptions) -> Prediction {
    if pod.terminating {
        return Prediction::without_budget("it is terminating already");
    }
    match pod.phase {
        PodPhase::Succeeded | PodPhase::Failed | PodPhase::Pending => {
            return Prediction::without_budget(&format!(
                "no budget is asked for a pod that is {}",
                pod.phase
            ));
        }
        PodPhase::Running | PodPhase::Unknown => {}
    }

    let covering: Vec<_> = budgets.iter().filter(|budget| budget.covers(pod)).collect();
    match covering[..] {
        [] => Prediction::without_budget("no budget covers it"),
        [budget] if !pod.ready && budget.allows_unready() => Prediction::without_budget(&format!(
            "it is not ready, and budget {} protects only healthy pods",
            budget.name
        )),
        [budget] => budget.answer(planned),
        [_, _, ..] => Prediction::Refused(Refusal::SeveralBudgets),
    }
}

#[cfg(test)]
mod tests;
