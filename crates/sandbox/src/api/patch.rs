//! Applies the four kinds of patches.
//!
//! Server-side apply is treated as a strategic merge patch, because field managers decide nothing here. Only the few lists
//! that clients usually patch are merged by key; all others are replaced.

use serde_json::{Map, Value, json};

use crate::wire::request::ApiRequest;
use crate::wire::status_error::StatusError;

/// A patch, of the type that its media type names.
#[derive(Debug)]
pub(crate) enum ObjectPatch {
    JsonMerge(Value),
    StrategicMerge(Value),
    Apply(Value),
    /// The operations of a JSON patch (RFC 6902).
    Json(Vec<Value>),
}

/// The lists that strategic patches merge item by item, with the key that identifies their items.
const MERGE_KEYS: [(&str, &str); 8] = [
    ("conditions", "type"),
    ("containers", "name"),
    ("initContainers", "name"),
    ("volumes", "name"),
    ("env", "name"),
    ("ports", "containerPort"),
    ("ownerReferences", "uid"),
    ("volumeMounts", "mountPath"),
];

impl ObjectPatch {
    pub(crate) fn read(request: &ApiRequest) -> Result<Self, StatusError> {
        let body = || {
            let body = serde_json::from_slice::<Value>(&request.body);
            body.map_err(|error| StatusError::bad_request(format!("error decoding patch: {error}")))
        };

        match request.media_type() {
            "application/merge-patch+json" => match serde_json::from_slice(&request.body) {
                Ok(patch) => Ok(Self::JsonMerge(patch)),
                Err(_) => Err(StatusError::bad_request("invalid JSON patch")),
            },
            "application/strategic-merge-patch+json" => Ok(Self::StrategicMerge(body()?)),
            "application/apply-patch+yaml" => Ok(Self::Apply(body()?)),
            "application/json-patch+json" => match body()? {
                Value::Array(operations) => Ok(Self::Json(operations)),
                _ => Err(StatusError::bad_request(
                    "error decoding patch: expected a list of operations",
                )),
            },
            _ => {
                let message = "the body of the request was in an unknown format - accepted media types include: \
                    application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, \
                    application/strategic-merge-patch+json";
                Err(StatusError::new(415, "UnsupportedMediaType", message))
            }
        }
    }

    /// The object after the patch.
    pub(crate) fn apply_to(&self, object: &Value) -> Result<Value, StatusError> {
        let mut object = object.clone();
        match self {
            Self::JsonMerge(patch) => merge(&mut object, patch, &|_| None),
            Self::StrategicMerge(patch) | Self::Apply(patch) => merge(&mut object, patch, &merge_key),
            Self::Json(operations) => {
                for operation in operations {
                    apply_operation(&mut object, operation)?;
                }
            }
        }
        Ok(object)
    }
}

/// The key of a list that is merged item by item; every other list is replaced.
fn merge_key(list: &str) -> Option<&'static str> {
    let found = MERGE_KEYS.iter().find(|(known, _)| *known == list);
    found.map(|(_, key)| *key)
}

fn merge(target: &mut Value, patch: &Value, merge_key: &dyn Fn(&str) -> Option<&'static str>) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(fields) = target.as_object_mut() else {
        return;
    };

    for (field, value) in patch {
        // Directives, e.g. `$setElementOrder/containers`, are ignored.
        if field.starts_with('$') {
            continue;
        }
        match (merge_key(field), value) {
            (_, Value::Null) => {
                fields.remove(field);
            }
            (Some(key), Value::Array(items)) => {
                let list = fields.entry(field).or_insert_with(|| json!([]));
                merge_list(list, items, key, merge_key);
            }
            (_, value) => merge(fields.entry(field).or_insert(Value::Null), value, merge_key),
        }
    }
}

fn merge_list(
    list: &mut Value,
    items: &[Value],
    key: &str,
    merge_key: &dyn Fn(&str) -> Option<&'static str>,
) {
    let Some(list) = list.as_array_mut() else { return };
    for item in items {
        let position = list.iter().position(|known| known[key] == item[key]);
        let is_deletion = item["$patch"] == json!("delete");
        match (position, is_deletion) {
            (Some(position), true) => {
                list.remove(position);
            }
            (Some(position), false) => merge(&mut list[position], item, merge_key),
            (None, true) => {}
            (None, false) => list.push(item.clone()),
        }
    }
}

/// Applies one operation, as the server's library does: it replaces a missing field like one that is there.
fn apply_operation(object: &mut Value, operation: &Value) -> Result<(), StatusError> {
    let path = operation["path"].as_str().unwrap_or_default();
    let from = operation["from"].as_str().unwrap_or_default();
    let value = &operation["value"];

    match operation["op"].as_str().unwrap_or_default() {
        "test" if object.pointer(path) == Some(value) => Ok(()),
        "add" => change(object, path, |place| place.add(value.clone())),
        "replace" => change(object, path, |place| place.replace(value.clone())),
        "remove" => change(object, path, |place| place.remove().map(drop)),
        "copy" => {
            let value = object.pointer(from).cloned().ok_or_else(rejected)?;
            change(object, path, |place| place.add(value))
        }
        "move" => {
            let value = change(object, from, |place| place.remove())?;
            change(object, path, |place| place.add(value))
        }
        _ => Err(rejected()),
    }
}

