//! The names of a crowd, held compactly, and the order in which a seed draws them: where there are too many pods to
//! judge them all, names are drawn and only the pods drawn are judged. A random order of all pods is a random order
//! of the eligible ones among them, whatever their share.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;

/// More pods than this in scope are a crowd: up to here a round judges every pod and accounts for each.
pub const CROWD: usize = 2_000;

/// The names of pods. One costs its bytes, eight more, and four while they are drawn.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    names: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// The node of each, as a hint; the empty name where none was told.
    nodes: Vec<u32>,
    node_names: Vec<String>,
    node_numbers: HashMap<String, u32>,
    /// From which name on the pods are in which namespace; `None` where the list does not tell.
    namespaces: Vec<(u32, Option<String>)>,
}

/// One name of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedName<'a> {
    /// The pod's namespace, where it is known.
    pub namespace: Option<&'a str>,
    /// The pod's name.
    pub name: &'a str,
    /// The node on which the pod was said to be; it may have changed.
    pub node: Option<&'a str>,
    /// How many pods of this name come before it in the order of the namespaces, where those are not known.
    pub nth: usize,
}

impl NameIndex {
    /// Enters a pod. They come in the API server's order: by `NAMESPACE/NAME`.
    pub fn enter(&mut self, namespace: Option<&str>, name: &str, node: Option<&str>) {
        let number = self.ends.len() as u32;
        if self
            .namespaces
            .last()
            .is_none_or(|(_, last)| last.as_deref() != namespace)
        {
            self.namespaces.push((number, namespace.map(str::to_owned)));
        }
        self.names.push_str(name);
        self.ends.push(self.names.len() as u32);
        let (node, next) = (node.unwrap_or_default(), self.node_names.len() as u32);
        let known = self.node_numbers.get(node).copied();
        self.nodes.push(known.unwrap_or_else(|| {
            self.node_names.push(node.to_owned());
            self.node_numbers.insert(node.to_owned(), next);
            next
        }));
    }

    /// Adds the names of another list, which come after these.
    pub fn append(&mut self, more: Self) {
        if self.is_empty() {
            *self = more;
            return;
        }
        for number in 0..more.len() {
            self.enter(more.namespace(number), more.name(number), more.node(number));
        }
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names in the order of `seed`. Every order is equally likely over the seeds; the same seed and the same
    /// pods give the same order on every platform, whether their namespaces are known or not: a named generator over
    /// a list sorted by name, and pods of one name by namespace.
    pub fn draw(&self, seed: u64) -> impl Iterator<Item = IndexedName<'_>> {
        let order = self.order(&mut ChaCha12Rng::seed_from_u64(seed));
        order.into_iter().map(|number| self.entry(number as usize))
    }

    /// The numbers of the names in an order by `chance`.
    pub(super) fn order(&self, chance: &mut ChaCha12Rng) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.ends.len() as u32).collect();
        order.sort_unstable_by_key(|number| (self.name(*number as usize), *number));
        order.shuffle(chance);
        order
    }

    fn entry(&self, number: usize) -> IndexedName<'_> {
        let (namespace, name) = (self.namespace(number), self.name(number));
        let nth = match namespace {
            Some(_) => 0,
            None => (0..number).filter(|before| self.name(*before) == name).count(),
        };
        IndexedName {
            namespace,
            name,
            node: self.node(number),
            nth,
        }
    }

    pub(super) fn name(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.names[begin as usize..self.ends[number] as usize]
    }

    pub(super) fn namespace(&self, number: usize) -> Option<&str> {
        let after = self
            .namespaces
            .partition_point(|(begin, _)| *begin as usize <= number);
        let (_, namespace) = self.namespaces.get(after.checked_sub(1)?)?;
        namespace.as_deref()
    }

    fn node(&self, number: usize) -> Option<&str> {
        let node = &self.node_names[self.nodes[number] as usize];
        (!node.is_empty()).then_some(node)
    }
}

#[cfg(test)]
mod tests;
