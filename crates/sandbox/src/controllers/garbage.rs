//! The garbage collector: deletes objects whose owner is gone or whose namespace is terminating.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::api::delete::delete_object;
use crate::api::delete_options::DeleteOptions;
use crate::store::state::ClusterState;
use crate::store::{object, resource};

/// A stored object and its kind.
type StoredObject = (&'static str, Arc<Value>);

/// Deletes all garbage; objects that become garbage by that are left to the next pass.
pub(super) fn collect(state: &mut ClusterState) {
    let mut garbage = orphans(state);
    for namespace in state.store.list("Namespace", None) {
        if !object::is_terminating(&namespace) {
            continue;
        }
        let contents = namespace_contents(state, object::name(&namespace));
        if contents.is_empty() {
            state.store.remove("Namespace", &namespace);
        }
        garbage.extend(contents);
    }

    for (kind, object) in garbage {
        delete_garbage(state, kind, &object);
    }
}

fn delete_garbage(state: &mut ClusterState, kind: &str, object: &Value) {
    // An orphan in a terminating namespace is found twice, so it may be gone by now.
    let current = state
        .store
        .get(kind, object::namespace(object), object::name(object));
    let current = current.filter(|object| !object::is_terminating(object));

    if let (Some(resource), Some(object)) = (resource::of_kind(kind), current) {
        // Default options are valid and have no preconditions, so this cannot be refused.
        let _ = delete_object(state, resource, &object, &DeleteOptions::default());
    }
}

/// The objects whose owners are all gone.
fn orphans(state: &ClusterState) -> Vec<StoredObject> {
    let uids: HashSet<&str> = state
        .store
        .all_objects()
        .map(|(_, object)| object::uid(object))
        .collect();

    let orphans = state
        .store
        .all_objects()
        .filter(|(_, object)| all_owners_absent(object, &uids));
    orphans.map(|(kind, object)| (kind, object.clone())).collect()
}

/// Whether an object has owners and none of them exists.
fn all_owners_absent(object: &Value, uids: &HashSet<&str>) -> bool {
    let owners = object::list(object, "/metadata/ownerReferences");
    let is_absent = |owner: &Value| {
        // An owner of a kind that is not served cannot be looked up, and is assumed to exist.
        resource::of_object(owner).is_some() && !uids.contains(object::text(owner, "/uid"))
    };
    !owners.is_empty() && owners.iter().all(is_absent)
}

fn namespace_contents(state: &ClusterState, namespace: &str) -> Vec<StoredObject> {
    let contents = state
        .store
        .all_objects()
        .filter(|(_, object)| object::namespace(object) == namespace);
    contents.map(|(kind, object)| (kind, object.clone())).collect()
}
