//! A compact index of many pods that were all checked: their names, which of them are candidates, and the candidates in
//! the random order of a seed.

use std::collections::HashSet;
use std::num::NonZeroU32;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

use super::compact_uid::CompactUid;
use super::queue::by_owner;
use crate::config::DrawBy;
use crate::eligibility::{Candidate, EligibilityConfig};
use crate::pod::{Pod, PodOwner, PodRef};
use crate::selection::NameIndex;

/// The pods that were checked, and which of them are candidates. A candidate takes 32 bytes beside its name.
#[derive(Debug, Clone, Default)]
pub struct CandidateIndex {
    names: NameIndex,
    /// The candidates, in the order of the names.
    eligible: Vec<EligiblePod>,
    /// The controllers, each once for pods of one owner that were added one after the other.
    controllers: Vec<PodOwner>,
}

/// A candidate, without its name, namespace and controller, which the index holds.
#[derive(Debug, Clone)]
struct EligiblePod {
    /// The position of its name in the names.
    number: u32,
    /// How many of the controllers there are up to that of the pod.
    controller: Option<NonZeroU32>,
    uid: CompactUid,
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

        if let Some(candidate) = candidate {
            let controller = candidate
                .owner
                .as_ref()
                .and_then(|owner| self.controller_number(owner));
            self.eligible.push(EligiblePod {
                number,
                controller,
                uid: candidate.pod.uid.as_str().into(),
            });
        }
    }

    /// The number of the last controller if it equals `owner`, else that of a copy of `owner`.
    fn controller_number(&mut self, owner: &PodOwner) -> Option<NonZeroU32> {
        if self.controllers.last() != Some(owner) {
            self.controllers.push(owner.clone());
        }
        NonZeroU32::new(self.controllers.len() as u32)
    }

    /// Appends another index, whose pods come after those of this one.
    pub fn append(&mut self, other: Self) {
        if self.names.is_empty() {
            *self = other;
            return;
        }

        let offset = self.names.len() as u32;
        let controllers = self.controllers.len() as u32;
        self.names.append(other.names);
        self.controllers.extend(other.controllers);

        let renumbered = other.eligible.into_iter().map(|eligible| EligiblePod {
            number: offset + eligible.number,
            controller: eligible
                .controller
                .and_then(|number| number.checked_add(controllers)),
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
        let mut eligible = std::mem::take(&mut self.eligible);
        eligible.retain(|eligible| keep(&self.candidate(eligible)));
        self.eligible = eligible;
    }

    /// The candidates in the order of `seed`, each once. By pod, the order is that of [`NameIndex::draw`].
    pub fn draw(&self, seed: u64, draw_by: DrawBy) -> impl Iterator<Item = Candidate> + '_ {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let order = self.names.order(&mut rng);

        let find = |number| {
            self.eligible
                .binary_search_by_key(&number, |eligible| eligible.number)
        };
        let found = order.into_iter().filter_map(|number| find(number).ok());
        let mut drawn: Vec<_> = found.map(|place| place as u32).collect();
        self.drop_repeated(&mut drawn);

        let drawn = match draw_by {
            DrawBy::Pod => drawn,
            DrawBy::Owner => by_owner(drawn, |place| self.owner_of(self.at(*place)), &mut rng),
        };
        drawn.into_iter().map(|place| self.candidate(self.at(place)))
    }

    /// Removes what was drawn before: a pod may be listed twice, at the end of one page and the start of the next.
    fn drop_repeated(&self, drawn: &mut Vec<u32>) {
        let mut by_uid = drawn.clone();
        by_uid.sort_unstable_by_key(|place| &self.at(*place).uid);
        let is_repeated = |pair: &&[u32]| self.at(pair[0]).uid == self.at(pair[1]).uid;
        let repeated = by_uid.windows(2).filter(is_repeated);
        let repeated: HashSet<_> = repeated.map(|pair| &self.at(pair[0]).uid).collect();

        let mut seen = HashSet::new();
        drawn.retain(|place| {
            let uid = &self.at(*place).uid;
            !repeated.contains(uid) || seen.insert(uid)
        });
    }

    fn at(&self, place: u32) -> &EligiblePod {
        &self.eligible[place as usize]
    }

    fn candidate(&self, eligible: &EligiblePod) -> Candidate {
        let number = eligible.number as usize;

        Candidate {
            pod: PodRef {
                namespace: self.names.namespace(number).unwrap_or_default().to_owned(),
                name: self.names.name(number).to_owned(),
                uid: eligible.uid.to_string(),
            },
            owner: self.controller(eligible).cloned(),
            team: None,
            period_end: None,
        }
    }

    fn controller(&self, eligible: &EligiblePod) -> Option<&PodOwner> {
        let number = eligible.controller?.get() as usize;
        self.controllers.get(number - 1)
    }

    fn owner_of(&self, eligible: &EligiblePod) -> Option<(&str, &PodOwner)> {
        let namespace = self.names.namespace(eligible.number as usize)?;
        Some((namespace, self.controller(eligible)?))
    }
}

#[cfg(test)]
mod tests;
