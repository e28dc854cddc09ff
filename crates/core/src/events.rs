//! The Kubernetes Events that tell the owners of a workload what macaque did to it, and how its recovery ended: one on the
//! victim and one on its owner, in words that claim only what is known.

mod content;
mod note;

use jiff::Timestamp;

pub use self::content::{EventContent, EventReason};
use crate::pod::PodRef;

/// The choice of the Events that are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventsConfig {
    /// Whether Events are written at all.
    pub enabled: bool,
    /// Whether one is written too when a victim was refused or held back.
    pub refusals: bool,
}

/// An Event to write, in the namespace of the object that it regards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesEvent {
    /// The texts that the Event's name is a digest of, so that writing the same Event again writes no second one.
    pub identity: [String; 4],
    /// The reason for which it was written.
    pub reason: EventReason,
    /// What macaque did, for machines: `Evict`, `Delete` or `Watch`.
    pub action: &'static str,
    /// What happened, in words: at most 1024 bytes, as the API server demands.
    pub note: String,
    /// The object that the Event is about.
    pub regarding: ReferencedObject,
    /// The other object, if the victim has an owner.
    pub related: Option<ReferencedObject>,
}

/// An object that an Event refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencedObject {
    /// The API group and version; empty if it is not known.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The UID; empty if it is not known. `kubectl describe` shows an Event only with the object whose UID it has.
    pub uid: String,
}

impl ReferencedObject {
    fn of_pod(pod: &PodRef) -> Self {
        Self {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
        }
    }
}

impl EventContent {
    /// The Events of this content: on the victim and, if it has one, on the `owner`.
    pub fn events(&self, owner: Option<&ReferencedObject>) -> Vec<KubernetesEvent> {
        let victim = ReferencedObject::of_pod(&self.victim);
        let of_victim = self.event(victim.clone(), owner.cloned());
        let of_owner = owner.map(|owner| self.event(owner.clone(), Some(victim)));
        [of_victim].into_iter().chain(of_owner).collect()
    }

    fn event(&self, regarding: ReferencedObject, related: Option<ReferencedObject>) -> KubernetesEvent {
        KubernetesEvent {
            identity: identity(&self.victim, self.slot, self.reason, &regarding),
            reason: self.reason,
            action: self.action,
            note: self.note.clone(),
            regarding,
            related,
        }
    }
}

/// What tells an Event from every other one. The victim does: the second disruption of an owner is another Event.
fn identity(
    victim: &PodRef,
    slot: Timestamp,
    reason: EventReason,
    regarding: &ReferencedObject,
) -> [String; 4] {
    [
        victim.uid.clone(),
        slot.to_string(),
        reason.as_str().to_owned(),
        regarding.uid.clone(),
    ]
}

#[cfg(test)]
mod tests;
