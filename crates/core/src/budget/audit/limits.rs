//! What may be wrong with one budget, in the order in which it matters. "Never" is what waiting does not mend.

use std::collections::BTreeSet;

use super::workloads::WITHOUT_BUDGETS;
use super::{AuditedObject, BudgetAudit, BudgetFinding, FindingReason, FindingText, PodCounts};
use crate::budget::{Budget, BudgetCoverage};

/// A budget with the pods that it covers, counted.
struct CoveredPods<'a> {
    budget: &'a Budget,
    count: PodCounts,
    /// Whether no controller stands behind any of its pods.
    all_bare: bool,
    /// Workloads that have no scale, as `daemonset/logs`.
    unscalable: BTreeSet<String>,
}

impl BudgetAudit {
    /// What is wrong with one budget: the first that holds.
    pub(super) fn on_budget(&self, index: usize) -> Option<BudgetFinding> {
        let covering = self.covering(index);
        let (reason, says, remedy) = covering
            .selector()
            .or_else(|| covering.limit())
            .or_else(|| covering.sync())
            .or_else(|| covering.arithmetic())
            .or_else(|| covering.now())?;
        Some(BudgetFinding {
            severity: reason.severity(),
            reason,
            object: AuditedObject::budget(covering.budget),
            budgets: vec![covering.budget.name.clone()],
            says,
            remedy,
        })
    }

    fn covering(&self, index: usize) -> CoveredPods<'_> {
        let mut covering = CoveredPods {
            budget: &self.budgets[index],
            count: PodCounts::default(),
            all_bare: true,
            unscalable: BTreeSet::new(),
        };
        for (group, count) in self.covered(index) {
            covering.count.pods += count.pods;
            covering.count.live += count.live;
            covering.count.unready += count.unready;
            covering.all_bare &= group.workload.is_bare();
            if group.workload.is_bare() || WITHOUT_BUDGETS.contains(&&*group.workload.kind) {
                covering.unscalable.insert(super::workload(&group.workload));
            }
        }
        covering
    }
}

