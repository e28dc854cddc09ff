//! The arithmetic of a budget, in numbers and in words.

use serde::Serialize;

use super::{Budget, UnhealthyPodPolicy};

/// The numbers of a budget, and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetArithmetic {
    /// The budget's name.
    pub budget: String,
    /// The limit as written: `minAvailable 3`.
    pub limit: String,
    /// How many pods the budget counts.
    pub expected: i64,
    /// How many pods are healthy.
    pub healthy: i64,
    /// How many pods must be healthy.
    pub desired: i64,
    /// How many more disruptions are allowed.
    pub allowed: i64,
    /// The arithmetic in sentences.
    pub words: Vec<String>,
}

impl Budget {
    /// The budget's arithmetic, from its status, for a pod that this many `others` cover too.
    pub fn arithmetic(&self, others: usize) -> BudgetArithmetic {
        let status = &self.status;

        BudgetArithmetic {
            budget: self.name.clone(),
            limit: self.limit(),
            expected: status.expected_pods,
            healthy: status.current_healthy,
            desired: status.desired_healthy,
            allowed: status.disruptions_allowed,
            words: self.sentences(others),
        }
    }

    /// The limit as written.
    pub fn limit(&self) -> String {
        match (&self.min_available, &self.max_unavailable) {
            (Some(least), _) => format!("minAvailable {least}"),
            (None, Some(most)) => format!("maxUnavailable {most}"),
            (None, None) => "no limit".to_owned(),
        }
    }

    fn sentences(&self, others: usize) -> Vec<String> {
        let status = &self.status;
        let mut sentences = vec![self.numbers()];

        if !self.is_synced() {
            sentences.push(
                "its status is for an older version of its spec: until its controller catches up no ready pod can be evicted"
                    .to_owned(),
            );
        }
        if let Some(why) = &status.sync_failed {
            sentences.push(format!("its controller cannot compute it: {why}"));
        }
        if status.disrupted_pods > 0 {
            sentences.push(format!(
                "evicted pods whose deletion its controller has not seen yet: {}",
                status.disrupted_pods
            ));
        }

        // The API server refuses a running pod of several budgets before it looks at their policy.
        sentences.push(match others {
            0 => self.unready_pods(),
            1 => "another budget covers the pod too: while it runs its eviction is refused, ready or not".to_owned(),
            _ => format!(
                "{others} other budgets cover the pod too: while it runs its eviction is refused, ready or not"
            ),
        });
        sentences
    }

    fn numbers(&self) -> String {
        let status = &self.status;
        let healthy = status.current_healthy;
        let desired = status.desired_healthy;
        let allowed = status.disruptions_allowed;

        let conclusion = if allowed == (healthy - desired).max(0) {
            format!("so it allows {allowed}")
        } else {
            format!("and its status allows {allowed}")
        };
        format!(
            "budget {}, {}: {} expected, {healthy} healthy, {desired} needed, {conclusion}",
            self.name,
            self.limit(),
            status.expected_pods
        )
    }

    /// What the budget says about pods that are not ready.
    fn unready_pods(&self) -> String {
        let rule = match (&self.unhealthy, self.allows_unready()) {
            (UnhealthyPodPolicy::AlwaysAllow, _) => "can always be evicted (AlwaysAllow)".to_owned(),
            (UnhealthyPodPolicy::IfHealthyBudget, true) => {
                "can be evicted now, since enough others are healthy (IfHealthyBudget)".to_owned()
            }
            (UnhealthyPodPolicy::IfHealthyBudget, false) => {
                "count like any other now, since not enough others are healthy (IfHealthyBudget)".to_owned()
            }
            (UnhealthyPodPolicy::Unrecognized(policy), _) => {
                format!("count like any other, since macaque does not know the policy {policy}")
            }
        };

        format!("running pods that are not ready {rule}")
    }
}
