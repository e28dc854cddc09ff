//! A compact index of many pods that were all checked: their names, which of them are candidates, and the candidates in
//! the random order of a seed.

use std::collections::HashSet;
use std::rc::Rc;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

use super::queue::by_owner;
use crate::config::DrawBy;
use crate::eligibility::{Candidate, EligibilityConfig};
use crate::pod::{Pod, PodOwner, PodRef};
use crate::selection::NameIndex;

/// The pods that were checked, and which of them are candidates.
#[derive(Debug, Clone, Default)]
pub struct CandidateIndex {
    names: NameIndex,
    /// The candidates, in the order of the names.
    eligible: Vec<EligiblePod>,
}

/// A candidate, without its name and namespace, which the names hold.
#[derive(Debug, Clone)]
struct EligiblePod {
    /// The position of its name in the names.
    number: u32,
    uid: Box<str>,
    /// The controller, shared by pods of one owner that were added one after the other.
    owner: Option<Rc<PodOwner>>,
}

impl CandidateIndex {
    /// Adds a pod that was checked by `rules`; `candidate` is `None` if the pod is exempt. Pods must be added in the
    /// API server's order: by `NAMESPACE/NAME`.
    pub fn push(&mut self, pod: &Pod, candidate: Option<&Candidate>, eligibility: &EligibilityConfig) {
        // The name index of a sampled round holds only pods in these phases, and both must give the same order.
        if !eligibility.phases().contains(&pod.phase) {
            return;
        }

        let number = self.names.len() as u32;
        self.names.push(Some(&pod.id.namespace), &pod.id.name, None);

        self.eligible.extend(candidate.map(|candidate| EligiblePod {
            number,
            uid: candidate.pod.uid.as_str().into(),
            owner: candidate.owner.as_ref().map(|owner| self.shared(owner)),
        }));
    }

    /// The owner of the last pod if it equals `owner`, else a copy of `owner`.
    fn shared(&self, owner: &PodOwner) -> Rc<PodOwner> {
        let last_owner = self.eligible.last().and_then(|last| last.owner.as_ref());
        let equal = last_owner.filter(|last| ***last == *owner);
        equal.map_or_else(|| Rc::new(owner.clone()), Rc::clone)
    }

    /// Appends another index, whose pods come after those of this one.
    pub fn append(&mut self, other: Self) {
        let offset = self.names.len() as u32;
        self.names.append(other.names);

        let renumbered = other.eligible.into_iter().map(|eligible| EligiblePod {
            number: offset + eligible.number,
            ..eligible
        });
        self.eligible.extend(renumbered);
    }

    /// How many candidates the index holds.
    pub fn candidates(&self) -> usize {
        self.eligible.len()
    }

    /// How many owners the candidates have; a pod without an owner counts as its own owner.
    pub fn owners(&self) -> usize {
        let all = self.eligible.iter().map(|eligible| self.owner_of(eligible));
        let without_owner = all.clone().filter(Option::is_none).count();
        let owners: HashSet<_> = all.flatten().collect();
        owners.len() + without_owner
    }

    /// Removes the candidates that `keep` does not accept.
    pub fn retain(&mut self, mut keep: impl FnMut(&Candidate) -> bool) {
        let Self { names, eligible } = self;
        eligible.retain(|eligible| keep(&eligible.candidate(names)));
    }

    /// The candidates in the order of `seed`, each once. By pod, the order is that of [`NameIndex::draw`].
    pub fn draw(&self, seed: u64, draw_by: DrawBy) -> impl Iterator<Item = Candidate> + '_ {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let order = self.names.order(&mut rng);

        let find = |number| {
            self.eligible
                .binary_search_by_key(&number, |eligible| eligible.number)
        };
        let found = order
            .into_iter()
            .filter_map(|number| Some(&self.eligible[find(number).ok()?]));

        // A pod may be listed twice, at the end of one page and the start of the next.
        let mut seen = HashSet::new();
        let drawn: Vec<_> = found.filter(|eligible| seen.insert(&*eligible.uid)).collect();

        let drawn = match draw_by {
            DrawBy::Pod => drawn,
            DrawBy::Owner => by_owner(drawn, |eligible| self.owner_of(eligible), &mut rng),
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
            team: None,
            period_end: None,
        }
    }
}

#[cfg(test)]
mod tests;
