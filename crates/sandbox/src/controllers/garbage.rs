//! Deletes what lost its owner or its namespace.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::api::delete;
use crate::api::delete_options::DeleteOptions;
use crate::store::object;
use crate::store::resource;
use crate::store::state::ClusterState;

/// A stored object and its kind.
type StoredObject = (&'static str, Arc<Value>);

/// Collects the garbage of one pass; what it leaves behind is the next pass's.
pub(super) fn collect(state: &mut ClusterState) {
    let mut terminating = orphans(state);
    for namespace in state.store.list("Namespace", None) {
        if !object::is_terminating(&namespace) {
            continue;
        }
        let inside = contents(state, object::name(&namespace));
        if inside.is_empty() {
            state.store.remove("Namespace", &namespace);
        }
        terminating.extend(inside);
    }
    for (kind, object) in terminating {
        // An orphan in a namespace that goes is named twice, and may be gone by now.
        let current = state
            .store
            .get(kind, object::namespace(&object), object::name(&object));
        let current = current.filter(|object| !object::is_terminating(object));
        if let (Some(row), Some(object)) = (resource::of_kind(kind), current) {
            // Without preconditions or foreign options there is nothing to refuse.
            let _ = delete::delete(state, row, &object, &DeleteOptions::default());
        }
    }
}

fn orphans(state: &ClusterState) -> Vec<StoredObject> {
    let known: HashSet<&str> = state
        .store
        .all_objects()
        .map(|(_, object)| object::uid(object))
        .collect();
    let orphans = state
        .store
        .all_objects()
        .filter(|(_, object)| all_owners_absent(object, &known));
    orphans.map(|(kind, object)| (kind, object.clone())).collect()
}

fn contents(state: &ClusterState, namespace: &str) -> Vec<StoredObject> {
    let inside = state
        .store
        .all_objects()
        .filter(|(_, object)| object::namespace(object) == namespace);
    inside.map(|(kind, object)| (kind, object.clone())).collect()
}

/// An owner of a kind that is not served cannot be looked up, and is taken to be there.
fn all_owners_absent(object: &Value, known: &HashSet<&str>) -> bool {
    let owners = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    let missing = |owner: &Value| {
        resource::of_object(owner).is_some() && !known.contains(owner["uid"].as_str().unwrap_or_default())
    };
    owners.is_some_and(|owners| !owners.is_empty() && owners.iter().all(missing))
}
