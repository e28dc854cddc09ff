//! The queue of one round: candidates in a random order, without those that the outcomes so far rule out.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;

use crate::config::DrawBy;
use crate::eligibility::Candidate;
use crate::pod::{PodOwner, PodRef};

/// The maximum number of pods of a refused owner that are put back: twice what a round may try, so that none is missed.
const MAX_PUT_BACK: usize = 2_000;

/// The candidates of one round in the order of the draw, without those that the outcomes rule out: one victim per
/// owner, and after a refusal the other owners first, since one budget usually covers all pods of an owner.
#[derive(Debug)]
pub struct DrawQueue {
    drawn: VecDeque<Candidate>,
    /// The pods of refused owners, to be tried after all others.
    put_back: VecDeque<Candidate>,
    /// The owners of which no other pod is tried: one was disrupted, or a guard of the owner stopped it.
    closed_owners: HashSet<(String, PodOwner)>,
    /// The refused owners, and how many pods of each were put back.
    refused_owners: HashMap<(String, PodOwner), usize>,
    /// The namespaces in which nothing can be disrupted.
    excluded_namespaces: HashSet<String>,
    /// Whether more candidates may be added, to be tried before those that were put back.
    growing: bool,
}

/// Puts `candidates` in the order in which they are to be tried. Over all seeds, every order of the pods, or of the
/// owners, is equally likely. The same seed and the same pods give the same order on every platform, in whatever order
/// the API server listed them (a named generator over a list sorted by UID).
pub fn draw(mut candidates: Vec<Candidate>, seed: u64, draw_by: DrawBy) -> Vec<Candidate> {
    candidates.sort_unstable_by(|a, b| a.pod.uid.cmp(&b.pod.uid));
    // A pod may be listed twice, at the end of one page and the start of the next.
    candidates.dedup_by(|a, b| a.pod.uid == b.pod.uid);

    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    candidates.shuffle(&mut rng);

    match draw_by {
        DrawBy::Pod => candidates,
        DrawBy::Owner => by_owner(candidates, owner_of, &mut rng),
    }
}

/// How many owners these candidates have; a pod without an owner counts as its own owner.
pub fn count_owners<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> usize {
    let mut owners = HashSet::new();
    let mut without_owner = 0;
    for Candidate { pod, owner, .. } in candidates {
        match owner {
            Some(owner) => drop(owners.insert((&pod.namespace, owner))),
            None => without_owner += 1,
        }
    }
    owners.len() + without_owner
}

/// Groups the drawn pods by owner, in a random order of the owners. The pods of one owner stay in the order of the
/// draw, and a pod without an owner counts as its own owner.
pub(super) fn by_owner<T, O: Hash + Eq>(
    drawn: Vec<T>,
    owner_of: impl Fn(&T) -> Option<O>,
    rng: &mut ChaCha12Rng,
) -> Vec<T> {
    let mut group_of = HashMap::new();
    let mut groups = 0;
    let mut grouped = Vec::with_capacity(drawn.len());
    for pod in drawn {
        let group = owner_of(&pod).map_or(groups, |owner| *group_of.entry(owner).or_insert(groups));
        groups = groups.max(group + 1);
        grouped.push((group, pod));
    }

    // The place of each group in the order. A list of groups, each with its pods, would take several times the memory.
    let mut order: Vec<u32> = (0..groups).collect();
    order.shuffle(rng);
    let mut places = vec![0; order.len()];
    for (place, group) in (0_u32..).zip(order) {
        places[group as usize] = place;
    }

    grouped.sort_by_key(|(group, _)| places[*group as usize]);
    grouped.into_iter().map(|(_, pod)| pod).collect()
}

impl DrawQueue {
    /// A queue of `candidates` in the order of `seed`.
    pub fn new(candidates: Vec<Candidate>, seed: u64, draw_by: DrawBy) -> Self {
        Self::from_drawn(draw(candidates, seed, draw_by))
    }

