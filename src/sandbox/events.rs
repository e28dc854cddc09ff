//! Events are stored once and served by two APIs with different words for the same fields.

use serde_json::{Map, Value, json};

/// Field of `v1`, then its name in `events.k8s.io/v1`.
const RENAMED: [(&str, &str); 6] = [
    ("message", "note"),
    ("involvedObject", "regarding"),
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("source", "deprecatedSource"),
];
const CONTROLLER: (&str, &str) = ("reportingComponent", "reportingController");

/// From the words of `events.k8s.io/v1` to those of `v1`, in which events are stored.
pub(super) fn to_core(event: Value) -> Value {
    let pairs = RENAMED
        .iter()
        .chain([&CONTROLLER])
        .map(|(core, new)| (*new, *core));
    renamed(event, pairs, "v1")
}

/// From the stored words to those of `events.k8s.io/v1`.
pub(super) fn from_core(event: Value) -> Value {
    let pairs = RENAMED.iter().chain([&CONTROLLER]).copied();
    renamed(event, pairs, "events.k8s.io/v1")
}

fn renamed<'a>(event: Value, pairs: impl Iterator<Item = (&'a str, &'a str)>, version: &str) -> Value {
    let Value::Object(mut fields) = event else {
        return event;
    };
    let moved: Map<String, Value> = pairs
        .filter_map(|(from, to)| fields.remove(from).map(|value| (to.to_owned(), value)))
        .collect();
    fields.extend(moved);
    fields.insert("apiVersion".to_owned(), json!(version));
    Value::Object(fields)
}
