//! Texts as the history keeps them: on one line, and of bounded length.

use crate::notice::short_name;
use crate::pod::{PodOwner, PodRef};
use crate::server_text::{bounded, visible_beginning};

/// The longest name of an object, in characters.
const MAX_NAME: usize = 253;

/// A text in words: a reason, for example.
pub(super) fn bounded_text(text: &str) -> String {
    let is_shown = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = text.chars().map(is_shown).collect();
    bounded(&shown)
}

/// A pod, as the history names it.
pub(super) fn bounded_pod(pod: &PodRef) -> PodRef {
    PodRef {
        namespace: bounded_name(&pod.namespace),
        name: bounded_name(&pod.name),
        uid: bounded_name(&pod.uid),
    }
}

/// An owner, as the history names it.
pub(super) fn bounded_owner(owner: &PodOwner) -> PodOwner {
    PodOwner {
        kind: short_name(&owner.kind),
        name: bounded_name(&owner.name),
    }
}

/// The name of an object, whole if Kubernetes allows it.
pub(super) fn bounded_name(name: &str) -> String {
    visible_beginning(name, MAX_NAME)
}
