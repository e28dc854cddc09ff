//! The levels at which people direct macaque by annotations and labels: the pod, its owner and its namespace.

use std::collections::BTreeMap;
use std::fmt;

use crate::pod::{OwnerRef, Pod, PodOwner};
use crate::scope_metadata::{ObjectKeys, ScopeMetadata};

/// The annotations and labels of one level.
#[derive(Debug, Clone, Copy)]
pub struct Level<'a> {
    /// Whose they are.
    pub place: Place<'a>,
    /// `metadata.annotations`.
    pub annotations: &'a BTreeMap<String, String>,
    /// `metadata.labels`.
    pub labels: &'a BTreeMap<String, String>,
}

/// The object of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The pod itself.
    Pod,
    /// The pod's owner.
    Owner(&'a PodOwner),
    /// The pod's namespace.
    Namespace(&'a str),
}

/// The levels of `pod`, nearest first, as far as `metadata` knows those around it.
pub fn levels<'a>(pod: &'a Pod, metadata: &'a ScopeMetadata) -> impl Iterator<Item = Level<'a>> {
    let owner = pod.owner.as_ref().filter(|_| !metadata.owners.is_empty());
    let of_owner = owner.and_then(|owner| {
        let owner = OwnerRef {
            namespace: pod.id.namespace.clone(),
            owner: owner.clone(),
        };
        metadata.owners.get(&owner)
    });
    let of_namespace = metadata.namespaces.get(&pod.id.namespace);
    levels_around(pod, of_owner, of_namespace)
}

/// The levels of `pod`, nearest first, with the keys of its owner and of its namespace, as far as they are known.
pub fn levels_around<'a>(
    pod: &'a Pod,
    of_owner: Option<&'a ObjectKeys>,
    of_namespace: Option<&'a ObjectKeys>,
) -> impl Iterator<Item = Level<'a>> {
    let level = |place, keys: &'a ObjectKeys| Level {
        place,
        annotations: &keys.annotations,
        labels: &keys.labels,
    };
    let nearest = Level {
        place: Place::Pod,
        annotations: &pod.annotations,
        labels: &pod.labels,
    };
    let owner = pod.owner.as_ref().zip(of_owner);
    let owner = owner.map(|(owner, keys)| level(Place::Owner(owner), keys));
    let namespace = of_namespace.map(|keys| level(Place::Namespace(&pod.id.namespace), keys));
    std::iter::once(nearest).chain(owner).chain(namespace)
}

/// Shows where a key was found: ` on deployment/web`, or nothing for the pod, of which everything else speaks.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod => Ok(()),
            Self::Owner(owner) => write!(f, " on {owner}"),
            Self::Namespace(namespace) => write!(f, " on namespace {namespace}"),
        }
    }
}
