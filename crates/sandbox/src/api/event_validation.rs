//! Validates new events by the rules of the API that they were sent to (`pkg/apis/core/validation/events.go`).

use serde_json::{Value, json};

use crate::store::object;
use crate::wire::status_error::{FieldError, StatusError};

/// Checks a new event, in its stored version, as an event of `v1` or of `events.k8s.io`.
pub(crate) fn validate(event: &Value, group: &str, namespace: &str) -> Result<(), StatusError> {
    // An eventTime marks an event of the newer style, in both APIs.
    let has_event_time = !object::text(event, "/eventTime").is_empty();

    let mut errors = Vec::new();
    errors.extend(namespace_error(event, namespace, has_event_time));
    if has_event_time {
        errors.extend(new_style_errors(event, group));
    }
    if group == "events.k8s.io" {
        errors.extend(new_api_errors(event, has_event_time));
    }

    if errors.is_empty() {
        return Ok(());
    }
    Err(StatusError::invalid(group, "Event", object::name(event), &errors))
}

/// The error of an event outside the namespace of its object; events about cluster-scoped objects belong to `default`.
fn namespace_error(event: &Value, namespace: &str, has_event_time: bool) -> Option<FieldError> {
    let involved = object::text(event, "/involvedObject/namespace");
    let fits = match (involved, has_event_time) {
        ("", true) => matches!(namespace, "default" | "kube-system"),
        ("", false) => namespace == "default",
        (involved, true) => !involved.is_empty(),
        (involved, false) => involved == namespace,
    };
    if fits {
        return None;
    }

    let shown = format!("{involved:?}");
    let error = FieldError::invalid(
        "involvedObject.namespace",
        &shown,
        "does not match event.namespace",
    );
    Some(error)
}

/// The errors of an event with an eventTime, whose texts are required and limited in length.
fn new_style_errors(event: &Value, group: &str) -> Vec<FieldError> {
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

    let error = |(field, pointer, most, required): (&'static str, &str, usize, bool)| {
        let text = object::text(event, pointer);
        if required && text.is_empty() {
            return Some(FieldError::required(field));
        }
        let why = format!("can have at most {most} characters");
        (text.len() > most).then(|| FieldError::invalid(field, "\"\"", &why))
    };
    texts.into_iter().filter_map(error).collect()
}

/// The errors of an event of the older style that was sent to the newer API.
fn new_api_errors(event: &Value, has_event_time: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !has_event_time {
        errors.push(FieldError::required("eventTime"));
    }

    let kind = object::text(event, "/type");
    if !matches!(kind, "Normal" | "Warning") {
        let why = format!("has invalid value: {kind}");
        errors.push(FieldError::invalid("type", "\"\"", &why));
    }

    for field in ["firstTimestamp", "lastTimestamp", "count"] {
        if !event[field].is_null() && event[field] != json!(0) {
            errors.push(FieldError::invalid(field, "\"\"", "needs to be unset"));
        }
    }
    errors
}