impl CoveredPods<'_> {
    /// What is wrong with which pods it covers.
    fn selector(&self) -> Option<FindingText> {
        let (reason, says, remedy) = match &self.budget.selector {
            BudgetCoverage::Invalid(why) => (
                FindingReason::InvalidSelector,
                format!("its selector cannot be read, and it protects nothing: {why}"),
                "mend spec.selector",
            ),
            BudgetCoverage::Nothing => (
                FindingReason::NoSelector,
                "it has no selector, and protects nothing".to_owned(),
                "set spec.selector to the labels of the pods; {} selects every pod of the namespace",
            ),
            BudgetCoverage::Matching(selector) if self.count.pods == 0 => (
                FindingReason::MatchesNothing,
                match selector.is_empty() {
                    true => "it selects every pod of the namespace, and there is none".to_owned(),
                    false => format!("no pod has the labels that it selects, {selector}"),
                },
                "compare its selector with the labels of the pods; remove it if its workload is gone for good",
            ),
            BudgetCoverage::Matching(_) => return None,
        };
        Some((reason, says, remedy.to_owned()))
    }

    /// A limit that is missing, or that spares nothing whatever the number of pods.
    fn limit(&self) -> Option<FindingText> {
        let Budget {
            min_available: min,
            max_unavailable: max,
            ..
        } = self.budget;
        if min.is_none() && max.is_none() {
            let says = "it has neither minAvailable nor maxUnavailable: no pod can be evicted".to_owned();
            return Some((FindingReason::NoLimit, says, "set maxUnavailable: 1".to_owned()));
        }
        let never = |limit: String| {
            let says = format!("no healthy pod can ever be evicted: {limit}");
            (
                FindingReason::Never,
                says,
                "set maxUnavailable: 1 instead".to_owned(),
            )
        };
        match (min, max) {
            (_, Some(max)) if number(max) == Some(0) || percent(max) == Some(0) => {
                Some(never(format!("maxUnavailable is {max}")))
            }
            (Some(min), _) if percent(min) >= Some(100) => Some(never(format!("minAvailable is {min}"))),
            _ => None,
        }
    }

    /// A status that says nothing on the spec.
    fn sync(&self) -> Option<FindingText> {
        let Budget {
            generation, status, ..
        } = self.budget;
        if let Some(why) = &status.sync_failed {
            let says = format!("no pod can be evicted: the disruption controller cannot count it: {why}");
            return Some((FindingReason::SyncFailed, says, self.countable()));
        }
        (!self.budget.is_synced()).then(|| {
            let says = format!(
                "no pod can be evicted yet: its status is of generation {}, its spec of generation {generation}",
                status.observed_generation
            );
            let remedy = "wait a moment; if it lasts, see that kube-controller-manager runs".to_owned();
            (FindingReason::Unsynced, says, remedy)
        })
    }

    /// How to write a budget over pods that have no scale.
    fn countable(&self) -> String {
        let way = "set minAvailable to a whole number, which needs no controller with a scale";
        match self.unscalable.is_empty() {
            true => way.to_owned(),
            false => {
                let names: Vec<&str> = self.unscalable.iter().map(String::as_str).collect();
                format!("{way}, or keep {} out of its selector", names.join(" and "))
            }
        }
    }

    /// A limit that spares nothing of the pods that there are, all healthy.
    fn arithmetic(&self) -> Option<FindingText> {
        let status = &self.budget.status;
        let (needs, expected) = (status.desired_healthy, status.expected_pods);
        let (limit, is_whole) = self.written();
        if expected == 0 {
            let uncounted = self.all_bare && self.count.live > 0 && !is_whole;
            let says = format!(
                "no healthy pod can ever be evicted: {limit} counts replicas, and its pods have no controller"
            );
            return uncounted.then(|| (FindingReason::Never, says, self.countable()));
        }
        if needs < expected {
            return None;
        }
        if expected == 1 {
            let says = format!(
                "its one pod can never be evicted while it is healthy: with {limit} it needs 1 healthy pod of 1"
            );
            let remedy = "run two replicas; or set maxUnavailable: 1, if the one may be away for a while";
            return Some((FindingReason::Never, says, remedy.to_owned()));
        }
        let says = format!(
            "no healthy pod can ever be evicted: with {limit} it needs {needs} healthy pods of the {expected} that it counts"
        );
        let remedy = match is_whole {
            true => format!(
                "lower minAvailable to {}, or set maxUnavailable: 1 instead, which follows the number of replicas",
                expected - 1
            ),
            false => "set maxUnavailable: 1 instead, which follows the number of replicas".to_owned(),
        };
        Some((FindingReason::Never, says, remedy))
    }

    /// What keeps pods from being evicted at the moment only.
    fn now(&self) -> Option<FindingText> {
        let status = &self.budget.status;
        let (needs, healthy, expected) = (
            status.desired_healthy,
            status.current_healthy,
            status.expected_pods,
        );
        if status.disruptions_allowed > 0 || expected == 0 {
            return None;
        }
        let unready = self.count.unready;
        if unready > 0 && !self.budget.spares_unready() {
            let says = format!(
                "no pod can be evicted now, not even the {unready} that {} not ready: it needs {needs} healthy pods \
                 and has {healthy}",
                if unready == 1 { "is" } else { "are" }
            );
            let remedy = "mend the pods, or set unhealthyPodEvictionPolicy: AlwaysAllow, which lets go of those \
                          that are not ready";
            return Some((FindingReason::UnhealthyPods, says, remedy.to_owned()));
        }
        let says = format!(
            "no pod can be evicted now: it needs {needs} healthy pods and has {healthy} of the {expected} that it \
             counts"
        );
        Some((
            FindingReason::Exhausted,
            says,
            "wait until the missing pods are ready".to_owned(),
        ))
    }

    /// The limit as written, and whether it is a number of pods that must be there.
    fn written(&self) -> (String, bool) {
        match (&self.budget.max_unavailable, &self.budget.min_available) {
            (Some(max), _) => (format!("maxUnavailable: {max}"), false),
            (None, Some(min)) => (format!("minAvailable: {min}"), number(min).is_some()),
            (None, None) => ("no limit".to_owned(), false),
        }
    }
}

fn number(limit: &str) -> Option<i64> {
    limit.parse().ok()
}

fn percent(limit: &str) -> Option<i64> {
    limit.strip_suffix('%')?.parse().ok()
}
