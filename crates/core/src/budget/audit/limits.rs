//! The findings on one budget, the most important first. "Never" means that waiting does not help.

use std::collections::BTreeSet;

use super::workloads::WITHOUT_BUDGETS;
use super::{AuditedObject, BudgetAudit, BudgetFinding, FindingReason, FindingText, PodCounts};
use crate::budget::{Budget, BudgetCoverage};
use crate::selector::Selector;

/// A budget, and the pods that it covers.
struct CoveredPods<'a> {
    budget: &'a Budget,
    count: PodCounts,
    /// The pods that run and are not ready, and that no other budget covers.
    unready: usize,
    /// Whether no pod that the budget covers has a controller.
    all_bare: bool,
    /// The workloads without a scale subresource, as `daemonset/logs`.
    unscalable: BTreeSet<String>,
}

impl BudgetAudit {
    /// The finding on one budget: the first that applies.
    pub(super) fn budget_finding(&self, index: usize) -> Option<BudgetFinding> {
        let covered = self.covered_pods(index);
        let (reason, says, remedy) = covered
            .selector_finding()
            .or_else(|| covered.limit_finding())
            .or_else(|| covered.sync_finding())
            .or_else(|| covered.never_finding())
            .or_else(|| covered.now_finding())?;

        Some(BudgetFinding {
            severity: reason.severity(),
            reason,
            object: AuditedObject::budget(covered.budget),
            budgets: vec![covered.budget.name.clone()],
            says,
            remedy,
        })
    }

    /// Adds up the groups that one budget covers.
    fn covered_pods(&self, index: usize) -> CoveredPods<'_> {
        let mut covered = CoveredPods {
            budget: &self.budgets[index],
            count: PodCounts::default(),
            unready: 0,
            all_bare: true,
            unscalable: BTreeSet::new(),
        };

        for (group, count) in self.covered(index) {
            covered.count.pods += count.pods;
            covered.count.replicas.append(count.replicas);
            covered.count.awaited += count.awaited;
            // Other budgets have their own finding: no policy lets such a pod go.
            if group.budgets.len() == 1 {
                covered.unready += count.replicas.unready;
            }
            covered.all_bare &= group.workload.is_bare();

            if group.workload.is_bare() || WITHOUT_BUDGETS.contains(&&*group.workload.kind) {
                covered.unscalable.insert(super::workload_name(&group.workload));
            }
        }

        covered
    }
}

