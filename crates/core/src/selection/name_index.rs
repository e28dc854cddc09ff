//! A compact index of pod names, and the names in the random order of a seed.
//!
//! With too many pods in scope to check each, a round samples: it draws names and checks only the pods drawn. A random
//! order of all pods is also a random order of the eligible ones, however few they are.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;

/// The maximum number of pods in scope of which a round checks every one; with more it samples.
pub const SAMPLING_THRESHOLD: usize = 2_000;

/// The names of pods. One takes its own bytes plus four, four more if nodes are known, and four more during a draw.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    /// The names, one after the other.
    names: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// The number of each pod's node, as a hint; that of the empty name if it is unknown. Empty until one is known.
    nodes: Vec<u32>,
    node_names: Vec<String>,
    node_numbers: HashMap<String, u32>,
    /// The number of the first pod of each namespace; the namespace is `None` where the list does not hold it.
    namespaces: Vec<(u32, Option<String>)>,
}

/// One name of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedName<'a> {
    /// The pod's namespace, where it is known.
    pub namespace: Option<&'a str>,
    /// The pod's name.
    pub name: &'a str,
    /// The node on which the pod was listed; it may have changed.
    pub node: Option<&'a str>,
    /// How many pods of the same name come before this one in the order of namespaces; 0 if the namespace is known.
    pub nth: usize,
}

impl NameIndex {
    /// Adds a pod. Pods must be added in the API server's order: by `NAMESPACE/NAME`.
    pub fn push(&mut self, namespace: Option<&str>, name: &str, node: Option<&str>) {
        let number = self.ends.len() as u32;

        let last = self.namespaces.last();
        if last.is_none_or(|(_, last)| last.as_deref() != namespace) {
            self.namespaces.push((number, namespace.map(str::to_owned)));
        }

        self.names.push_str(name);
        self.ends.push(self.names.len() as u32);

        if let Some(node) = node {
            let unknown = self.node_number("");
            self.nodes.resize(number as usize, unknown);
            let node = self.node_number(node);
            self.nodes.push(node);
        }
    }

    /// The number of `node`; a new node gets the next one.
    fn node_number(&mut self, node: &str) -> u32 {
        if let Some(known) = self.node_numbers.get(node) {
            return *known;
        }

        let next = self.node_names.len() as u32;
        self.node_names.push(node.to_owned());
        self.node_numbers.insert(node.to_owned(), next);
        next
    }

    /// Appends another index, whose names come after those of this one.
    pub fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }

        for number in 0..other.len() {
            self.push(other.namespace(number), other.name(number), other.node(number));
        }
    }

    /// How many names the index holds.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the index holds no name.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names in the order of `seed`. Over all seeds, every order is equally likely. The same seed and the same pods
    /// give the same order on every platform, whether their namespaces are known or not (a named generator over a list
    /// sorted by name, then by namespace).
    pub fn draw(&self, seed: u64) -> impl Iterator<Item = IndexedName<'_>> {
        let order = self.order(&mut ChaCha12Rng::seed_from_u64(seed));
        order.into_iter().map(|number| self.entry(number as usize))
    }

    /// The numbers of the names in a random order.
    pub(super) fn order(&self, rng: &mut ChaCha12Rng) -> Vec<u32> {
        let mut order = self.by_name();
        order.shuffle(rng);
        order
    }

    /// The numbers of the names in the order of the names, those of one name in their own order.
    pub(super) fn by_name(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..self.ends.len() as u32).collect();
        numbers.sort_unstable_by_key(|number| (self.name(*number as usize), *number));
        numbers
    }

    fn entry(&self, number: usize) -> IndexedName<'_> {
        let namespace = self.namespace(number);
        let name = self.name(number);
        let nth = match namespace {
            Some(_) => 0,
            None => (0..number).filter(|earlier| self.name(*earlier) == name).count(),
        };

        IndexedName {
            namespace,
            name,
            node: self.node(number),
            nth,
        }
    }

    pub(super) fn name(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |previous| self.ends[previous]);
        &self.names[start as usize..self.ends[number] as usize]
    }

    pub(super) fn namespace(&self, number: usize) -> Option<&str> {
        let next = self
            .namespaces
            .partition_point(|(first, _)| *first as usize <= number);
        let (_, namespace) = self.namespaces.get(next.checked_sub(1)?)?;
        namespace.as_deref()
    }

    pub(super) fn node(&self, number: usize) -> Option<&str> {
        let node = &self.node_names[*self.nodes.get(number)? as usize];
        (!node.is_empty()).then_some(node)
    }
}

#[cfg(test)]
mod tests;
