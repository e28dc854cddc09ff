//! Deletes what lost its owner or its namespace.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::api::delete;
use crate::api::delete_options::DeleteOptions;
use crate::store::object;
use crate::store::resource;
use crate::store::state::World;

/// A stored object and its kind.
type Item = (&'static str, Arc<Value>);

/// Collects the garbage of one pass; what it leaves behind is the next pass's.
pub(super) fn collect(world: &mut World) {
    let mut doomed = orphans(world);
    for namespace in world.store.list("Namespace", None) {
        if !object::is_terminating(&namespace) {
            continue;
        }
        let inside = contents(world, object::name(&namespace));
        if inside.is_empty() {
            world.store.remove("Namespace", &namespace);
        }
        doomed.extend(inside);
    }
    for (kind, object) in doomed {
        // An orphan in a namespace that goes is named twice, and may be gone by now.
        let current = world
            .store
            .get(kind, object::namespace(&object), object::name(&object));
        let current = current.filter(|object| !object::is_terminating(object));
        if let (Some(row), Some(object)) = (resource::of_kind(kind), current) {
            // Without preconditions or foreign options there is nothing to refuse.
            let _ = delete::delete(world, row, &object, &DeleteOptions::default());
        }
    }
}

fn orphans(world: &World) -> Vec<Item> {
    let known: HashSet<&str> = world
        .store
        .everything()
        .map(|(_, object)| object::uid(object))
        .collect();
    let orphans = world
        .store
        .everything()
        .filter(|(_, object)| lost_every_owner(object, &known));
    orphans.map(|(kind, object)| (kind, object.clone())).collect()
}

fn contents(world: &World, namespace: &str) -> Vec<Item> {
    let inside = world
        .store
        .everything()
        .filter(|(_, object)| object::namespace(object) == namespace);
    inside.map(|(kind, object)| (kind, object.clone())).collect()
}

/// An owner of a kind that is not served cannot be looked up, and is taken to be there.
fn lost_every_owner(object: &Value, known: &HashSet<&str>) -> bool {
    let owners = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    let missing = |owner: &Value| {
        resource::of_object(owner).is_some() && !known.contains(owner["uid"].as_str().unwrap_or_default())
    };
    owners.is_some_and(|owners| !owners.is_empty() && owners.iter().all(missing))
}
