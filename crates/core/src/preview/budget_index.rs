//! The budgets that were read for a preview, and what they predict for one pod.

use std::collections::BTreeMap;

use crate::budget::{Budget, PlannedDisruptions, predict};
use crate::outcome::DisruptionMethod;
use crate::pod::Pod;
use crate::prediction::Prediction;

pub(super) const NO_BUDGET: &str = "a deletion does not check budgets";

/// The budgets by namespace, and the namespaces whose budgets could not be read.
#[derive(Debug, Clone, Default)]
pub struct BudgetIndex {
    read: BTreeMap<String, Vec<Budget>>,
    /// The namespaces whose budgets could not be read (`None` means every namespace), and why.
    unread: Vec<(Option<String>, String)>,
}

impl BudgetIndex {
    /// Adds budgets that were read.
    pub fn add(&mut self, budgets: Vec<Budget>) {
        for budget in budgets {
            let namespace = budget.namespace.clone();
            self.read.entry(namespace).or_default().push(budget);
        }
    }

    /// Notes that the budgets of `namespace` (`None` means every namespace) could not be read, and why.
    pub fn add_unreadable(&mut self, namespace: Option<&str>, why: String) {
        self.unread.push((namespace.map(str::to_owned), why));
    }

    /// The budgets of `namespace`.
    ///
    /// # Errors
    /// The reason why they could not be read.
    pub fn in_namespace(&self, namespace: &str) -> Result<&[Budget], &str> {
        let is_unreadable = |scope: &Option<String>| scope.as_deref().is_none_or(|name| name == namespace);
        match self.unread.iter().find(|(scope, _)| is_unreadable(scope)) {
            Some((_, why)) => Err(why),
            None => Ok(self.read.get(namespace).map_or(&[], Vec::as_slice)),
        }
    }

    /// The budgets that cover `pod`.
    ///
    /// # Errors
    /// The reason why they could not be read.
    pub fn covering(&self, pod: &Pod) -> Result<Vec<&Budget>, &str> {
        let budgets = self.in_namespace(&pod.id.namespace)?;
        Ok(budgets.iter().filter(|budget| budget.covers(pod)).collect())
    }

    /// Predicts the disruption of `pod` by `method`, after the `planned` disruptions.
    pub fn predict(&self, pod: &Pod, method: DisruptionMethod, planned: &PlannedDisruptions) -> Prediction {
        if method == DisruptionMethod::Delete {
            return Prediction::without_budget(NO_BUDGET);
        }
        match self.in_namespace(&pod.id.namespace) {
            Ok(budgets) => predict(pod, budgets, planned),
            Err(_) => Prediction::Unknown {
                why: "budgets could not be read".to_owned(),
            },
        }
    }
}
