//! The queue of one round: candidates in a random order, without those that the outcomes so far rule out.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;

use crate::config::DrawBy;
use crate::eligibility::Candidate;
use crate::pod::{PodOwner, PodRef};

/// The most pods of a refused owner that are put back: twice what a round tries, so no other pod is missed.
const MOST_PUT_BACK: usize = 2_000;

/// The candidates of one round in the order of the draw, without those that the outcomes rule out: one victim an
/// owner, and after a refusal the other owners first, since one budget usually covers all pods of an owner.
#[derive(Debug)]
pub struct DrawQueue {
    drawn: VecDeque<Candidate>,
    put_back: VecDeque<Candidate>,
    disrupted_owners: HashSet<(String, PodOwner)>,
    /// The refused owners, and how many pods of each were put back.
    refused: HashMap<(String, PodOwner), usize>,
    /// The namespaces in which nothing can be disrupted.
    left: HashSet<String>,
    /// Whether more candidates may be drawn, which come before those that were put back.
    growing: bool,
}

/// Puts `candidates` in the order in which they are to be tried. Every order of the pods, or of the owners, is equally
/// likely over the seeds; the same seed and the same pods give the same order, however the API server listed them, on
/// every platform (a named generator over a list sorted by UID).
pub fn draw(mut candidates: Vec<Candidate>, seed: u64, draw_by: DrawBy) -> Vec<Candidate> {
    candidates.sort_unstable_by(|a, b| a.pod.uid.cmp(&b.pod.uid));
    // A page boundary may repeat a pod; by UID it is the same one.
    candidates.dedup_by(|a, b| a.pod.uid == b.pod.uid);

    let mut chance = ChaCha12Rng::seed_from_u64(seed);
    candidates.shuffle(&mut chance);

    match draw_by {
        DrawBy::Pod => candidates,
        DrawBy::Owner => by_owner(candidates, owner_of, &mut chance),
    }
}

/// Puts what was drawn in a random order of its owners. The pods of one owner follow each other in the order of the
/// draw, and a pod without an owner is an owner of its own.
pub(super) fn by_owner<T, O: Hash + Eq>(
    drawn: Vec<T>,
    owner_of: impl Fn(&T) -> Option<O>,
    chance: &mut ChaCha12Rng,
) -> Vec<T> {
    let mut groups = Vec::new();
    let mut known = HashMap::new();
    for one in drawn {
        let next = groups.len();
        let group = owner_of(&one).map_or(next, |owner| *known.entry(owner).or_insert(next));
        if group == next {
            groups.push(Vec::new());
        }
        groups[group].push(one);
    }

    groups.shuffle(chance);
    groups.into_iter().flatten().collect()
}

impl DrawQueue {
    /// A queue of `candidates` in the order of `seed`.
    pub fn new(candidates: Vec<Candidate>, seed: u64, draw_by: DrawBy) -> Self {
        Self::of(draw(candidates, seed, draw_by))
    }

    /// A queue of candidates that were drawn already, in this order.
    pub fn of(drawn: Vec<Candidate>) -> Self {
        Self {
            drawn: drawn.into(),
            put_back: VecDeque::new(),
            disrupted_owners: HashSet::new(),
            refused: HashMap::new(),
            left: HashSet::new(),
            growing: false,
        }
    }

    /// An empty queue, which grows by [`Self::add`] until it is complete.
    pub fn growing() -> Self {
        Self {
            growing: true,
            ..Self::of(Vec::new())
        }
    }

    /// Adds candidates that were drawn after those before.
    pub fn add(&mut self, drawn: impl IntoIterator<Item = Candidate>) {
        let left = &self.left;
        let drawn = drawn
            .into_iter()
            .filter(|drawn| !left.contains(&drawn.pod.namespace));
        self.drawn.extend(drawn);
    }

    /// Empties the queue, to draw anew; what the outcomes ruled out stays ruled out.
    pub fn restart(&mut self) {
        self.drawn.clear();
        self.put_back.clear();

        for waiting in self.refused.values_mut() {
            *waiting = 0;
        }
    }

    /// Ends the draw: no more candidates will be added.
    pub fn complete(&mut self) {
        self.growing = false;
    }

    /// How many candidates are left, each pod counted once however often it was listed.
    pub fn len(&self) -> usize {
        self.drawn.len() + self.put_back.len()
    }

    /// Whether no candidate is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next candidate to try; for a queue that grows, `None` may mean that more must be drawn first.
    pub fn next_victim(&mut self) -> Option<Candidate> {
        while let Some(candidate) = self.drawn.pop_front() {
            let Some(owner) = owner_of(&candidate) else {
                return Some(candidate);
            };
            if self.disrupted_owners.contains(&owner) {
                continue;
            }

            match self.refused.get_mut(&owner) {
                None => return Some(candidate),
                Some(waiting) if *waiting < MOST_PUT_BACK => {
                    *waiting += 1;
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

    /// The first candidate that was put back and whose owner was not disrupted since.
    fn next_put_back(&mut self) -> Option<Candidate> {
        let disrupted = &self.disrupted_owners;
        self.put_back
            .retain(|candidate| owner_of(candidate).is_none_or(|owner| !disrupted.contains(&owner)));
        self.put_back.pop_front()
    }

    /// Notes that `victim` was disrupted, or may have been: no other pod of its owner is drawn.
    pub fn mark_disrupted(&mut self, victim: &Candidate) {
        self.disrupted_owners.extend(owner_of(victim));
    }

    /// Notes that `victim` was refused: the pods of other owners come first.
    pub fn mark_refused(&mut self, victim: &Candidate) {
        if let Some(owner) = owner_of(victim) {
            self.refused.entry(owner).or_default();
        }
    }

    /// Whether `namespace` was left, because nothing can be disrupted in it.
    pub fn has_left(&self, namespace: &str) -> bool {
        self.left.contains(namespace)
    }

    /// Leaves the namespace of `pod`, because nothing can be disrupted in it: its candidates are removed.
    pub fn leave_namespace(&mut self, pod: &PodRef) {
        self.left.insert(pod.namespace.clone());

        for rest in [&mut self.drawn, &mut self.put_back] {
            rest.retain(|candidate| candidate.pod.namespace != pod.namespace);
        }
    }
}

fn owner_of(candidate: &Candidate) -> Option<(String, PodOwner)> {
    Some((candidate.pod.namespace.clone(), candidate.owner.clone()?))
}

#[cfg(test)]
mod tests;
