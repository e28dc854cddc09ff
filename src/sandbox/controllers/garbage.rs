//! Deletes what lost its owner or its namespace.

use std::{collections::HashSet, sync::Arc};

use serde_json::Value;

use crate::sandbox::{delete, object, options::DeleteOptions, resource, world::World};

/// Collects the garbage of one pass; what it leaves behind is the next pass's.
pub(super) fn collect(world: &mut World) {
    let known: HashSet<&str> = world
        .store
        .everything()
        .map(|(_, object)| object::uid(object))
        .collect();
    let orphans = |object: &Value| lost_every_owner(object, &known);
    let mut doomed: Vec<(&'static str, Arc<Value>)> = world
        .store
        .everything()
        .filter(|(_, object)| orphans(object) && !object::is_terminating(object))
        .map(|(kind, object)| (kind, object.clone()))
        .collect();
    let mut ending = Vec::new();
    for namespace in world.store.list("Namespace", None) {
        if !object::is_terminating(&namespace) {
            continue;
        }
        let name = object::name(&namespace);
        let inside = world
            .store
            .everything()
            .filter(|(_, object)| object::namespace(object) == name);
        let inside: Vec<_> = inside.map(|(kind, object)| (kind, object.clone())).collect();
        if inside.is_empty() {
            ending.push(namespace);
        } else {
            doomed.extend(
                inside
                    .into_iter()
                    .filter(|(_, object)| !object::is_terminating(object)),
            );
        }
    }
    for (kind, object) in doomed {
        if let Some(row) = resource::of_kind(kind) {
            // Without preconditions or foreign options there is nothing to refuse.
            let _ = delete::delete(world, row, &object, &DeleteOptions::default());
        }
    }
    for namespace in ending {
        world.store.remove("Namespace", &namespace);
    }
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
