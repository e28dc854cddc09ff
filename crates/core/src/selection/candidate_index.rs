//! A crowd of which every pod was judged: its names, who of them is a candidate, held compactly, and the order in which
//! a seed draws the candidates.

use std::collections::HashSet;
use std::rc::Rc;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

use super::queue::by_owner;
use crate::config::DrawBy;
use crate::eligibility::{Candidate, EligibilityRules};
use crate::pod::{Pod, PodOwner, PodRef};
use crate::selection::NameIndex;

/// Everybody who was judged.
#[derive(Debug, Clone, Default)]
pub struct CandidateIndex {
    roster: NameIndex,
    /// In the order of the roster.
    eligible: Vec<EligiblePod>,
}

/// A candidate, but for what the roster holds of it.
#[derive(Debug, Clone)]
struct EligiblePod {
    /// Its number in the roster.
    number: u32,
    uid: Box<str>,
    /// Shared by those of one owner that were entered one after the other, as the API server lists them.
    owner: Option<Rc<PodOwner>>,
}

impl CandidateIndex {
    /// Enters a pod with the candidate that it was judged to be by `rules`, if it was. They come in the API server's
    /// order: by `NAMESPACE/NAME`.
    pub fn enter(&mut self, pod: &Pod, candidate: Option<&Candidate>, rules: &EligibilityRules) {
        // A list of names holds no other phases.
        if !rules.phases().contains(&pod.phase) {
            return;
        }
        let number = self.roster.len() as u32;
        self.roster.enter(Some(&pod.id.namespace), &pod.id.name, None);
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

    /// Adds another register, whose pods come after these.
    pub fn append(&mut self, more: Self) {
        let before = self.roster.len() as u32;
        self.roster.append(more.roster);
        self.eligible
            .extend(more.eligible.into_iter().map(|eligible| EligiblePod {
                number: before + eligible.number,
                ..eligible
            }));
    }

    /// How many candidates it holds.
    pub fn candidates(&self) -> usize {
        self.eligible.len()
    }

    /// Strikes out the candidates that are not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&Candidate) -> bool) {
        let Self { roster, eligible } = self;
        eligible.retain(|eligible| keep(&eligible.candidate(roster)));
    }

    /// The candidates in the order of `seed`, each once. Among pods it is the order in which [`NameIndex::draw`] comes
    /// upon them.
    pub fn draw(&self, seed: u64, among: DrawBy) -> impl Iterator<Item = Candidate> + '_ {
        let mut chance = ChaCha12Rng::seed_from_u64(seed);
        let order = self.roster.order(&mut chance);
        let find = |number| {
            self.eligible
                .binary_search_by_key(&number, |eligible| eligible.number)
        };
        let drawn = order
            .into_iter()
            .filter_map(|number| Some(&self.eligible[find(number).ok()?]));
        let mut seen = HashSet::new();
        // A page boundary may repeat a pod; by UID it is the same one.
        let drawn: Vec<_> = drawn.filter(|eligible| seen.insert(&*eligible.uid)).collect();
        let drawn = match among {
            DrawBy::Pod => drawn,
            DrawBy::Owner => by_owner(drawn, |eligible| self.owner_of(eligible), &mut chance),
        };
        drawn.into_iter().map(|eligible| eligible.candidate(&self.roster))
    }

    fn owner_of(&self, eligible: &EligiblePod) -> Option<(&str, Rc<PodOwner>)> {
        let namespace = self.roster.namespace(eligible.number as usize)?;
        Some((namespace, Rc::clone(eligible.owner.as_ref()?)))
    }
}

impl EligiblePod {
    fn candidate(&self, roster: &NameIndex) -> Candidate {
        let number = self.number as usize;
        Candidate {
            pod: PodRef {
                namespace: roster.namespace(number).unwrap_or_default().to_owned(),
                name: roster.name(number).to_owned(),
                uid: self.uid.to_string(),
            },
            owner: self.owner.as_deref().cloned(),
        }
    }
}

#[cfg(test)]
mod tests;
