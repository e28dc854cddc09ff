//! What a round would do, foretold: whom a seed chooses, and what is thought of each. The choice is the round's own
//! ([`VictimPicker`]), with forecasts as answers.

mod chances;
mod explain;
mod hearsay;

pub use chances::VictimChances;
pub use explain::{PodExplanation, explain};

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Serialize;

use crate::budget::{Budget, BudgetForecast, PlannedDisruptions, foretell};
use crate::config::DisruptConfig;
use crate::eligibility::Candidate;
use crate::outcome::{DisruptionMethod, Outcome, Refusal};
use crate::pod::{Pod, PodOwner, PodRef};
use crate::selection::CandidateIndex;
use crate::selection::DrawQueue;
use crate::selection::VictimPicker;

const NO_BUDGET: &str = "a deletion asks no budget";

/// What is thought of one disruption before it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Prediction {
    /// It would be allowed.
    Allowed {
        /// The budget that would be charged; `None` where none is.
        budget: Option<String>,
        /// Why, in words.
        why: String,
    },
    /// It would be refused.
    Refused(Refusal),
    /// Nobody could say.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl Prediction {
    /// What a round would make of it; where nobody could say, the disruption counts as done.
    fn as_outcome(&self) -> Outcome {
        match self {
            Self::Allowed { .. } => Outcome::Spared,
            Self::Refused(refusal) => Outcome::Refused(refusal.clone()),
            Self::Unknown { why } => Outcome::Unknown { why: why.clone() },
        }
    }

    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl From<BudgetForecast> for Prediction {
    fn from(forecast: BudgetForecast) -> Self {
        match forecast {
            BudgetForecast::Allowed { budget, why } => Self::Allowed { budget, why },
            BudgetForecast::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { why, .. } => write!(f, "allowed: {why}"),
            Self::Refused(refusal) => write!(f, "refused by {refusal}"),
            Self::Unknown { why } => write!(f, "unknown: {why}"),
        }
    }
}

/// The budgets, as far as they could be read.
#[derive(Debug, Clone, Default)]
pub struct BudgetIndex {
    read: BTreeMap<String, Vec<Budget>>,
    /// Where they could not be read (`None`: nowhere), and why.
    unread: Vec<(Option<String>, String)>,
}

impl BudgetIndex {
    /// Adds what was read.
    pub fn add(&mut self, budgets: Vec<Budget>) {
        for budget in budgets {
            self.read
                .entry(budget.namespace.clone())
                .or_default()
                .push(budget);
        }
    }

    /// Notes that those of `namespace` (`None`: all) could not be read, and why.
    pub fn miss(&mut self, namespace: Option<&str>, why: String) {
        self.unread.push((namespace.map(str::to_owned), why));
    }

    /// The budgets of `namespace`.
    ///
    /// # Errors
    /// They could not be read, and why.
    pub fn of(&self, namespace: &str) -> Result<&[Budget], &str> {
        let missed = |scope: &Option<String>| scope.as_deref().is_none_or(|name| name == namespace);
        match self.unread.iter().find(|(scope, _)| missed(scope)) {
            Some((_, why)) => Err(why),
            None => Ok(self.read.get(namespace).map_or(&[], Vec::as_slice)),
        }
    }

    /// Those that cover `pod`.
    ///
    /// # Errors
    /// They could not be read, and why.
    pub fn over(&self, pod: &Pod) -> Result<Vec<&Budget>, &str> {
        let budgets = self.of(&pod.id.namespace)?;
        Ok(budgets.iter().filter(|budget| budget.covers(pod)).collect())
    }

    /// What is foretold of disrupting `pod` by `method`, after the disruptions that are `planned` already.
    pub fn foretell(&self, pod: &Pod, method: DisruptionMethod, planned: &PlannedDisruptions) -> Prediction {
        if method == DisruptionMethod::Delete {
            return Prediction::Allowed {
                budget: None,
                why: NO_BUDGET.to_owned(),
            };
        }
        match self.of(&pod.id.namespace) {
            Ok(budgets) => foretell(pod, budgets, planned).into(),
            Err(_) => Prediction::Unknown {
                why: "budgets could not be read".to_owned(),
            },
        }
    }
}

/// One candidate, with all that is known of it.
#[derive(Debug, Clone)]
pub struct PreviewedPod {
    /// The candidate.
    pub candidate: Candidate,
    /// Its pod, as it was listed.
    pub pod: Pod,
    /// What the API server itself said to a dry run, if it was asked.
    pub heard: Option<Prediction>,
}

