//! A budget's arithmetic in words.

use serde::Serialize;

use super::{Budget, UnhealthyPodPolicy};

/// What a budget counts, and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetArithmetic {
    /// The budget's name.
    pub budget: String,
    /// The limit as written: `minAvailable 3`.
    pub limit: String,
    /// Pods that are counted.
    pub expected: i64,
    /// Healthy pods.
    pub healthy: i64,
    /// Healthy pods that there must be.
    pub desired: i64,
    /// How many more disruptions are allowed.
    pub allowed: i64,
    /// The same in sentences.
    pub words: Vec<String>,
}

impl Budget {
    /// Its arithmetic, as its status has it.
    pub fn account(&self) -> BudgetArithmetic {
        let status = &self.status;
        let mut words = vec![self.sum()];
        if !self.is_synced() {
            words.push(
                "that was worked out for an older form of it: until its controller catches up it allows nothing"
                    .to_owned(),
            );
        }
        if let Some(why) = &status.sync_failed {
            words.push(format!("its controller cannot work it out: {why}"));
        }
        if status.disrupted_pods > 0 {
            words.push(format!(
                "evicted and still counted as going: {}",
                status.disrupted_pods
            ));
        }
        words.push(self.mercy());
        BudgetArithmetic {
            budget: self.name.clone(),
            limit: self.limit(),
            expected: status.expected_pods,
            healthy: status.current_healthy,
            desired: status.desired_healthy,
            allowed: status.disruptions_allowed,
            words,
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

    fn sum(&self) -> String {
        let status = &self.status;
        let (healthy, desired) = (status.current_healthy, status.desired_healthy);
        let allowed = status.disruptions_allowed;
        let so = if allowed == (healthy - desired).max(0) {
            format!("so it allows {allowed}")
        } else {
            format!("and its status allows {allowed}")
        };
        format!(
            "budget {}, {}: {} expected, {healthy} healthy, {desired} needed, {so}",
            self.name,
            self.limit(),
            status.expected_pods
        )
    }

    /// What becomes of pods that are not ready.
    fn mercy(&self) -> String {
        let may = match (&self.unhealthy, self.spares_unready()) {
            (UnhealthyPodPolicy::AlwaysAllow, _) => "may always go (AlwaysAllow)".to_owned(),
            (UnhealthyPodPolicy::IfHealthyBudget, true) => {
                "may go now, since enough others are healthy (IfHealthyBudget)".to_owned()
            }
            (UnhealthyPodPolicy::IfHealthyBudget, false) => {
                "count as any other now, since not enough others are healthy (IfHealthyBudget)".to_owned()
            }
            (UnhealthyPodPolicy::Unrecognized(policy), _) => {
                format!("count as any other, since macaque does not know the policy {policy}")
            }
        };
        format!("pods that are not ready {may}")
    }
}
