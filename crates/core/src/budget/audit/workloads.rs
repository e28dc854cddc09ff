//! The findings on one workload: several budgets cover its pods, or none.

use super::{BudgetAudit, BudgetFinding, FindingReason, FindingText, PodCounts, WorkloadGroup};

/// The kinds of owners whose pods need no budget: they end by themselves, or come back on the same node.
pub(super) const WITHOUT_BUDGETS: [&str; 3] = ["DaemonSet", "Job", "Node"];

impl BudgetAudit {
    /// The findings on workloads with several budgets on a pod, or with none.
    pub(super) fn workload_findings(&self) -> impl Iterator<Item = BudgetFinding> {
        self.groups.iter().filter_map(|(group, count)| {
            let (reason, says, remedy) = match &group.budgets[..] {
                _ if !count.selected => return None,
                [] => self.no_budget(group, count)?,
                [_] => return None,
                [_, _, ..] => several_budgets(&self.budget_names(group), count)?,
            };

            Some(BudgetFinding {
                severity: reason.severity(),
                reason,
                object: group.workload.clone(),
                budgets: self.budget_names(group),
                says,
                remedy,
            })
        })
    }

    fn budget_names(&self, group: &WorkloadGroup) -> Vec<String> {
        let mut names: Vec<_> = group
            .budgets
            .iter()
            .map(|index| self.budgets[*index].name.clone())
            .collect();
        names.sort();
        names
    }

    /// The finding on a workload that needs a budget and has none.
    fn no_budget(&self, group: &WorkloadGroup, count: &PodCounts) -> Option<FindingText> {
        let workload = &group.workload;

        let is_covered_in_part = || {
            self.groups
                .keys()
                .any(|other| other.workload == *workload && !other.budgets.is_empty())
        };
        let needs_budget = !workload.is_bare() && !WITHOUT_BUDGETS.contains(&&*workload.kind);
        if !needs_budget || count.replicas.live <= 1 || is_covered_in_part() {
            return None;
        }

        let says = format!(
            "no budget covers its {} pods: all of them can be evicted at once",
            count.replicas.live
        );
        let remedy = "create a PodDisruptionBudget with maxUnavailable: 1 for it".to_owned();
        Some((FindingReason::NoBudget, says, remedy))
    }
}

/// The finding on live pods that several budgets cover.
fn several_budgets(names: &[String], count: &PodCounts) -> Option<FindingText> {
    let (last, others) = names.split_last().filter(|_| count.replicas.live > 0)?;
    let budgets = format!("{} and {last}", others.join(", "));

    let says = format!(
        "budgets {budgets} cover the same {}: the eviction API supports only one budget per pod, and a running pod with \
         several cannot be evicted",
        pod_count(count.replicas.live)
    );
    let remedy = "narrow their selectors so that each pod has one budget, or delete all but one".to_owned();
    Some((FindingReason::SeveralBudgets, says, remedy))
}

fn pod_count(count: usize) -> String {
    if count == 1 {
        "pod".to_owned()
    } else {
        format!("{count} pods")
    }
}

#[cfg(test)]
mod tests;
