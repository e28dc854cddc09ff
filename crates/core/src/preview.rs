//! Predicts a round: which victims a seed picks, and what is expected of each. The picking is the round's own
//! ([`VictimPicker`]), with predictions as answers.

mod chances;
mod explain;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

pub use self::chances::VictimChances;
pub use self::explain::{PodExplanation, explain};

use crate::budget::{Budget, PlannedDisruptions, predict};
use crate::config::DisruptConfig;
use crate::eligibility::Candidate;
use crate::outcome::DisruptionMethod;
use crate::pod::{Pod, PodOwner, PodRef};
use crate::prediction::Prediction;
use crate::selection::{CandidateIndex, DrawQueue, VictimPicker};

const NO_BUDGET: &str = "a deletion asks no budget";

/// The budgets by namespace, as far as they could be read.
#[derive(Debug, Clone, Default)]
pub struct BudgetIndex {
    read: BTreeMap<String, Vec<Budget>>,
    /// Where they could not be read (`None`: nowhere), and why.
    unread: Vec<(Option<String>, String)>,
}

/// One candidate, with all that is known of it.
#[derive(Debug, Clone)]
pub struct PreviewedPod {
    /// The candidate.
    pub candidate: Candidate,
    /// Its pod, as it was listed.
    pub pod: Pod,
    /// What the API server itself answered to a dry run, if it was asked.
    pub server_answer: Option<Prediction>,
}

/// A round that has not begun.
#[derive(Debug, Clone)]
pub struct RoundPreview {
    /// The candidates.
    pub pods: Vec<PreviewedPod>,
    /// The budgets over them.
    pub budgets: BudgetIndex,
    /// How many victims, and how.
    pub disrupt: DisruptConfig,
    /// The pods from which a round draws, where it samples them.
    pub sampled_from: Option<CandidateIndex>,
}

/// One victim that a seed picks, and what is expected of its disruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PredictedVictim {
    /// The victim.
    pub pod: PodRef,
    /// Its controller, if it has one.
    pub owner: Option<PodOwner>,
    /// What is expected of its disruption.
    #[serde(flatten)]
    pub prediction: Prediction,
}

impl BudgetIndex {
    /// Adds budgets that were read.
    pub fn add(&mut self, budgets: Vec<Budget>) {
        for budget in budgets {
            let namespace = budget.namespace.clone();
            self.read.entry(namespace).or_default().push(budget);
        }
    }

    /// Notes that those of `namespace` (`None`: all) could not be read, and why.
    pub fn miss(&mut self, namespace: Option<&str>, why: String) {
        self.unread.push((namespace.map(str::to_owned), why));
    }

    /// The budgets of `namespace`.
    ///
    /// # Errors
    /// The reason why they could not be read.
    pub fn of(&self, namespace: &str) -> Result<&[Budget], &str> {
        let is_missed = |scope: &Option<String>| scope.as_deref().is_none_or(|name| name == namespace);
        match self.unread.iter().find(|(scope, _)| is_missed(scope)) {
            Some((_, why)) => Err(why),
            None => Ok(self.read.get(namespace).map_or(&[], Vec::as_slice)),
        }
    }

    /// The budgets that cover `pod`.
    ///
    /// # Errors
    /// The reason why they could not be read.
    pub fn over(&self, pod: &Pod) -> Result<Vec<&Budget>, &str> {
        let budgets = self.of(&pod.id.namespace)?;
        Ok(budgets.iter().filter(|budget| budget.covers(pod)).collect())
    }

    /// Predicts the disruption of `pod` by `method`, after the disruptions that are `planned` already.
    pub fn predict(&self, pod: &Pod, method: DisruptionMethod, planned: &PlannedDisruptions) -> Prediction {
        if method == DisruptionMethod::Delete {
            return Prediction::without_budget(NO_BUDGET);
        }
        match self.of(&pod.id.namespace) {
            Ok(budgets) => predict(pod, budgets, planned),
            Err(_) => Prediction::Unknown {
                why: "budgets could not be read".to_owned(),
            },
        }
    }
}

impl RoundPreview {
    /// Predicts the disruption of `pod` after those that are `planned` already. The server's own answer outranks the
    /// budgets, but it knows nothing of what is planned: dry runs charge no budget.
    pub fn prediction(&self, pod: &PreviewedPod, planned: &PlannedDisruptions) -> Prediction {
        let method = self.disrupt.method;
        let by_budgets = |planned: &PlannedDisruptions| self.budgets.predict(&pod.pod, method, planned);

        let why = match &pod.server_answer {
            None => return by_budgets(planned),
            Some(Prediction::Allowed { why, .. }) => why.clone(),
            Some(other) => return other.clone(),
        };
        if method == DisruptionMethod::Delete {
            return Prediction::without_budget(&format!("{why}; {NO_BUDGET}"));
        }

        let unplanned = by_budgets(&PlannedDisruptions::default());
        match by_budgets(planned) {
            // The server knows better than the budgets, unless the plan itself uses them up.
            refused @ Prediction::Refused(_) if unplanned.is_allowed() => refused,
            Prediction::Allowed { budget, .. } => Prediction::Allowed { budget, why },
            Prediction::Refused(_) | Prediction::Unknown { .. } => Prediction::Allowed { budget: None, why },
        }
    }

    /// The victims of `seed` in order, refusals included: those that a round on these pods would try if each answer
    /// were as predicted.
    pub fn pick(&self, seed: u64) -> Vec<PredictedVictim> {
        self.pick_from(self.queue(seed))
    }

    /// The victims of `seed` in a dry run, where no API server is asked and so nothing is refused.
    pub fn pick_in_dry_run(&self, seed: u64) -> Vec<PredictedVictim> {
        self.pick_by(self.queue(seed), |_, _, _| {
            Prediction::without_budget("a dry run sends no request")
        })
    }

    /// The queue of the round with this seed.
    fn queue(&self, seed: u64) -> DrawQueue {
        match &self.sampled_from {
            None => DrawQueue::new(self.candidates(), seed, self.disrupt.draw),
            Some(index) => DrawQueue::of(index.draw(seed, self.disrupt.draw).collect()),
        }
    }

    fn candidates(&self) -> Vec<Candidate> {
        self.pods.iter().map(|pod| pod.candidate.clone()).collect()
    }

    fn pick_from(&self, queue: DrawQueue) -> Vec<PredictedVictim> {
        self.pick_by(queue, |preview, pod, planned| preview.prediction(pod, planned))
    }

    fn pick_by(
        &self,
        queue: DrawQueue,
        predict: impl Fn(&Self, &PreviewedPod, &PlannedDisruptions) -> Prediction,
    ) -> Vec<PredictedVictim> {
        let by_uid = self.pods.iter().map(|pod| (&*pod.candidate.pod.uid, pod));
        let pods: HashMap<&str, &PreviewedPod> = by_uid.collect();
        let mut picker = VictimPicker::from_queue(queue, &self.disrupt);
        let mut planned = PlannedDisruptions::default();
        let mut victims = Vec::new();

        while let Some(victim) = picker.next_victim() {
            let prediction = predict(self, pods[&*victim.pod.uid], &planned);
            planned.note(&victim.pod.namespace, &prediction);
            let prospect = picker.note(&victim, &prediction.as_outcome());
            victims.push(PredictedVictim {
                pod: victim.pod,
                owner: victim.owner,
                prediction,
            });
            if prospect.is_err() {
                break;
            }
        }
        victims
    }
}

#[cfg(test)]
mod tests;
