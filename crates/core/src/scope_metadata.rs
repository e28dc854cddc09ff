//! What is known about the namespaces, owners and nodes around the pods: their annotations and labels, read once for a
//! round.

use std::collections::{BTreeMap, BTreeSet};

use crate::annotations::PREFIX;
use crate::pod::OwnerRef;

/// The annotations and the labels of an object, whose keys may direct macaque.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectKeys {
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
}

impl ObjectKeys {
    /// The keys of macaque's own alone.
    pub fn into_own(mut self) -> Self {
        self.annotations.retain(|key, _| key.starts_with(PREFIX));
        self.labels.retain(|key, _| key.starts_with(PREFIX));
        self
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.annotations.is_empty() && self.labels.is_empty()
    }
}

/// The metadata that a round read before it listed the pods. What was not needed, or may not be read, is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeMetadata {
    /// The keys of namespaces, by name: those of macaque's own.
    pub namespaces: BTreeMap<String, ObjectKeys>,
    /// The keys of owners: those of macaque's own. Owners that have none may be missing.
    pub owners: BTreeMap<OwnerRef, ObjectKeys>,
    /// The names of the nodes that `target.node_selector` selects; `None` if it selects none in particular.
    pub nodes: Option<BTreeSet<String>>,
}