    /// A queue of candidates that were drawn already, in this order.
    pub fn from_drawn(drawn: Vec<Candidate>) -> Self {
        Self {
            drawn: drawn.into(),
            put_back: VecDeque::new(),
            closed_owners: HashSet::new(),
            refused_owners: HashMap::new(),
            excluded_namespaces: HashSet::new(),
            growing: false,
        }
    }

    /// An empty queue, which grows by [`Self::add`] until [`Self::complete`] is called.
    pub fn growing() -> Self {
        Self {
            growing: true,
            ..Self::from_drawn(Vec::new())
        }
    }

    /// Adds candidates, which were drawn after those already added.
    pub fn add(&mut self, drawn: impl IntoIterator<Item = Candidate>) {
        let excluded = &self.excluded_namespaces;
        let drawn = drawn
            .into_iter()
            .filter(|candidate| !excluded.contains(&candidate.pod.namespace));
        self.drawn.extend(drawn);
    }

    /// Empties the queue before another draw; what the outcomes ruled out stays ruled out.
    pub fn restart(&mut self) {
        self.drawn.clear();
        self.put_back.clear();

        for count in self.refused_owners.values_mut() {
            *count = 0;
        }
    }

    /// Marks the draw as complete: no more candidates will be added.
    pub fn complete(&mut self) {
        self.growing = false;
    }

    /// Whether more candidates may be added.
    pub fn is_growing(&self) -> bool {
        self.growing
    }

    /// How many candidates are in the queue.
    pub fn len(&self) -> usize {
        self.drawn.len() + self.put_back.len()
    }

    /// Whether no candidate is in the queue.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next candidate to try. Until the draw is complete, `None` may mean that more must be added first.
    pub fn next_victim(&mut self) -> Option<Candidate> {
        while let Some(candidate) = self.drawn.pop_front() {
            let Some(owner) = owner_of(&candidate) else {
                return Some(candidate);
            };
            if self.closed_owners.contains(&owner) {
                continue;
            }

            match self.refused_owners.get_mut(&owner) {
                None => return Some(candidate),
                Some(count) if *count < MAX_PUT_BACK => {
                    *count += 1;
                    self.put_back.push_back(candidate);
                }
                Some(_) => {}
            }
        }

        if self.growing {
            return None;
        }
        self.next_put_back()
    }

    /// The first candidate that was put back and whose owner was not closed since.
    fn next_put_back(&mut self) -> Option<Candidate> {
        let closed = &self.closed_owners;
        self.put_back
            .retain(|candidate| owner_of(candidate).is_none_or(|owner| !closed.contains(&owner)));
        self.put_back.pop_front()
    }

    /// Notes that `victim` was disrupted or may have been, or that a guard of its owner stopped it: no other pod of its
    /// owner is tried.
    pub fn close_owner(&mut self, victim: &Candidate) {
        self.closed_owners.extend(owner_of(victim));
    }

    /// Notes that `victim` was refused: the pods of other owners come first.
    pub fn mark_refused(&mut self, victim: &Candidate) {
        if let Some(owner) = owner_of(victim) {
            self.refused_owners.entry(owner).or_default();
        }
    }

    /// Whether `namespace` is excluded, because nothing can be disrupted in it.
    pub fn is_excluded(&self, namespace: &str) -> bool {
        self.excluded_namespaces.contains(namespace)
    }

    /// Excludes the namespace of `pod`, because nothing can be disrupted in it, and removes its candidates.
    pub fn exclude_namespace(&mut self, pod: &PodRef) {
        self.excluded_namespaces.insert(pod.namespace.clone());

        for candidates in [&mut self.drawn, &mut self.put_back] {
            candidates.retain(|candidate| candidate.pod.namespace != pod.namespace);
        }
    }
}

fn owner_of(candidate: &Candidate) -> Option<(String, PodOwner)> {
    Some((candidate.pod.namespace.clone(), candidate.owner.clone()?))
}

#[cfg(test)]
mod tests;