/// A round that has not begun.
#[derive(Debug, Clone)]
pub struct RoundPreview {
    /// The candidates.
    pub subjects: Vec<PreviewedPod>,
    /// The budgets over them.
    pub budgets: BudgetIndex,
    /// How many, and how.
    pub limits: DisruptConfig,
    /// Those from whom a round draws, where the pods are a crowd.
    pub crowd: Option<CandidateIndex>,
}

/// One victim of a choice, and what is thought of its disruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PredictedVictim {
    /// The victim.
    pub pod: PodRef,
    /// Its controller, if it has one.
    pub owner: Option<PodOwner>,
    /// What is thought of its disruption.
    #[serde(flatten)]
    pub opinion: Prediction,
}

impl RoundPreview {
    /// What is thought of `subject` after the disruptions that are `planned` already. The server's own word
    /// outranks the forecast, but it knows nothing of what is planned: dry runs charge no budget.
    pub fn opinion(&self, subject: &PreviewedPod, planned: &PlannedDisruptions) -> Prediction {
        let foretold =
            |planned: &PlannedDisruptions| self.budgets.foretell(&subject.pod, self.limits.method, planned);
        match &subject.heard {
            None => foretold(planned),
            Some(Prediction::Allowed { why, .. }) if self.limits.method == DisruptionMethod::Delete => {
                Prediction::Allowed {
                    budget: None,
                    why: format!("{why}; {NO_BUDGET}"),
                }
            }
            Some(Prediction::Allowed { why, .. }) => {
                match (foretold(planned), foretold(&PlannedDisruptions::default())) {
                    (spent @ Prediction::Refused(_), Prediction::Allowed { .. }) => spent,
                    (Prediction::Allowed { budget, .. }, _) => Prediction::Allowed {
                        budget,
                        why: why.clone(),
                    },
                    (Prediction::Refused(_) | Prediction::Unknown { .. }, _) => Prediction::Allowed {
                        budget: None,
                        why: why.clone(),
                    },
                }
            }
            Some(other) => other.clone(),
        }
    }

    /// The victims of `seed` in order, refusals included: those that a round on these pods would try if each
    /// answer were as foretold.
    pub fn choose(&self, seed: u64) -> Vec<PredictedVictim> {
        self.choose_from(self.lot(seed))
    }

    /// The victims of `seed` in dry run, where nobody is asked and so nobody refuses.
    pub fn choose_unasked(&self, seed: u64) -> Vec<PredictedVictim> {
        self.choose_by(self.lot(seed), |_, _, _| Prediction::Allowed {
            budget: None,
            why: "a dry run asks nobody".to_owned(),
        })
    }

    /// The lot of the round with this seed.
    fn lot(&self, seed: u64) -> DrawQueue {
        match &self.crowd {
            None => DrawQueue::new(self.candidates(), seed, self.limits.draw),
            Some(register) => DrawQueue::of(register.draw(seed, self.limits.draw).collect()),
        }
    }

    fn candidates(&self) -> Vec<Candidate> {
        let candidates = self.subjects.iter().map(|subject| &subject.candidate);
        candidates.cloned().collect()
    }

    fn choose_from(&self, lot: DrawQueue) -> Vec<PredictedVictim> {
        self.choose_by(lot, |preview, subject, planned| preview.opinion(subject, planned))
    }

    fn choose_by(
        &self,
        lot: DrawQueue,
        opinion: impl Fn(&Self, &PreviewedPod, &PlannedDisruptions) -> Prediction,
    ) -> Vec<PredictedVictim> {
        let subjects: HashMap<_, _> = self
            .subjects
            .iter()
            .map(|subject| (&subject.candidate.pod.uid, subject))
            .collect();
        let mut choice = VictimPicker::from_lot(lot, &self.limits);
        let (mut planned, mut victims) = (PlannedDisruptions::default(), Vec::new());
        while let Some(victim) = choice.next_victim() {
            let opinion = opinion(self, subjects[&victim.pod.uid], &planned);
            if let Prediction::Allowed {
                budget: Some(name), ..
            } = &opinion
            {
                planned.charge(&victim.pod.namespace, name);
            }
            let prospect = choice.note(&victim, &opinion.as_outcome());
            victims.push(PredictedVictim {
                pod: victim.pod,
                owner: victim.owner,
                opinion,
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