impl CoveredPods<'_> {
    /// A selector that is missing, invalid, or matches no pod.
    fn selector_finding(&self) -> Option<FindingText> {
        let (reason, says, remedy) = match &self.budget.selector {
            BudgetCoverage::Invalid(why) => (
                FindingReason::InvalidSelector,
                format!("its selector is invalid, so it protects nothing: {why}"),
                "fix spec.selector",
            ),
            BudgetCoverage::Nothing => (
                FindingReason::NoSelector,
                "it has no selector, so it protects nothing".to_owned(),
                "set spec.selector to the labels of the pods; {} selects every pod in the namespace",
            ),
            BudgetCoverage::Matching(selector) if self.count.pods == 0 => (
                FindingReason::MatchesNothing,
                matches_nothing(selector),
                "compare its selector with the pods' labels, or delete the budget if its workload is gone for good",
            ),
            BudgetCoverage::Matching(_) => return None,
        };

        Some((reason, says, remedy.to_owned()))
    }

    /// A limit that is missing, or that allows no disruption of any number of pods.
    fn limit_finding(&self) -> Option<FindingText> {
        let Budget {
            min_available: min,
            max_unavailable: max,
            ..
        } = self.budget;

        if min.is_none() && max.is_none() {
            let says =
                "it has neither minAvailable nor maxUnavailable: no healthy pod can be evicted".to_owned();
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

    /// A status that cannot be computed, or does not belong to the current spec.
    fn sync_finding(&self) -> Option<FindingText> {
        let Budget {
            generation, status, ..
        } = self.budget;

        if let Some(why) = &status.sync_failed {
            let says = format!(
                "no healthy pod can be evicted: the disruption controller cannot compute this budget: {why}"
            );
            return Some((FindingReason::SyncFailed, says, self.scale_remedy()));
        }

        (!self.budget.is_synced()).then(|| {
            let says = format!(
                "no healthy pod can be evicted yet: its status is for generation {}, its spec is at generation {generation}",
                status.observed_generation
            );
            let remedy = "wait a moment; if it persists, check that kube-controller-manager is running".to_owned();
            (FindingReason::Unsynced, says, remedy)
        })
    }

    /// The remedy for a budget over pods whose controllers have no scale subresource.
    fn scale_remedy(&self) -> String {
        let fix = "set minAvailable to a whole number, which needs no controller with a scale subresource";
        if self.unscalable.is_empty() {
            return fix.to_owned();
        }

        let names: Vec<&str> = self.unscalable.iter().map(String::as_str).collect();
        format!("{fix}, or exclude {} from its selector", names.join(" and "))
    }

    /// A limit that allows no disruption of the present pods, even if all are healthy.
    fn never_finding(&self) -> Option<FindingText> {
        let status = &self.budget.status;
        let needs = status.desired_healthy;
        let expected = status.expected_pods;
        let (limit, is_whole) = self.limit_as_written();

        if expected == 0 {
            let is_uncounted = self.all_bare && self.count.replicas.live > 0 && !is_whole;
            let says = format!(
                "no healthy pod can ever be evicted: {limit} counts replicas, but its pods have no controller"
            );
            return is_uncounted.then(|| (FindingReason::Never, says, self.scale_remedy()));
        }

        let replicas = if is_whole { self.replicas() } else { expected };
        if needs < replicas || replicas <= 0 {
            return None;
        }

        if replicas == 1 {
            let pods = if needs == 1 { "pod" } else { "pods" };
            let says = format!(
                "its only pod can never be evicted while it is healthy: {limit} requires {needs} healthy {pods} of 1"
            );
            let remedy = "run two replicas, or set maxUnavailable: 1 if a short outage is acceptable";
            return Some((FindingReason::Never, says, remedy.to_owned()));
        }

        let says = format!(
            "no healthy pod can ever be evicted: {limit} requires {needs} healthy pods of the {expected} that it \
             counts{}",
            self.departing()
        );
        let instead = "set maxUnavailable: 1 instead, which follows the number of replicas";
        let remedy = if is_whole {
            format!("lower minAvailable to {}, or {instead}", replicas - 1)
        } else {
            instead.to_owned()
        };
        Some((FindingReason::Never, says, remedy))
    }

    /// How many of its pods can be healthy at once, for a whole `minAvailable`, whose `expectedPods` counts terminating
    /// and finished pods too.
    ///
    /// The status and the pods were read one after the other. The greater number counts, so that a workload that is
    /// about to replace a pod is not taken for a smaller one.
    fn replicas(&self) -> i64 {
        let listed = self.count.replicas.live + self.count.awaited;
        let by_status = self.budget.status.expected_pods - self.count_departing();
        by_status.max(i64::try_from(listed).unwrap_or(i64::MAX))
    }

    /// How many pods are terminating or finished, and take no part in the replicas.
    fn count_departing(&self) -> i64 {
        let staying = self.count.replicas.live + self.count.awaited;
        i64::try_from(self.count.pods.saturating_sub(staying)).unwrap_or_default()
    }

    /// The remark on pods that are terminating or finished, among those that a whole `minAvailable` counts.
    fn departing(&self) -> String {
        let (_, is_whole) = self.limit_as_written();
        match self.count_departing() {
            departing if departing == 0 || !is_whole => String::new(),
            1 => ", and 1 of them is terminating or finished".to_owned(),
            departing => format!(", and {departing} of them are terminating or finished"),
        }
    }

    /// A budget that allows no disruption at the moment.
    fn now_finding(&self) -> Option<FindingText> {
        let status = &self.budget.status;
        let needs = status.desired_healthy;
        let healthy = status.current_healthy;
        let expected = status.expected_pods;
        if status.disruptions_allowed > 0 || expected == 0 || self.count.replicas.live == 0 {
            return None;
        }

        let unready = self.unready;
        if unready > 0 && !self.budget.allows_unready() {
            let says = format!(
                "no running pod can be evicted now, not even the {unready} that {} not ready: it needs {needs} healthy pods \
                 and has {healthy}",
                if unready == 1 { "is" } else { "are" }
            );
            let remedy = "fix the pods, or set unhealthyPodEvictionPolicy: AlwaysAllow, which allows evicting pods \
                          that are not ready";
            return Some((FindingReason::UnhealthyPods, says, remedy.to_owned()));
        }

        let says = format!(
            "no healthy pod can be evicted now: it needs {needs} and has {healthy} of the {expected} pods that it \
             counts{}",
            self.departing()
        );
        Some((
            FindingReason::Exhausted,
            says,
            "wait until the missing pods are ready".to_owned(),
        ))
    }

    /// The limit as written, and whether it is a whole number of healthy pods.
    fn limit_as_written(&self) -> (String, bool) {
        match (&self.budget.max_unavailable, &self.budget.min_available) {
            (Some(max), _) => (format!("maxUnavailable: {max}"), false),
            (None, Some(min)) => (format!("minAvailable: {min}"), number(min).is_some()),
            (None, None) => ("no limit".to_owned(), false),
        }
    }
}

/// The sentence about a selector that matches no pod.
fn matches_nothing(selector: &Selector) -> String {
    if selector.is_empty() {
        "it selects every pod in the namespace, and there is none".to_owned()
    } else {
        format!("no pod matches its selector, {selector}")
    }
}

fn number(limit: &str) -> Option<i64> {
    limit.parse().ok()
}

fn percent(limit: &str) -> Option<i64> {
    limit.strip_suffix('%')?.parse().ok()
}

#[cfg(test)]
mod tests;
