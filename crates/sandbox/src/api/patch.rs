//! Applies the four kinds of patches. Strategic ones and server-side apply merge lists by the keys that matter here.

use serde_json::{Map, Value, json};

use crate::wire::request::Request;
use crate::wire::status_error::StatusError;

/// A patch, by the media type that announced it.
#[derive(Debug)]
pub(crate) enum PatchBody {
    Merge(Value),
    Strategic(Value),
    Apply(Value),
    Operations(Vec<Value>),
}

/// Lists of objects that strategic patches merge item by item, and the key that tells the items apart.
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

impl PatchBody {
    pub(crate) fn read(request: &Request) -> Result<Self, StatusError> {
        let body = || {
            serde_json::from_slice::<Value>(&request.body)
                .map_err(|error| StatusError::bad_request(format!("error decoding patch: {error}")))
        };
        match request.media_type() {
            "application/merge-patch+json" => Ok(Self::Merge(body()?)),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic(body()?)),
            "application/apply-patch+yaml" => Ok(Self::Apply(body()?)),
            "application/json-patch+json" => match body()? {
                Value::Array(operations) => Ok(Self::Operations(operations)),
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
    pub(crate) fn applied_to(&self, object: &Value) -> Result<Value, StatusError> {
        let mut object = object.clone();
        match self {
            Self::Merge(patch) => merge(&mut object, patch, &|_| None),
            Self::Strategic(patch) | Self::Apply(patch) => merge(&mut object, patch, &merge_key),
            Self::Operations(operations) => {
                for operation in operations {
                    operate(&mut object, operation)?;
                }
            }
        }
        Ok(object)
    }
}

fn merge_key(list: &str) -> Option<&'static str> {
    MERGE_KEYS
        .iter()
        .find(|(known, _)| *known == list)
        .map(|(_, key)| *key)
}

fn merge(target: &mut Value, patch: &Value, keys: &dyn Fn(&str) -> Option<&'static str>) {
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
        if field.starts_with('$') {
            continue;
        }
        match (keys(field), value) {
            (_, Value::Null) => {
                fields.remove(field);
            }
            (Some(key), Value::Array(items)) => {
                let list = fields.entry(field).or_insert_with(|| json!([]));
                merge_list(list, items, key, keys);
            }
            (_, value) => merge(fields.entry(field).or_insert(Value::Null), value, keys),
        }
    }
}

fn merge_list(list: &mut Value, items: &[Value], key: &str, keys: &dyn Fn(&str) -> Option<&'static str>) {
    let Some(list) = list.as_array_mut() else { return };
    for item in items {
        let place = list.iter().position(|known| known[key] == item[key]);
        match (place, item["$patch"] == json!("delete")) {
            (Some(place), true) => {
                list.remove(place);
            }
            (Some(place), false) => merge(&mut list[place], item, keys),
            (None, true) => {}
            (None, false) => list.push(item.clone()),
        }
    }
}

fn operate(object: &mut Value, operation: &Value) -> Result<(), StatusError> {
    let refuse =
        |why: &str| StatusError::new(422, "Invalid", format!("the server rejected our request: {why}"));
    let path = operation["path"].as_str().unwrap_or_default();
    let (parent, last) = path
        .rsplit_once('/')
        .ok_or_else(|| refuse("a path starts with a slash"))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    if operation["op"] == json!("test") {
        let same = object.pointer(path) == Some(&operation["value"]);
        return if same {
            Ok(())
        } else {
            Err(refuse("a test of the patch failed"))
        };
    }
    let parent = object
        .pointer_mut(parent)
        .ok_or_else(|| refuse("a path of the patch leads nowhere"))?;
    let (verb, value) = (
        operation["op"].as_str().unwrap_or_default(),
        operation["value"].clone(),
    );
    match parent {
        Value::Object(fields) => match verb {
            "add" | "replace" => drop(fields.insert(last, value)),
            "remove" => drop(fields.remove(&last).ok_or_else(|| refuse("nothing to remove"))?),
            _ => return Err(refuse("an operation is unknown here")),
        },
        Value::Array(list) => {
            let end = list.len();
            let at = if last == "-" && verb == "add" {
                Some(end)
            } else {
                last.parse::<usize>().ok()
            };
            let at = at.filter(|at| *at < end || (*at == end && verb == "add"));
            let at = at.ok_or_else(|| refuse("an index is out of bounds"))?;
            match verb {
                "add" => list.insert(at, value),
                "replace" => list[at] = value,
                "remove" => drop(list.remove(at)),
                _ => return Err(refuse("an operation is unknown here")),
            }
        }
        _ => return Err(refuse("a path of the patch leads into a value")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategic_patch_merges_containers_by_name_and_a_merge_patch_replaces_them() {
        let pod = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]});
        let patch = json!({"containers": [{"name": "a", "image": "2"}], "$setElementOrder/containers": []});
        let strategic = PatchBody::Strategic(patch.clone()).applied_to(&pod).unwrap();
        assert_eq!(
            strategic,
            json!({"containers": [{"name": "a", "image": "2"}, {"name": "b", "image": "1"}]})
        );
        let merged = PatchBody::Merge(json!({"containers": [{"name": "c"}], "gone": null}))
            .applied_to(&pod)
            .unwrap();
        assert_eq!(merged, json!({"containers": [{"name": "c"}]}));
    }

    #[test]
    fn operations_apply_in_order() {
        let operations = json!([
            {"op": "test", "path": "/a", "value": 1}, {"op": "replace", "path": "/a", "value": 2},
            {"op": "add", "path": "/list/-", "value": 3}, {"op": "remove", "path": "/b~1c"},
        ]);
        let patch = PatchBody::Operations(operations.as_array().unwrap().clone());
        let patched = patch.applied_to(&json!({"a": 1, "list": [], "b/c": 0})).unwrap();
        assert_eq!(patched, json!({"a": 2, "list": [3]}));
        assert!(patch.applied_to(&json!({"a": 5})).is_err());
    }
}
