//! What is known about the namespaces, owners and nodes around the pods: their annotations and labels, read once for a
//! round.

use std::collections::{BTreeMap, BTreeSet};

use crate::pod::OwnerRef;

/// The annotations and the labels of an object, whose keys may direct macaque.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectKeys {
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
}

/// The metadata that a round read before it listed the pods. What was not needed, or may not be read, is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeMetadata {
    /// The keys of namespaces, by name.
    pub namespaces: BTreeMap<String, ObjectKeys>,
    /// The keys of owners.
    pub owners: BTreeMap<OwnerRef, ObjectKeys>,
    /// The names of the nodes that `target.node_selector` selects; `None` if it selects none in particular.
    pub nodes: Option<BTreeSet<String>>,
}
