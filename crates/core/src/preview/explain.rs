//! Explains one pod: every rule, the budgets over it, and what follows.

use jiff::Timestamp;
use serde::Serialize;

use crate::budget::{BudgetArithmetic, PlannedDisruptions};
use crate::eligibility::{EligibilityRules, RuleFinding, RuleResult, examine};
use crate::outcome::DisruptionMethod;
use crate::pod::{Pod, PodOwner, PodRef};
use crate::preview::{BudgetIndex, Prediction};

/// Everything there is to say of one pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PodExplanation {
    /// The pod.
    pub pod: PodRef,
    /// Its controller, if it has one.
    pub owner: Option<PodOwner>,
    /// Whether it is ready.
    pub ready: bool,
    /// Every rule, in order.
    pub rules: Vec<RuleFinding>,
    /// The budgets that cover it; `None` where they could not be read or nobody asks them.
    pub budgets: Option<Vec<BudgetArithmetic>>,
    /// What is thought of its disruption, were it drawn.
    #[serde(flatten)]
    pub prediction: Prediction,
    /// What follows from all that, in a sentence.
    pub conclusion: String,
}

/// Explains `pod` by `rules` at `now`, under `budgets`.
pub fn explain(pod: &Pod, rules: &EligibilityRules, now: Timestamp, budgets: &BudgetIndex) -> PodExplanation {
    let findings = examine(pod, rules, now);
    let prediction = budgets.predict(pod, rules.method, &PlannedDisruptions::default());
    let accounts = match rules.method {
        DisruptionMethod::Evict => budgets.over(pod).ok(),
        DisruptionMethod::Delete => None,
    };
    let accounts = accounts.map(|budgets| budgets.into_iter().map(|budget| budget.account()).collect());
    let conclusion = conclude(pod, &findings, &prediction, rules.method);
    PodExplanation {
        pod: pod.id.clone(),
        owner: pod.owner.clone(),
        ready: pod.ready,
        rules: findings,
        budgets: accounts,
        prediction,
        conclusion,
    }
}

impl PodExplanation {
    /// The first rule that exempts the pod, in words.
    pub fn exempt(&self) -> Option<&str> {
        self.rules.iter().find_map(|finding| finding.why.as_deref())
    }
}

fn conclude(
    pod: &Pod,
    findings: &[RuleFinding],
    prediction: &Prediction,
    method: DisruptionMethod,
) -> String {
    let noun = match method {
        DisruptionMethod::Evict => "eviction",
        DisruptionMethod::Delete => "deletion",
    };
    let against: Vec<_> = findings
        .iter()
        .filter(|finding| finding.result == RuleResult::Exempt)
        .filter_map(|finding| finding.why.as_deref())
        .collect();
    let pod = &pod.id;
    if !against.is_empty() {
        return format!("{pod} cannot be picked: {}.", against.join("; "));
    }
    match prediction {
        Prediction::Allowed { .. } => {
            format!(
                "{pod} can be picked, and its {noun} would be {prediction}; webhooks and policies were not asked."
            )
        }
        Prediction::Refused(_) => format!("{pod} can be picked, but its {noun} would be {prediction}."),
        Prediction::Unknown { why } => {
            format!("{pod} can be picked; whether its {noun} would be allowed is unknown: {why}.")
        }
    }
}

#[cfg(test)]
mod tests;
