//! Explains one pod: every rule, every guard, the budgets that cover it, and the conclusion.

use jiff::Timestamp;
use serde::Serialize;

use crate::budget::{BudgetArithmetic, PlannedDisruptions};
use crate::eligibility::{EligibilityConfig, RuleFinding, RuleResult, examine};
use crate::guard::{GuardConfig, GuardFinding, first_hold};
use crate::key_warnings::key_warnings;
use crate::outcome::DisruptionMethod;
use crate::pod::{Pod, PodDetails, PodOwner, PodRef, ReplicaState};
use crate::preview::{BudgetIndex, GuardRow, Prediction, guards};

/// The explanation of one pod: why it can be picked or not, and what is expected of its disruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PodExplanation {
    /// The pod.
    pub pod: PodRef,
    /// The pod's controller, if it has one.
    pub owner: Option<PodOwner>,
    /// Where the pod runs, since when, and of which revision.
    #[serde(flatten)]
    pub details: PodDetails,
    /// Whether the pod counts as a ready replica.
    pub ready: bool,
    /// The pod's state.
    pub state: ReplicaState,
    /// The finding of every rule, in the order of checking.
    pub rules: Vec<RuleFinding>,
    /// What every guard says, in the order of asking.
    pub guards: Vec<GuardRow>,
    /// The budgets that cover the pod; `None` if they could not be read, or the method asks none.
    pub budgets: Option<Vec<BudgetArithmetic>>,
    /// What is expected of the pod's disruption, if it is picked.
    #[serde(flatten)]
    pub prediction: Prediction,
    /// The warnings about macaque's own keys on the pod.
    pub warnings: Vec<String>,
    /// The conclusion, in a sentence.
    pub conclusion: String,
}

/// What the guards say of one pod.
#[derive(Debug, Clone, Copy)]
pub struct ExplainedGuards<'a> {
    /// The guards that are on.
    pub config: &'a GuardConfig,
    /// The findings about the pod and its owner.
    pub of_victim: &'a [GuardFinding],
    /// The findings about the round.
    pub of_round: &'a [GuardFinding],
}

/// Explains `pod` by `eligibility` at `now`, under `budgets` and `guards`.
pub fn explain(
    pod: &Pod,
    eligibility: &EligibilityConfig,
    now: Timestamp,
    budgets: &BudgetIndex,
    guards: ExplainedGuards<'_>,
) -> PodExplanation {
    let findings = examine(pod, eligibility, now);
    let prediction = guards
        .held()
        .unwrap_or_else(|| budgets.predict(pod, eligibility.method, &PlannedDisruptions::default()));
    let covering = match eligibility.method {
        DisruptionMethod::Evict => budgets.covering(pod).ok(),
        DisruptionMethod::Delete => None,
    };
    let arithmetic = covering.map(|budgets| {
        let others = budgets.len().saturating_sub(1);
        budgets
            .into_iter()
            .map(|budget| budget.arithmetic(others))
            .collect()
    });
    let warnings = key_warnings(&pod.annotations, &pod.labels).into_iter();
    let warnings = warnings.map(|warning| warning.on(format_args!("pod {}", pod.id)));
    let conclusion = conclude(pod, &findings, &prediction, eligibility.method);

    PodExplanation {
        pod: pod.id.clone(),
        details: PodDetails::of(pod),
        owner: pod.owner.clone(),
        ready: pod.state() == ReplicaState::Ready,
        state: pod.state(),
        rules: findings,
        guards: guards.rows(pod.owner.is_some()),
        budgets: arithmetic,
        prediction,
        warnings: warnings.collect(),
        conclusion,
    }
}

impl ExplainedGuards<'_> {
    /// What a guard would stop, if one does: the round is asked about first.
    fn held(&self) -> Option<Prediction> {
        let of_round = first_hold(self.of_round).map(Prediction::RoundHeld);
        of_round.or_else(|| first_hold(self.of_victim).map(Prediction::Held))
    }

    fn rows(&self, is_owned: bool) -> Vec<GuardRow> {
        guards::rows(self.config, &[self.of_victim, self.of_round].concat(), is_owned)
    }
}

impl PodExplanation {
    /// The first rule that exempts the pod, in words.
    pub fn exempt(&self) -> Option<&str> {
        self.rules.iter().find_map(|finding| finding.why.as_deref())
    }
}

/// The conclusion in a sentence: every exemption, or else what is expected of the disruption.
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
    let exemptions: Vec<_> = findings
        .iter()
        .filter(|finding| finding.result == RuleResult::Exempt)
        .filter_map(|finding| finding.why.as_deref())
        .collect();
    let pod = &pod.id;

    if !exemptions.is_empty() {
        return format!("{pod} cannot be picked: {}.", exemptions.join("; "));
    }
    match prediction {
        Prediction::Allowed { .. } => {
            format!(
                "{pod} can be picked, and its {noun} would be {prediction}; webhooks and policies were not asked."
            )
        }
        Prediction::Refused(_) => format!("{pod} can be picked, but its {noun} would be {prediction}."),
        Prediction::Held(hold) => format!("{pod} can be picked, but would not be disrupted: {hold}."),
        Prediction::RoundHeld(_) => format!("{pod} can be picked, but {prediction}."),
        Prediction::Unknown { why } => {
            format!("{pod} can be picked; whether its {noun} would be allowed is unknown: {why}.")
        }
    }
}

#[cfg(test)]
mod tests;
