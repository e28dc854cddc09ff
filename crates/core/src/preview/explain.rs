//! Explains one pod: every rule, the budgets over it, and what follows.

use jiff::Timestamp;
use serde::Serialize;

use crate::budget::{Account, Planned};
use crate::eligibility::{Finding, Rules, Standing, examine};
use crate::outcome::Method;
use crate::pod::{Owner, Pod, PodRef};
use crate::preview::{Budgets, Opinion};

/// Everything there is to say of one pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The pod.
    pub pod: PodRef,
    /// Its controller, if it has one.
    pub owner: Option<Owner>,
    /// Whether it is ready.
    pub ready: bool,
    /// Every rule, in order.
    pub rules: Vec<Finding>,
    /// The budgets that cover it; `None` where they could not be read or nobody asks them.
    pub budgets: Option<Vec<Account>>,
    /// What is thought of its disruption, were it drawn.
    #[serde(flatten)]
    pub opinion: Opinion,
    /// What follows from all that, in a sentence.
    pub conclusion: String,
}

/// Explains `pod` by `rules` at `now`, under `budgets`.
pub fn explain(pod: &Pod, rules: &Rules, now: Timestamp, budgets: &Budgets) -> Explanation {
    let findings = examine(pod, rules, now);
    let opinion = budgets.foretell(pod, rules.method, &Planned::default());
    let accounts = match rules.method {
        Method::Evict => budgets.over(pod).ok(),
        Method::Delete => None,
    };
    let accounts = accounts.map(|budgets| budgets.into_iter().map(|budget| budget.account()).collect());
    let conclusion = conclude(pod, &findings, &opinion, rules.method);
    Explanation {
        pod: pod.id.clone(),
        owner: pod.owner.clone(),
        ready: pod.ready,
        rules: findings,
        budgets: accounts,
        opinion,
        conclusion,
    }
}

impl Explanation {
    /// The first rule that exempts the pod, in words.
    pub fn exempt(&self) -> Option<&str> {
        self.rules.iter().find_map(|finding| finding.why.as_deref())
    }
}

fn conclude(pod: &Pod, findings: &[Finding], opinion: &Opinion, method: Method) -> String {
    let noun = match method {
        Method::Evict => "eviction",
        Method::Delete => "deletion",
    };
    let against: Vec<_> = findings
        .iter()
        .filter(|finding| finding.standing == Standing::Exempt)
        .filter_map(|finding| finding.why.as_deref())
        .collect();
    let pod = &pod.id;
    if !against.is_empty() {
        return format!("{pod} is not drawn as things are: {}.", against.join("; "));
    }
    match opinion {
        Opinion::Allowed { .. } => {
            format!("{pod} may be drawn, and its {noun} would be {opinion}; admission was not asked.")
        }
        Opinion::Refused(_) => format!("{pod} may be drawn, but its {noun} would be {opinion}."),
        Opinion::Unknown { why } => {
            format!("{pod} may be drawn; whether its {noun} would be allowed is unknown: {why}.")
        }
    }
}

#[cfg(test)]
mod tests;
