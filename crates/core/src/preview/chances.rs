//! How likely each candidate is to be disrupted by the next round.

use std::collections::HashMap;

use super::{PreviewedPod, RoundPreview};
use crate::budget::PlannedDisruptions;
use crate::config::DrawBy;
use crate::eligibility::Candidate;
use crate::outcome::Refusal;
use crate::pod::PodOwner;
use crate::prediction::Prediction;
use crate::selection::DrawQueue;

/// The chance of each pod, in the order of the preview.
#[derive(Debug, Clone, PartialEq)]
pub struct VictimChances {
    /// The chances, from 0 to 1.
    pub of: Vec<f64>,
    /// Whether they were counted over many draws, rather than worked out.
    pub estimated: bool,
}

impl RoundPreview {
    /// The chances, worked out where that is simple, else counted over the draws of `seeds`.
    pub fn chances(&self, seeds: &[u64]) -> VictimChances {
        match self.exact() {
            Some(of) => VictimChances { of, estimated: false },
            None => VictimChances {
                of: self.counted(seeds),
                estimated: true,
            },
        }
    }

    /// With one victim wanted, and no owner of which some pods are refused and others are not, a refusal costs one
    /// try an owner and changes nothing else. If the tries suffice, the victim is the first in the order of the
    /// draw that is not refused, and every order is equally likely: of the pods, or of the owners.
    fn exact(&self) -> Option<Vec<f64>> {
        let planned = PlannedDisruptions::default();
        let predictions = self.pods.iter().map(|pod| self.prediction(pod, &planned));
        let predictions: Vec<_> = predictions.collect();

        let mut owners: HashMap<(&str, &PodOwner), OwnerPods> = HashMap::new();
        let mut refused_owners = 0;
        let mut allowed_owners = 0;
        let mut is_mixed = false;
        for (pod, prediction) in self.pods.iter().zip(&predictions) {
            let is_refused = prediction.is_refused();
            let is_first = match owner_of(pod) {
                None => true,
                Some(owner) => {
                    let known = owners.entry(owner).or_insert(OwnerPods { is_refused, pods: 0 });
                    is_mixed |= known.is_refused != is_refused;
                    known.pods += 1;
                    known.pods == 1
                }
            };
            refused_owners += usize::from(is_refused && is_first);
            allowed_owners += usize::from(!is_refused && is_first);
        }

        let allowed = predictions
            .iter()
            .filter(|prediction| !prediction.is_refused())
            .count();
        let is_simple = self.disrupt.count == 1
            && !is_mixed
            && refused_owners < self.disrupt.attempts
            && !predictions.iter().any(ends_more_than_one_try);
        if !is_simple && allowed > 0 {
            return None;
        }

        let chance = |(pod, prediction): (&PreviewedPod, &Prediction)| match self.disrupt.draw {
            _ if prediction.is_refused() => 0.0,
            DrawBy::Pod => 1.0 / allowed as f64,
            DrawBy::Owner => {
                let pods = owner_of(pod).map_or(1, |owner| owners[&owner].pods);
                1.0 / (allowed_owners * pods) as f64
            }
        };
        Some(self.pods.iter().zip(&predictions).map(chance).collect())
    }

    pub(super) fn counted(&self, seeds: &[u64]) -> Vec<f64> {
        let mut hits: HashMap<String, usize> = HashMap::new();
        for seed in seeds {
            // Where a round samples, the order of the candidates would cost more, and it is as likely as any.
            let queue = DrawQueue::new(self.candidates(), *seed, self.disrupt.draw);
            for victim in self.pick_from(queue) {
                if !victim.prediction.is_refused() {
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

/// The pods of one owner, and whether they are refused.
struct OwnerPods {
    is_refused: bool,
    pods: usize,
}

/// Whether such a refusal costs more than one try: it ends a namespace, or after some more the round.
fn ends_more_than_one_try(prediction: &Prediction) -> bool {
    matches!(
        prediction,
        Prediction::Refused(Refusal::NamespaceTerminating | Refusal::WebhookDown { .. })
    )
}

fn owner_of(pod: &PreviewedPod) -> Option<(&str, &PodOwner)> {
    let Candidate { pod, owner } = &pod.candidate;
    Some((&pod.namespace, owner.as_ref()?))
}
