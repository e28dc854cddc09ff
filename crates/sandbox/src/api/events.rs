//! Events are stored once and served by two APIs with different words and rules for them.

use serde_json::{Map, Value, json};

use crate::store::object;
use crate::wire::status_error::{FieldError, StatusError};

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
pub(crate) fn to_core(event: Value) -> Value {
    let pairs = RENAMED
        .iter()
        .chain([&CONTROLLER])
        .map(|(core, new)| (*new, *core));
    renamed(event, pairs, "v1")
}

/// From the stored words to those of `events.k8s.io/v1`.
pub(crate) fn from_core(event: Value) -> Value {
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

/// Checks a new event, in the stored words, by the rules of the API group that it came through.
pub(crate) fn validate(event: &Value, group: &str, namespace: &str) -> Result<(), StatusError> {
    let mut errors = Vec::new();
    let is_new = !object::text(event, "/eventTime").is_empty();
    let about = object::text(event, "/involvedObject/namespace");
    let fits = match (about, is_new) {
        ("", true) => matches!(namespace, "default" | "kube-system"),
        ("", false) => namespace == "default",
        (about, true) => !about.is_empty(),
        (about, false) => about == namespace,
    };
    if !fits {
        let body = format!("Invalid value: {about:?}: does not match event.namespace");
        errors.push(FieldError {
            reason: "FieldValueInvalid",
            field: "involvedObject.namespace",
            body,
        });
    }
    if is_new {
        errors.extend(of_new_style(event, group));
    }
    if group == "events.k8s.io" {
        errors.extend(of_new_api(event, is_new));
    }
    match errors.as_slice() {
        [] => Ok(()),
        errors => Err(StatusError::invalid(group, "Event", object::name(event), errors)),
    }
}

/// An event with a time of its own must say who did what, and briefly.
fn of_new_style(event: &Value, group: &str) -> Vec<FieldError> {
    let controller = if group.is_empty() {
        "reportingComponent"
    } else {
        "reportingController"
    };
    let texts = [
        (controller, "/reportingComponent", 317, true),
        ("reportingInstance", "/reportingInstance", 128, true),
        ("action", "/action", 128, true),
        ("reason", "/reason", 128, true),
        ("message", "/message", 1024, false),
    ];
    let wrong = |(field, pointer, most, required): (&'static str, &str, usize, bool)| {
        let text = object::text(event, pointer);
        if required && text.is_empty() {
            let body = "Required value".to_owned();
            return Some(FieldError {
                reason: "FieldValueRequired",
                field,
                body,
            });
        }
        let body = format!("Invalid value: \"\": can have at most {most} characters");
        (text.len() > most).then_some(FieldError {
            reason: "FieldValueInvalid",
            field,
            body,
        })
    };
    texts.into_iter().filter_map(wrong).collect()
}

/// The newer API takes no events of the older style.
fn of_new_api(event: &Value, is_new: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !is_new {
        let body = "Required value".to_owned();
        errors.push(FieldError {
            reason: "FieldValueRequired",
            field: "eventTime",
            body,
        });
    }
    let kind = object::text(event, "/type");
    if !matches!(kind, "Normal" | "Warning") {
        let body = format!("Invalid value: \"\": has invalid value: {kind}");
        errors.push(FieldError {
            reason: "FieldValueInvalid",
            field: "type",
            body,
        });
    }
    for field in ["firstTimestamp", "lastTimestamp", "count"] {
        if !event[field].is_null() && event[field] != json!(0) {
            let body = "Invalid value: \"\": needs to be unset".to_owned();
            errors.push(FieldError {
                reason: "FieldValueInvalid",
                field,
                body,
            });
        }
    }
    errors
}
