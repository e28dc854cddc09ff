//! Orders the candidates by lot: who is tried first, who next. Knows nothing of clusters or clocks.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;

use crate::config::DrawBy;
use crate::eligibility::Candidate;
use crate::pod::{PodOwner, PodRef};

/// Puts `candidates` in the order in which they are to be tried. Every order of the pods, or of the owners, is equally
/// likely over the seeds; the same seed and the same pods give the same order, however the API server listed them, on
/// every platform (a named generator over a list sorted by UID).
pub fn draw(mut candidates: Vec<Candidate>, seed: u64, among: DrawBy) -> Vec<Candidate> {
    candidates.sort_unstable_by(|a, b| a.pod.uid.cmp(&b.pod.uid));
    // A page boundary may repeat a pod; by UID it is the same one.
    candidates.dedup_by(|a, b| a.pod.uid == b.pod.uid);
    let mut chance = ChaCha12Rng::seed_from_u64(seed);
    candidates.shuffle(&mut chance);
    match among {
        DrawBy::Pod => candidates,
        DrawBy::Owner => by_owner(candidates, owner_of, &mut chance),
    }
}

/// Puts what was drawn in an order of its owners, each order as likely as another; the pods of one owner follow each
/// other in the order of the draw, and who has no owner stands alone.
pub(super) fn by_owner<T, O: Hash + Eq>(
    drawn: Vec<T>,
    owner_of: impl Fn(&T) -> Option<O>,
    chance: &mut ChaCha12Rng,
) -> Vec<T> {
    let (mut groups, mut known) = (Vec::new(), HashMap::new());
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

/// So many pods of a refused owner wait at most: twice what a round tries, and so nobody misses the others.
const MOST_PUT_BACK: usize = 2_000;

/// The candidates of one round in the order of the draw, less those that what happened rules out: one victim an
/// owner, and after a refusal the other owners first, since one budget usually covers all pods of an owner.
#[derive(Debug)]
pub struct DrawQueue {
    drawn: VecDeque<Candidate>,
    put_back: VecDeque<Candidate>,
    spent: HashSet<(String, PodOwner)>,
    /// The refused owners, and how many pods of each were put back.
    refused: HashMap<(String, PodOwner), usize>,
    /// Namespaces in which nothing can be disrupted.
    left: HashSet<String>,
    /// Whether more may be drawn, who come before anybody who was put back.
    growing: bool,
}

impl DrawQueue {
    /// The lot of `candidates` under `seed`.
    pub fn new(candidates: Vec<Candidate>, seed: u64, among: DrawBy) -> Self {
        Self::of(draw(candidates, seed, among))
    }

    /// The lot of those who were drawn already, in this order.
    pub fn of(drawn: Vec<Candidate>) -> Self {
        Self {
            drawn: drawn.into(),
            put_back: VecDeque::new(),
            spent: HashSet::new(),
            refused: HashMap::new(),
            left: HashSet::new(),
            growing: false,
        }
    }

    /// A lot of nobody yet, which grows by [`Self::add`] until it is complete.
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

    /// Whoever waits to be tried is to be drawn anew; whom what happened rules out stays ruled out.
    pub fn forget(&mut self) {
        self.drawn.clear();
        self.put_back.clear();
        for waiting in self.refused.values_mut() {
            *waiting = 0;
        }
    }

    /// Nobody else will be drawn.
    pub fn complete(&mut self) {
        self.growing = false;
    }

    /// How many candidates are left, each pod counted once however often it was listed.
    pub fn len(&self) -> usize {
        self.drawn.len() + self.put_back.len()
    }

    /// Whether nobody is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next candidate to try; of a lot that grows, `None` may mean that more must be drawn first.
    pub fn next_victim(&mut self) -> Option<Candidate> {
        while let Some(candidate) = self.drawn.pop_front() {
            let Some(owner) = owner_of(&candidate) else {
                return Some(candidate);
            };
            if self.spent.contains(&owner) {
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
        let spent = &self.spent;
        self.put_back
            .retain(|candidate| owner_of(candidate).is_none_or(|owner| !spent.contains(&owner)));
        self.put_back.pop_front()
    }

    /// `victim` was disrupted, or may have been: no other pod of its owner is drawn.
    pub fn spend(&mut self, victim: &Candidate) {
        self.spent.extend(owner_of(victim));
    }

    /// `victim` was refused: the pods of other owners come first.
    pub fn refuse(&mut self, victim: &Candidate) {
        if let Some(owner) = owner_of(victim) {
            self.refused.entry(owner).or_default();
        }
    }

    /// Whether nothing can be disrupted in `namespace`.
    pub fn has_left(&self, namespace: &str) -> bool {
        self.left.contains(namespace)
    }

    /// Nothing can be disrupted in the namespace of `pod`: the rest of it leaves the lot.
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
