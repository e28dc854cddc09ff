//! How likely each candidate is to be disrupted by the next round.

use std::collections::HashMap;

use super::{Prediction, PreviewedPod, RoundPreview};
use crate::budget::PlannedDisruptions;
use crate::config::DrawBy;
use crate::eligibility::Candidate;
use crate::outcome::Refusal;
use crate::pod::PodOwner;
use crate::selection::DrawQueue;

/// The chance of each subject, in the order of the subjects.
#[derive(Debug, Clone, PartialEq)]
pub struct VictimChances {
    /// From 0 to 1.
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
        let opinions: Vec<_> = self
            .subjects
            .iter()
            .map(|subject| self.opinion(subject, &PlannedDisruptions::default()))
            .collect();
        let mut mates: HashMap<(&str, &PodOwner), (bool, usize)> = HashMap::new();
        let (mut refused, mut tries, mut hosts, mut mixed) = (0, 0, 0, false);
        for (subject, opinion) in self.subjects.iter().zip(&opinions) {
            let no = opinion.is_refused();
            refused += usize::from(no);
            let is_first = owner_of(subject).is_none_or(|owner| {
                let (known, pods) = mates.entry(owner).or_insert((no, 0));
                mixed |= *known != no;
                *pods += 1;
                *pods == 1
            });
            tries += usize::from(no && is_first);
            hosts += usize::from(!no && is_first);
        }
        let allowed = opinions.len() - refused;
        let leaves = |opinion| {
            matches!(
                opinion,
                &Prediction::Refused(Refusal::NamespaceTerminating | Refusal::WebhookDown { .. })
            )
        };
        let simple =
            self.limits.count == 1 && !mixed && tries < self.limits.attempts && !opinions.iter().any(leaves);
        let chance = |(subject, opinion): (&PreviewedPod, &Prediction)| match self.limits.draw {
            _ if opinion.is_refused() => 0.0,
            DrawBy::Pod => 1.0 / allowed as f64,
            DrawBy::Owner => {
                let pods = owner_of(subject).map_or(1, |owner| mates[&owner].1);
                1.0 / (hosts * pods) as f64
            }
        };
        (simple || allowed == 0).then(|| self.subjects.iter().zip(&opinions).map(chance).collect())
    }

    pub(super) fn counted(&self, seeds: &[u64]) -> Vec<f64> {
        let mut hits: HashMap<String, usize> = HashMap::new();
        for seed in seeds {
            // In a crowd the order of the candidates would cost more, and it is as likely as any.
            for victim in self.choose_from(DrawQueue::new(self.candidates(), *seed, self.limits.draw)) {
                if !victim.opinion.is_refused() {
                    *hits.entry(victim.pod.uid).or_default() += 1;
                }
            }
        }
        let share =
            |uid: &String| hits.get(uid).copied().unwrap_or_default() as f64 / seeds.len().max(1) as f64;
        self.subjects
            .iter()
            .map(|subject| share(&subject.candidate.pod.uid))
            .collect()
    }
}

fn owner_of(subject: &PreviewedPod) -> Option<(&str, &PodOwner)> {
    let Candidate { pod, owner } = &subject.candidate;
    Some((&pod.namespace, owner.as_ref()?))
}
