//! Converts between the version in which an object is stored and the one in which a request speaks of it.
//!
//! Only events have two: they are stored with the field names of `v1` and served by `events.k8s.io/v1` as well.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::store::resource::ApiResource;

/// The fields of an event that the APIs name differently: the name in `v1`, then in `events.k8s.io/v1`.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("message", "note"),
    ("involvedObject", "regarding"),
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("source", "deprecatedSource"),
    ("reportingComponent", "reportingController"),
];

/// An object as it is stored, from the version of its resource's API.
pub(crate) fn to_storage_version(resource: &ApiResource, object: Value) -> Value {
    if resource.group != "events.k8s.io" {
        return object;
    }
    let pairs = EVENT_FIELDS.iter().map(|(core, new)| (*new, *core));
    rename_fields(object, pairs, "v1")
}

/// A stored object in the version of a resource's API.
pub(crate) fn to_request_version(resource: &ApiResource, object: &Arc<Value>) -> Arc<Value> {
    if resource.group != "events.k8s.io" {
        return object.clone();
    }
    let event = Value::clone(object);
    let pairs = EVENT_FIELDS.iter().copied();
    Arc::new(rename_fields(event, pairs, "events.k8s.io/v1"))
}

fn rename_fields<'a>(
    object: Value,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    api_version: &str,
) -> Value {
    let Value::Object(mut fields) = object else {
        return object;
    };

    // All are taken out before one is put back: a new name must not be renamed in turn.
    let renamed: Map<String, Value> = pairs
        .filter_map(|(from, to)| fields.remove(from).map(|value| (to.to_owned(), value)))
        .collect();
    fields.extend(renamed);
    fields.insert("apiVersion".to_owned(), json!(api_version));
    Value::Object(fields)
}
