//! The nodes of pods by their names, for lists of metadata, which do not tell the node.
//!
//! A Table of names tells the nodes, but not the namespaces if it is one of all namespaces. Its rows and the pods of a list
//! of metadata come in the same order, and show the same pods if the server lists both at one version. So each pod is
//! looked for at the place that comes next. Where the two differ, a name that only one row holds is found wherever it is,
//! and a pod of another name is found a few rows on, or not at all: then its node is not known.

use super::NameIndex;
use crate::pod::Pod;

/// How many rows of pods that are gone may lie before the row of a pod whose name other rows hold too.
const MOST_GONE: usize = 20;

/// The nodes of the pods of a Table, each by its name and its place.
#[derive(Debug, Clone)]
pub struct NodeHints {
    names: NameIndex,
    /// The numbers of the rows, in the order of their names.
    by_name: Vec<u32>,
}

impl From<NameIndex> for NodeHints {
    fn from(names: NameIndex) -> Self {
        let by_name = names.by_name();
        Self { names, by_name }
    }
}

impl NodeHints {
    /// Puts a `pod` whose node was not read on its node, if its row is found and shows one. The pods come in the order of
    /// the rows; `next` is the row at which the pod is expected, and moves on with each that is found.
    pub fn place(&self, pod: Pod, next: &mut usize) -> Pod {
        if !pod.is_node_unknown {
            return pod;
        }
        let Some(row) = self.row_of(&pod.id.name, *next) else {
            return pod;
        };

        *next = row + 1;
        match self.names.node(row) {
            Some(node) => pod.on_node(node),
            None => pod,
        }
    }

    /// The row of a pod that is expected at the row `next`.
    fn row_of(&self, name: &str, next: usize) -> Option<usize> {
        let rows = self.names.len();
        let has_name = |row: &usize| self.names.name(*row) == name;
        if next < rows && has_name(&next) {
            return Some(next);
        }

        let first = self
            .by_name
            .partition_point(|row| self.names.name(*row as usize) < name);
        let mut of_name = self.by_name[first..].iter().map(|row| *row as usize);
        let row = of_name.next().filter(has_name)?;
        if !of_name.next().is_some_and(|row| has_name(&row)) {
            return Some(row);
        }
        (next..rows.min(next + MOST_GONE)).find(has_name)
    }
}

#[cfg(test)]
mod tests;
