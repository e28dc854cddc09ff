//! Audits PodDisruptionBudgets without requesting an eviction: what each budget counts, which budgets never allow an
//! eviction, and which pods no budget covers or several do.
//!
//! The numbers are the disruption controller's, from the budgets' status. Only counts of the pods are kept.

mod finding;
mod limits;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::budget::Budget;
use crate::pod::{Pod, ReplicaCount};
use crate::selector::Selector;

pub use finding::{AuditedObject, BudgetFinding, FindingReason, FindingSeverity};

/// The summary of one budget: what it covers, its numbers and the findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetSummary {
    /// The budget's namespace.
    pub namespace: String,
    /// The budget's name.
    pub name: String,
    /// How many pods of each workload the budget covers, without those that are terminating or finished.
    pub covers: BTreeMap<String, usize>,
    /// `spec.minAvailable` as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<String>,
    /// `spec.maxUnavailable` as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<String>,
    /// How many pods the budget counts; a whole `minAvailable` counts terminating and finished pods too.
    pub expected: i64,
    /// How many pods must be healthy.
    pub needs: i64,
    /// How many pods are healthy.
    pub healthy: i64,
    /// How many disruptions the budget allows now.
    pub allows: i64,
    /// The policy for pods that run and are not ready, `spec.unhealthyPodEvictionPolicy`.
    pub unhealthy_pods: String,
    /// Whether the status is that of the spec as it is now.
    pub is_current: bool,
    /// The findings that concern the budget.
    pub findings: Vec<FindingReason>,
}

/// An audit of budgets over the pods that were counted.
#[derive(Debug, Clone)]
pub struct BudgetAudit {
    budgets: Vec<Budget>,
    /// The positions in `budgets`, by namespace.
    by_namespace: BTreeMap<String, Vec<usize>>,
    /// The selector of the scope.
    selector: Selector,
    groups: BTreeMap<WorkloadGroup, PodCounts>,
}

/// The pods of one workload that the same budgets cover. A bare pod is its own workload, of kind `Pod`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct WorkloadGroup {
    workload: AuditedObject,
    /// The positions of the budgets in the audit.
    budgets: Vec<usize>,
}

/// How many pods a group has.
#[derive(Debug, Clone, Copy, Default)]
struct PodCounts {
    /// All pods, terminating and finished ones among them: what a whole `minAvailable` counts.
    pods: usize,
    /// The pods that count as replicas.
    replicas: ReplicaCount,
    /// The terminating pods whose successors are created only when they are gone.
    awaited: usize,
    /// Whether the selector of the scope matches any of them.
    selected: bool,
}

/// The text of a finding: the reason, a sentence and the remedy.
type FindingText = (FindingReason, String, String);

impl BudgetAudit {
    /// An audit of `budgets`, which must be all budgets of their namespaces. A selector that is not empty narrows the
    /// audit to the budgets and workloads of the pods that match, and to budgets that cover no pod at all.
    pub fn new(budgets: Vec<Budget>, selector: Selector) -> Self {
        let mut by_namespace: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, budget) in budgets.iter().enumerate() {
            let indices = by_namespace.entry(budget.namespace.clone()).or_default();
            indices.push(index);
        }

        Self {
            budgets,
            by_namespace,
            selector,
            groups: BTreeMap::new(),
        }
    }

    /// Counts `pod`. Every pod of the namespaces must be counted once, even if the selector does not match it, because
    /// budgets count all pods.
    pub fn count(&mut self, pod: &Pod) {
        let indices = self.by_namespace.get(&pod.id.namespace);
        let indices = indices.into_iter().flatten().copied();
        let group = WorkloadGroup {
            workload: AuditedObject::workload(pod),
            budgets: indices.filter(|index| self.budgets[*index].covers(pod)).collect(),
        };

        let count = self.groups.entry(group).or_default();
        count.pods += 1;
        count.replicas.add(pod);
        count.awaited += usize::from(pod.is_awaited());
        count.selected |= self.selector.matches(&pod.labels);
    }

    /// Whether there was no budget and no pod to audit.
    pub fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.groups.is_empty()
    }

    /// The findings, the most severe first.
    pub fn findings(&self) -> Vec<BudgetFinding> {
        let of_budgets = self.in_scope().filter_map(|index| self.budget_finding(index));
        let mut findings: Vec<_> = of_budgets.chain(self.workload_findings()).collect();

        findings.sort_by(|a, b| (a.severity, &a.object, a.reason).cmp(&(b.severity, &b.object, b.reason)));
        findings
    }

    /// The summary of each budget.
    pub fn summaries(&self) -> Vec<BudgetSummary> {
        let findings = self.findings();
        let in_scope = self.in_scope();
        let mut summaries: Vec<_> = in_scope.map(|index| self.summary(index, &findings)).collect();
        summaries.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        summaries
    }

    fn summary(&self, index: usize, findings: &[BudgetFinding]) -> BudgetSummary {
        let budget = &self.budgets[index];

        let mut covers: BTreeMap<String, usize> = BTreeMap::new();
        for (group, count) in self.covered(index).filter(|(_, count)| count.replicas.live > 0) {
            *covers.entry(workload_name(&group.workload)).or_default() += count.replicas.live;
        }

        let relevant = findings.iter().filter(|finding| {
            finding.object.namespace == budget.namespace && finding.budgets.contains(&budget.name)
        });
        let reasons: BTreeSet<_> = relevant.map(|finding| finding.reason).collect();

        BudgetSummary {
            namespace: budget.namespace.clone(),
            name: budget.name.clone(),
            covers,
            min_available: budget.min_available.clone(),
            max_unavailable: budget.max_unavailable.clone(),
            expected: budget.status.expected_pods,
            needs: budget.status.desired_healthy,
            healthy: budget.status.current_healthy,
            allows: budget.status.disruptions_allowed,
            unhealthy_pods: budget.unhealthy.as_str().to_owned(),
            is_current: budget.is_synced(),
            findings: reasons.into_iter().collect(),
        }
    }

    /// The positions of the budgets that cover a pod in scope, or no pod at all.
    fn in_scope(&self) -> impl Iterator<Item = usize> {
        (0..self.budgets.len()).filter(|index| {
            let mut covered = self.covered(*index).peekable();
            covered.peek().is_none() || covered.any(|(_, count)| count.selected)
        })
    }

    /// The groups that a budget covers, with their counts.
    fn covered(&self, index: usize) -> impl Iterator<Item = (&WorkloadGroup, &PodCounts)> {
        self.groups
            .iter()
            .filter(move |(group, _)| group.budgets.contains(&index))
    }
}

/// Audits `budgets`, which must be all budgets of their namespaces, over `pods`.
pub fn audit<'a>(budgets: Vec<Budget>, pods: impl IntoIterator<Item = &'a Pod>) -> Vec<BudgetFinding> {
    let mut audit = BudgetAudit::new(budgets, Selector::default());
    for pod in pods {
        audit.count(pod);
    }
    audit.findings()
}

/// The name of a workload, `deployment/web`; all bare pods are one workload.
fn workload_name(workload: &AuditedObject) -> String {
    if workload.is_bare() {
        "bare pods".to_owned()
    } else {
        format!("{}/{}", workload.kind.to_lowercase(), workload.name)
    }
}

#[cfg(test)]
mod tests;