/// A place that an operation changes: a field of an object or a position in a list, each with its name.
enum Place<'a> {
    Field(&'a mut Map<String, Value>, String),
    Item(&'a mut Vec<Value>, String),
}

impl Place<'_> {
    fn add(self, value: Value) -> Option<()> {
        match self {
            Self::Field(fields, name) => {
                fields.insert(name, value);
            }
            Self::Item(list, index) => {
                // A dash stands for the position after the last item.
                let at = if index == "-" {
                    list.len()
                } else {
                    index.parse().ok()?
                };
                if at > list.len() {
                    return None;
                }
                list.insert(at, value);
            }
        }
        Some(())
    }

    fn replace(self, value: Value) -> Option<()> {
        match self {
            Self::Field(fields, name) => {
                fields.insert(name, value);
            }
            Self::Item(list, index) => *list.get_mut(index.parse::<usize>().ok()?)? = value,
        }
        Some(())
    }

    fn remove(self) -> Option<Value> {
        match self {
            Self::Field(fields, name) => fields.remove(&name),
            Self::Item(list, index) => {
                let at: usize = index.parse().ok()?;
                (at < list.len()).then(|| list.remove(at))
            }
        }
    }
}

/// Changes the place at a path; refuses a path that leads nowhere, and a change that the place does not permit.
fn change<T>(
    object: &mut Value,
    path: &str,
    change: impl FnOnce(Place<'_>) -> Option<T>,
) -> Result<T, StatusError> {
    let (parent, last) = path.rsplit_once('/').ok_or_else(rejected)?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let place = match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => Place::Field(fields, last),
        Some(Value::Array(list)) => Place::Item(list, last),
        _ => return Err(rejected()),
    };
    change(place).ok_or_else(rejected)
}

/// The error of a patch that cannot be applied; a real server does not say why, either.
fn rejected() -> StatusError {
    StatusError {
        details: Some(Map::new()),
        ..StatusError::new(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategic_patch_merges_containers_by_name_and_a_merge_patch_replaces_them() {
        let pod = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]});
        let patch = json!({"containers": [{"name": "a", "image": "2"}], "$setElementOrder/containers": []});
        let strategic = ObjectPatch::StrategicMerge(patch.clone()).apply_to(&pod).unwrap();
        assert_eq!(
            strategic,
            json!({"containers": [{"name": "a", "image": "2"}, {"name": "b", "image": "1"}]})
        );
        let merged = ObjectPatch::JsonMerge(json!({"containers": [{"name": "c"}], "gone": null}))
            .apply_to(&pod)
            .unwrap();
        assert_eq!(merged, json!({"containers": [{"name": "c"}]}));
    }

    #[test]
    fn operations_apply_in_order() {
        let operations = json!([
            {"op": "test", "path": "/a", "value": 1}, {"op": "replace", "path": "/a", "value": 2},
            {"op": "add", "path": "/list/-", "value": 3}, {"op": "remove", "path": "/b~1c"},
        ]);
        let patch = ObjectPatch::Json(operations.as_array().unwrap().clone());
        let patched = patch.apply_to(&json!({"a": 1, "list": [], "b/c": 0})).unwrap();
        assert_eq!(patched, json!({"a": 2, "list": [3]}));
        assert!(patch.apply_to(&json!({"a": 5})).is_err());
    }

    #[test]
    fn operations_move_copy_and_replace_and_refuse_what_leads_nowhere() {
        let table = [
            (
                json!({"op": "move", "from": "/a", "path": "/c"}),
                Some(json!({"c": 1, "list": [1, 2]})),
            ),
            (
                json!({"op": "copy", "from": "/list/1", "path": "/a"}),
                Some(json!({"a": 2, "list": [1, 2]})),
            ),
            (
                json!({"op": "replace", "path": "/b", "value": 3}),
                Some(json!({"a": 1, "b": 3, "list": [1, 2]})),
            ),
            (
                json!({"op": "add", "path": "/list/0", "value": 0}),
                Some(json!({"a": 1, "list": [0, 1, 2]})),
            ),
            (
                json!({"op": "remove", "path": "/list/1"}),
                Some(json!({"a": 1, "list": [1]})),
            ),
            (json!({"op": "move", "from": "/b", "path": "/c"}), None),
            (json!({"op": "copy", "from": "/b", "path": "/c"}), None),
            (json!({"op": "replace", "path": "/b/c", "value": 3}), None),
            (json!({"op": "replace", "path": "/list/2", "value": 3}), None),
            (json!({"op": "add", "path": "/list/3", "value": 3}), None),
            (json!({"op": "remove", "path": "/b"}), None),
            (json!({"op": "remove", "path": "/list/-"}), None),
            (json!({"op": "test", "path": "/b", "value": null}), None),
        ];

        for (operation, patched) in table {
            let patch = ObjectPatch::Json(vec![operation.clone()]);
            let result = patch.apply_to(&json!({"a": 1, "list": [1, 2]}));
            assert_eq!(result.ok(), patched, "{operation}");
        }
    }
}
