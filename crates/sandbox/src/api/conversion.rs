//! Converts objects between their storage version and the version of a request.
//!
//! Only events have two versions: they are stored as `v1`, and also served as `events.k8s.io/v1`.

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

/// The fields of an event, in `v1`, that say who reports it.
const EVENT_REPORTERS: [&str; 2] = ["reportingComponent", "reportingInstance"];

/// Converts an object from the version of its resource to the storage version.
pub(crate) fn to_storage_version(resource: &ApiResource, object: Value) -> Value {
    if resource.group != "events.k8s.io" {
        return object;
    }
    let pairs = EVENT_FIELDS.iter().map(|(core, new)| (*new, *core));
    rename_fields(object, pairs, "v1")
}

/// Converts a stored object to the version of a resource.
pub(crate) fn to_request_version(resource: &ApiResource, object: &Arc<Value>) -> Arc<Value> {
    if resource.group != "events.k8s.io" {
        return object.clone();
    }
    let mut event = Value::clone(object);
    if let Some(fields) = event.as_object_mut() {
        // These two are never left out in `v1`, and if they are empty, they are in `events.k8s.io/v1`.
        let is_empty = |name: &str, value: &Value| EVENT_REPORTERS.contains(&name) && *value == "";
        fields.retain(|name, value| !is_empty(name, value));
    }
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

    // All fields are taken out before any is put back, so that a new name is not renamed in turn.
    let renamed: Map<String, Value> = pairs
        .filter_map(|(from, to)| fields.remove(from).map(|value| (to.to_owned(), value)))
        .collect();
    fields.extend(renamed);
    fields.insert("apiVersion".to_owned(), json!(api_version));
    Value::Object(fields)
}
