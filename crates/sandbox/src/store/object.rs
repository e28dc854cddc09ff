//! Reads and changes the fields that all Kubernetes objects have in common.
//!
//! Objects are JSON values that are read by pointers like `/metadata/name`, not structs of `k8s-openapi`. A server must
//! preserve fields that it does not know, and patch and compare objects of any kind alike; this one must also hold
//! objects that a test made invalid on purpose. `api::field_types` checks the types of objects that clients send.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The value at a JSON pointer of names without `~`, through objects alone: what serde_json finds too, which unescapes every
/// name of the pointer, and takes several times as long for it.
fn at<'a>(object: &'a Value, pointer: &str) -> Option<&'a Value> {
    let Some(mut rest) = pointer.strip_prefix('/') else {
        return Some(object);
    };
    let mut value = object;
    loop {
        // Names are short: looking at each byte is quicker than a search that is made for long texts.
        let end = rest.bytes().position(|byte| byte == b'/');
        let name = &rest[..end.unwrap_or(rest.len())];
        value = value.as_object()?.get(name)?;
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return Some(value),
        }
    }
}

/// The text at a JSON pointer, or the empty text.
///
/// To the API, an absent field and an empty one mean the same, because Go has zero values.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    at(object, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a JSON pointer, or zero.
pub(crate) fn number(object: &Value, pointer: &str) -> i64 {
    at(object, pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The items of the list at a JSON pointer; an absent list has none.
pub(crate) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    at(object, pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
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
    at(object, "/metadata/labels").and_then(Value::as_object)
}

pub(crate) fn is_terminating(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

pub(crate) fn has_finalizers(object: &Value) -> bool {
    !list(object, "/metadata/finalizers").is_empty()
}

/// The owner reference of the controller, if the object has one.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    let owners = list(object, "/metadata/ownerReferences");
    owners.iter().find(|owner| owner["controller"] == json!(true))
}

/// An owner reference that makes `owner` the controller of the object that contains it.
pub(crate) fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// The `matchLabels` of a workload in the form of a Scale or a Table: `app=web,tier=front`.
pub(crate) fn match_labels_text(workload: &Value) -> String {
    labels_text(&workload["spec"]["selector"]["matchLabels"])
}

/// Labels in the form of a selector: `app=web,tier=front`.
pub(crate) fn labels_text(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let pairs = labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

pub(crate) fn phase(object: &Value) -> &str {
    text(object, "/status/phase")
}

/// Whether a pod has finished, successfully or not.
pub(crate) fn is_terminal(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// The condition of a type in an object's status.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = list(object, "/status/conditions");
    conditions
        .iter()
        .find(|condition| condition["type"] == json!(kind))
}

/// Whether a pod or a node is ready.
pub(crate) fn is_ready(object: &Value) -> bool {
    condition(object, "Ready").is_some_and(|ready| ready["status"] == json!("True"))
}

/// The fields of the object under a key. An absent value, or one that is not an object, is replaced by an empty object.
pub(crate) fn member<'a>(object: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    let value = fields(object).entry(key).or_insert(Value::Null);
    fields(value)
}

/// The fields of an object; anything else is replaced by an empty one.
pub(crate) fn fields(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(fields) = value else {
        unreachable!("it was just made an object")
    };
    fields
}

pub(crate) fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    member(object, "metadata")
}

/// Sets the condition of a type; its transition time changes only with its status.
pub(crate) fn set_condition(object: &mut Value, wanted: Value, now: Timestamp) {
    set_status_condition(member(object, "status"), wanted, now);
}

/// Sets a condition of a status, with the time of its last change.
pub(crate) fn set_status_condition(status: &mut Map<String, Value>, mut wanted: Value, now: Timestamp) {
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    let Some(conditions) = conditions.as_array_mut() else {
        return;
    };

    let known = conditions
        .iter_mut()
        .find(|known| known["type"] == wanted["type"]);
    wanted["lastTransitionTime"] = match &known {
        Some(known) if known["status"] == wanted["status"] => known["lastTransitionTime"].clone(),
        Some(_) | None => json!(format_time(now)),
    };

    match known {
        Some(known) => *known = wanted,
        None => conditions.push(wanted),
    }
}

/// A time as Kubernetes writes it: whole seconds in UTC.
pub(crate) fn format_time(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}

pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
