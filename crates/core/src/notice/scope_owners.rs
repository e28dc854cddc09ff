//! The owners of the pods in scope, and whether any of their pods is eligible: what a digest needs to name those that had
//! no turn.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::eligibility::{EligibilityConfig, Exemption};
use crate::pod::{Pod, PodOwner};

/// The most owners that a daemon looks at by name; further ones are only counted.
const MAX_OWNERS: usize = 2_000;

/// The owners of the pods in scope, of bounded size.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeOwners {
    /// The most owners that are looked at by name; further ones are only counted.
    room: usize,
    /// By owner, the rule that exempts its first pod; `None` if one of its pods is eligible.
    owners: BTreeMap<NamespacedOwner, Option<&'static str>>,
    /// The hashes of the owners for which there was no room.
    beyond: HashSet<u64>,
    /// What kept macaque from looking at the pods, or at some of them.
    pub problems: Vec<String>,
}

/// An owner in its namespace.
type NamespacedOwner = (String, PodOwner);

impl ScopeOwners {
    /// Room for every owner by name, for a command that prints them and ends.
    pub fn unbounded() -> Self {
        Self {
            room: usize::MAX,
            ..Self::default()
        }
    }

    /// What is known if the pods could not be listed.
    pub fn unknown(why: &str) -> Self {
        Self {
            problems: vec![why.to_owned()],
            ..Self::default()
        }
    }

    /// Notes the owner of `pod`, which `exemption` exempts or which is eligible. A pod that has come to its end, that of a
    /// Job for example, says nothing about its owner.
    pub fn note(&mut self, pod: &Pod, exemption: Option<&Exemption>, eligibility: &EligibilityConfig) {
        let Some(owner) = &pod.owner else { return };
        if !eligibility.phases().contains(&pod.phase) {
            return;
        }
        let key = (pod.id.namespace.clone(), owner.clone());
        self.add(key, exemption.map(|exemption| exemption.rule));
    }

    /// Adds the owners of another page or namespace.
    pub fn append(&mut self, more: Self) {
        for (key, rule) in more.owners {
            self.add(key, rule);
        }
        self.beyond.extend(more.beyond);
        self.problems.extend(more.problems);
    }

    /// The owners, each with the rule that exempts it, if it is exempt.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &PodOwner, Option<&'static str>)> {
        let owners = self.owners.iter();
        owners.map(|((namespace, owner), rule)| (namespace.as_str(), owner, *rule))
    }

    /// How many owners there was no room for.
    pub(crate) fn unjudged(&self) -> usize {
        self.beyond.len()
    }

    fn add(&mut self, key: NamespacedOwner, rule: Option<&'static str>) {
        if let Some(known) = self.owners.get_mut(&key) {
            *known = known.filter(|_| rule.is_some());
        } else if self.owners.len() < self.room {
            self.owners.insert(key, rule);
        } else {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            self.beyond.insert(hasher.finish());
        }
    }
}

impl Default for ScopeOwners {
    fn default() -> Self {
        Self {
            room: MAX_OWNERS,
            owners: BTreeMap::new(),
            beyond: HashSet::new(),
            problems: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
