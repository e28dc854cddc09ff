//! Many pods that were all checked, in compact form: their names, which of them are candidates, and the random order
//! that a seed gives the candidates.

use std::collections::HashSet;
use std::rc::Rc;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

use super::queue::by_owner;
use crate::config::DrawBy;
use crate::eligibility::{Candidate, EligibilityRules};
use crate::pod::{Pod, PodOwner, PodRef};
use crate::selection::NameIndex;

/// The pods that were checked, and which of them are candidates.
#[derive(Debug, Clone, Default)]
pub struct CandidateIndex {
    names: NameIndex,
    /// In the order of the names.
    eligible: Vec<EligiblePod>,
}

/// A candidate, without what the names already hold.
#[derive(Debug, Clone)]
struct EligiblePod {
    /// The number of its name.
    number: u32,
    uid: Box<str>,
    /// Shared by the pods of one owner that were added one after the other, as the API server lists them.
    owner: Option<Rc<PodOwner>>,
}

impl CandidateIndex {
    /// Adds a pod that was checked by `rules`, with the candidate it is, if it is one. Pods are added in the API
    /// server's order: by `NAMESPACE/NAME`.
    pub fn push(&mut self, pod: &Pod, candidate: Option<&Candidate>, rules: &EligibilityRules) {
        // A list of names holds no other phases.
        if !rules.phases().contains(&pod.phase) {
            return;
        }

        let number = self.names.len() as u32;
        self.names.push(Some(&pod.id.namespace), &pod.id.name, None);

        self.eligible.extend(candidate.map(|candidate| EligiblePod {
            number,
            uid: candidate.pod.uid.as_str().into(),
            owner: candidate.owner.as_ref().map(|owner| self.share(owner)),
        }));
    }

    fn share(&self, owner: &PodOwner) -> Rc<PodOwner> {
        let last = self.eligible.last().and_then(|last| last.owner.as_ref());
        let same = last.filter(|last| ***last == *owner);
        same.map_or_else(|| Rc::new(owner.clone()), Rc::clone)
    }

    /// Adds another index, whose pods come after these.
    pub fn append(&mut self, more: Self) {
        let before = self.names.len() as u32;
        self.names.append(more.names);

        let renumbered = more.eligible.into_iter().map(|eligible| EligiblePod {
            number: before + eligible.number,
            ..eligible
        });
        self.eligible.extend(renumbered);
    }

    /// How many candidates the index holds.
    pub fn candidates(&self) -> usize {
        self.eligible.len()
    }

    /// Removes the candidates that `keep` does not accept.
    pub fn retain(&mut self, mut keep: impl FnMut(&Candidate) -> bool) {
        let Self { names, eligible } = self;
        eligible.retain(|eligible| keep(&eligible.candidate(names)));
    }

    /// The candidates in the order of `seed`, each once. Drawn by pod, they come in the order of [`NameIndex::draw`].
    pub fn draw(&self, seed: u64, draw_by: DrawBy) -> impl Iterator<Item = Candidate> + '_ {
        let mut chance = ChaCha12Rng::seed_from_u64(seed);
        let order = self.names.order(&mut chance);

        let find = |number| {
            self.eligible
                .binary_search_by_key(&number, |eligible| eligible.number)
        };
        let found = order
            .into_iter()
            .filter_map(|number| Some(&self.eligible[find(number).ok()?]));

        // A page boundary may repeat a pod; by UID it is the same one.
        let mut seen = HashSet::new();
        let drawn: Vec<_> = found.filter(|eligible| seen.insert(&*eligible.uid)).collect();

        let drawn = match draw_by {
            DrawBy::Pod => drawn,
            DrawBy::Owner => by_owner(drawn, |eligible| self.owner_of(eligible), &mut chance),
        };
        drawn.into_iter().map(|eligible| eligible.candidate(&self.names))
    }

    fn owner_of(&self, eligible: &EligiblePod) -> Option<(&str, Rc<PodOwner>)> {
        let namespace = self.names.namespace(eligible.number as usize)?;
        Some((namespace, Rc::clone(eligible.owner.as_ref()?)))
    }
}

impl EligiblePod {
    fn candidate(&self, names: &NameIndex) -> Candidate {
        let number = self.number as usize;

        Candidate {
            pod: PodRef {
                namespace: names.namespace(number).unwrap_or_default().to_owned(),
                name: names.name(number).to_owned(),
                uid: self.uid.to_string(),
            },
            owner: self.owner.as_deref().cloned(),
        }
    }
}

#[cfg(test)]
mod tests;
