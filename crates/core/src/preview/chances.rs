//! How likely each candidate is to be disrupted by the next round.

use std::collections::HashMap;

use super::{PreviewedPod, RoundPreview};
use crate::budget::PlannedDisruptions;
use crate::config::DrawBy;
use crate::eligibility::Candidate;
use crate::pod::PodOwner;
use crate::prediction::Prediction;
use crate::refusal::Refusal;

/// The chances of the pods to be disrupted, in the order of the preview.
#[derive(Debug, Clone, PartialEq)]
pub struct VictimChances {
    /// The chance of each pod, from 0 to 1.
    pub of: Vec<f64>,
    /// Whether the chances were estimated over many draws, rather than calculated.
    pub estimated: bool,
}

impl RoundPreview {
    /// The chances, calculated where that is simple, else estimated over the draws of `seeds`.
    pub fn chances(&self, seeds: &[u64]) -> VictimChances {
        match self.exact_chances() {
            Some(of) => VictimChances { of, estimated: false },
            None => VictimChances {
                of: self.estimated_chances(seeds),
                estimated: true,
            },
        }
    }

    /// The exact chances, or `None` if they are not simple. They are simple if at most one victim is wanted and no owner has
    /// both stopped and allowed pods: then a refusal or a hold costs one try per owner and changes nothing else. If the tries
    /// suffice, the victim is the first pod in the draw that is not stopped, and every order of pods or owners is
    /// equally likely.
    fn exact_chances(&self) -> Option<Vec<f64>> {
        let planned = PlannedDisruptions::default();
        let predict = |pod: &PreviewedPod| {
            let is_due = self.turns.may_include(&pod.candidate);
            is_due.then(|| self.prediction(pod, &planned))
        };
        let predictions: Vec<_> = self.pods.iter().map(predict).collect();

        let owners = self.owner_counts(&predictions);
        let is_simple = self.always_wanted().is_some_and(|wanted| wanted <= 1)
            && !owners.any_mixed
            && owners.stopped < self.disrupt.attempts
            && !predictions.iter().flatten().any(costs_more_than_one_try);

        let allowed_pods = predictions
            .iter()
            .flatten()
            .filter(|prediction| !prediction.is_stopped())
            .count();
        if !is_simple && allowed_pods > 0 {
            return None;
        }

        let chance = |(pod, prediction): (&PreviewedPod, &Option<Prediction>)| match self.disrupt.draw {
            _ if prediction.as_ref().is_none_or(Prediction::is_stopped) => 0.0,
            DrawBy::Pod => 1.0 / allowed_pods as f64,
            DrawBy::Owner => {
                let pods = owner_of(pod).map_or(1, |owner| owners.pods_of[&owner].count);
                1.0 / (owners.allowed * pods) as f64
            }
        };
        Some(self.pods.iter().zip(&predictions).map(chance).collect())
    }

    /// Counts the owners whose pods are stopped and those whose pods are not, by the prediction for each pod that the
    /// round may take.
    fn owner_counts(&self, predictions: &[Option<Prediction>]) -> OwnerCounts<'_> {
        let mut owners = OwnerCounts::default();

        let predicted = self.pods.iter().zip(predictions);
        for (pod, prediction) in predicted.filter_map(|(pod, said)| Some((pod, said.as_ref()?))) {
            let is_stopped = prediction.is_stopped();
            let is_first_of_owner = match owner_of(pod) {
                None => true,
                Some(owner) => {
                    let pods = owners.pods_of.entry(owner);
                    let pods = pods.or_insert(OwnerPods { is_stopped, count: 0 });
                    owners.any_mixed |= pods.is_stopped != is_stopped;
                    pods.count += 1;
                    pods.count == 1
                }
            };

            if is_first_of_owner && is_stopped {
                owners.stopped += 1;
            } else if is_first_of_owner {
                owners.allowed += 1;
            }
        }

        owners
    }

    /// The share of the draws in which each pod is disrupted.
    pub(super) fn estimated_chances(&self, seeds: &[u64]) -> Vec<f64> {
        let mut hits: HashMap<String, usize> = HashMap::new();
        for seed in seeds {
            // A round that samples draws in another order, which is as likely as this one and costs more.
            for victim in self.pick_from(self.queue_of_all(*seed), *seed) {
                if !victim.prediction.is_stopped() {
                    *hits.entry(victim.pod.uid).or_default() += 1;
                }
            }
        }

        let draws = seeds.len().max(1) as f64;
        let share = |uid: &String| hits.get(uid).copied().unwrap_or_default() as f64 / draws;
        let uids = self.pods.iter().map(|pod| &pod.candidate.pod.uid);
        uids.map(share).collect()
    }
}

/// The owners of the candidates; a pod without an owner counts as its own owner.
#[derive(Default)]
struct OwnerCounts<'a> {
    pods_of: HashMap<(&'a str, &'a PodOwner), OwnerPods>,
    /// How many owners have a first pod that is refused or held.
    stopped: usize,
    /// How many owners have a first pod that is neither refused nor held.
    allowed: usize,
    /// Whether any owner has both stopped pods and others.
    any_mixed: bool,
}

/// The pods of one owner.
struct OwnerPods {
    /// Whether the first of them is refused or held.
    is_stopped: bool,
    count: usize,
}

/// Whether a refusal costs more than one try: it excludes a namespace, or limits the tries after it.
fn costs_more_than_one_try(prediction: &Prediction) -> bool {
    match prediction {
        Prediction::Refused(Refusal::NamespaceTerminating) => true,
        Prediction::Refused(refusal) => refusal.possible_side_effect().is_some(),
        Prediction::Allowed { .. }
        | Prediction::Held(_)
        | Prediction::RoundHeld(_)
        | Prediction::Unknown { .. } => false,
    }
}

fn owner_of(pod: &PreviewedPod) -> Option<(&str, &PodOwner)> {
    let Candidate { pod, owner, .. } = &pod.candidate;
    Some((&pod.namespace, owner.as_ref()?))
}
