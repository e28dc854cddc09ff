//! Reads and marks plain JSON objects by the conventions that every Kubernetes object shares.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The text at a JSON pointer, or the empty text.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The whole number at a JSON pointer, or zero.
pub(crate) fn number(object: &Value, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(crate) fn resource_version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

pub(crate) fn labels(object: &Value) -> Option<&Map<String, Value>> {
    object.pointer("/metadata/labels").and_then(Value::as_object)
}

pub(crate) fn is_terminating(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

pub(crate) fn has_finalizers(object: &Value) -> bool {
    object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty())
}

/// The owner that controls the object, if one does.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    owners.iter().find(|owner| owner["controller"] == json!(true))
}

pub(crate) fn phase(pod: &Value) -> &str {
    text(pod, "/status/phase")
}

pub(crate) fn is_terminal(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions
        .iter()
        .find(|condition| condition["type"] == json!(kind))
}

pub(crate) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready["status"] == json!("True"))
}

/// The members of an object within an object; what is absent or no object becomes an empty one.
pub(crate) fn member<'a>(object: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    let slot = members(object).entry(key).or_insert(Value::Null);
    members(slot)
}

fn members(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(members) = value else {
        unreachable!("it was just made an object")
    };
    members
}

pub(crate) fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    member(object, "metadata")
}

/// Sets a condition by its type; its transition time moves only when its status does.
pub(crate) fn set_condition(object: &mut Value, mut wanted: Value, now: Timestamp) {
    let status = member(object, "status");
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    let Some(conditions) = conditions.as_array_mut() else {
        return;
    };
    let known = conditions
        .iter_mut()
        .find(|known| known["type"] == wanted["type"]);
    let since = match &known {
        Some(known) if known["status"] == wanted["status"] => known["lastTransitionTime"].clone(),
        Some(_) | None => json!(format_time(now)),
    };
    wanted["lastTransitionTime"] = since;
    match known {
        Some(known) => *known = wanted,
        None => conditions.push(wanted),
    }
}

/// An instant as Kubernetes writes it: whole seconds in UTC.
pub(crate) fn format_time(instant: Timestamp) -> String {
    Timestamp::from_second(instant.as_second())
        .unwrap_or(instant)
        .to_string()
}

pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// An owner reference that makes `owner` the controller of what carries it.
pub(crate) fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}
