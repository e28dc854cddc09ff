//! A PodDisruptionBudget, and the predicted answer to an eviction under it.
//!
//! The order of the checks and the messages are the API server's own (`pkg/registry/core/pod/storage/eviction.go`), so
//! that a predicted refusal reads like the real one. It remains a prediction: the status of a budget lags behind its
//! pods, webhooks and policies are not asked, and only the real request decides.

mod arithmetic;
pub mod audit;

pub use arithmetic::BudgetArithmetic;

use std::collections::BTreeMap;

use crate::pod::{Pod, PodPhase};
use crate::prediction::Prediction;
use crate::refusal::Refusal;
use crate::selector::Selector;

/// The maximum number of evicted pods whose deletion a budget waits for; with more, the API server refuses
/// (`MaxDisruptedPodSize`).
const MAX_DISRUPTED_PODS: usize = 2000;

/// A PodDisruptionBudget, reduced to the fields that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The budget's namespace.
    pub namespace: String,
    /// The budget's name.
    pub name: String,
    /// The pods that the budget covers.
    pub selector: BudgetCoverage,
    /// `spec.minAvailable` as written: `3` or `50%`.
    pub min_available: Option<String>,
    /// `spec.maxUnavailable` as written.
    pub max_unavailable: Option<String>,
    /// `spec.unhealthyPodEvictionPolicy`.
    pub unhealthy: UnhealthyPodPolicy,
    /// `metadata.generation`.
    pub generation: i64,
    /// The status that the disruption controller computed last.
    pub status: BudgetStatus,
}

/// The pods that a budget covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetCoverage {
    /// Pods that match; an empty selector matches all.
    Matching(Selector),
    /// No pods, because there is no selector.
    Nothing,
    /// No pods, because the selector is invalid and the API server ignores such a budget; the text says why.
    Invalid(String),
}

/// The `status` of a budget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BudgetStatus {
    /// The generation of the spec that the status belongs to.
    pub observed_generation: i64,
    /// How many more disruptions are allowed.
    pub disruptions_allowed: i64,
    /// How many pods are healthy.
    pub current_healthy: i64,
    /// How many pods must be healthy.
    pub desired_healthy: i64,
    /// How many pods the budget counts.
    pub expected_pods: i64,
    /// How many pods were evicted and are not known to be deleted yet.
    pub disrupted_pods: usize,
    /// The message of the condition `DisruptionAllowed` where its reason is `SyncFailed`.
    pub sync_failed: Option<String>,
    /// The message of the same condition where it is `False` for another reason, as `(REASON): MESSAGE`.
    pub complaint: Option<String>,
}

/// The policy for pods that are not ready, `spec.unhealthyPodEvictionPolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnhealthyPodPolicy {
    /// Pods that are not ready can be evicted if enough others are healthy; the default.
    IfHealthyBudget,
    /// Pods that are not ready can always be evicted.
    AlwaysAllow,
    /// A policy that macaque does not know, treated as one that allows nothing, as the API's documentation asks.
    Unrecognized(String),
}

/// The number of disruptions already planned under each budget, so that a budget that allows one more disruption allows
/// it for one pod only.
#[derive(Debug, Clone, Default)]
pub struct PlannedDisruptions(BTreeMap<(String, String), i64>);

impl UnhealthyPodPolicy {
    /// The policy as the spec says it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::IfHealthyBudget => "IfHealthyBudget",
            Self::AlwaysAllow => "AlwaysAllow",
            Self::Unrecognized(policy) => policy,
        }
    }
}

impl Budget {
    /// Whether the budget covers `pod`.
    pub fn covers(&self, pod: &Pod) -> bool {
        let matching = match &self.selector {
            BudgetCoverage::Matching(selector) => selector.matches(&pod.labels),
            BudgetCoverage::Nothing | BudgetCoverage::Invalid(_) => false,
        };
        matching && self.namespace == pod.id.namespace
    }

    /// How many more disruptions the budget allows after the `planned` ones.
    pub fn headroom(&self, planned: &PlannedDisruptions) -> i64 {
        (self.status.disruptions_allowed - planned.count(self)).max(0)
    }

    /// Whether the status belongs to the current spec.
    pub fn is_synced(&self) -> bool {
        self.status.observed_generation >= self.generation
    }

    /// Whether a pod that is not ready can be evicted without charging the budget.
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

    /// Predicts the answer to the eviction of a pod that charges this budget.
    fn answer(&self, planned: &PlannedDisruptions) -> Prediction {
        let name = &self.name;
        let status = &self.status;
        if !self.is_synced() {
            let message = format!("The disruption budget {name} is still being processed by the server.");
            return self.refuse(message, true);
        }

        let not_now = self.not_now();
        if status.disruptions_allowed < 0 {
            let message = format!("{not_now}: pdb disruptions allowed is negative");
            return self.refuse(message, false);
        }
        if status.disrupted_pods > MAX_DISRUPTED_PODS {
            let message = format!("{not_now}: too many pending evictions not confirmed by PDB controller");
            return self.refuse(message, false);
        }

        match self.headroom(planned) {
            0 => self.refuse(self.no_headroom(planned), false),
            headroom => Prediction::Allowed {
                budget: Some(name.clone()),
                why: format!("budget {name} allows {headroom}"),
            },
        }
    }

    /// The message of a budget that allows no more disruptions after the `planned` ones.
    fn no_headroom(&self, planned: &PlannedDisruptions) -> String {
        let name = &self.name;
        let status = &self.status;
        let needed = status.desired_healthy;
        let healthy = status.current_healthy - planned.count(self);
        let not_now = self.not_now();

        match (&status.sync_failed, &status.complaint) {
            (Some(why), _) => format!("{not_now} because it failed sync: {why}"),
            (None, _) if healthy <= needed => {
                format!(
                    "The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
                )
            }
            (None, Some(why)) => format!("{not_now} {why}"),
            (None, None) => not_now,
        }
    }

    /// The beginning of most messages of a budget that refuses.
    fn not_now(&self) -> String {
        let name = &self.name;
        format!("The disruption budget {name} does not allow evicting pods currently")
    }
}

impl PlannedDisruptions {
    /// How many disruptions are planned under `budget`.
    fn count(&self, budget: &Budget) -> i64 {
        self.0
            .get(&(budget.namespace.clone(), budget.name.clone()))
            .copied()
            .unwrap_or_default()
    }

    /// Counts a disruption in `namespace` that `prediction` allows as planned.
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

/// Predicts the eviction of `pod` under those of `budgets` that cover it, after the `planned` disruptions.
pub fn predict(pod: &Pod, budgets: &[Budget], planned: &PlannedDisruptions) -> Prediction {
    if pod.terminating {
        return Prediction::without_budget("it is terminating already");
    }
    match pod.phase {
        PodPhase::Succeeded | PodPhase::Failed | PodPhase::Pending => {
            return Prediction::without_budget(&format!(
                "no budget is checked for a pod that is {}",
                pod.phase
            ));
        }
        PodPhase::Running | PodPhase::Unknown => {}
    }

    let covering: Vec<_> = budgets.iter().filter(|budget| budget.covers(pod)).collect();
    match covering[..] {
        [] => Prediction::without_budget("no budget covers it"),
        [budget] if !pod.ready && budget.allows_unready() => Prediction::without_budget(&format!(
            "it is not ready, and budget {} lets such pods go now",
            budget.name
        )),
        [budget] => budget.answer(planned),
        [_, _, ..] => Prediction::Refused(Refusal::SeveralBudgets),
    }
}

#[cfg(test)]
pub(crate) mod tests;
