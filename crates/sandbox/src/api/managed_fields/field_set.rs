//! The fields of a ConfigMap as paths, and sets of them in the form `FieldsV1`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The names on the way to a field, as `FieldsV1` writes them: `f:data`, `f:key`.
pub(super) type FieldPath = Vec<String>;

/// A set of fields.
pub(super) type FieldSet = BTreeSet<FieldPath>;

/// The fields that hold one value each.
const SCALARS: [&[&str]; 2] = [&["immutable"], &["metadata", "generateName"]];
/// The fields that hold a map of texts.
const MAPS: [&[&str]; 4] = [
    &["data"],
    &["binaryData"],
    &["metadata", "annotations"],
    &["metadata", "labels"],
];
/// The lists of which every item is a field of its own, with the key that tells them apart; without one, it is the item.
const LISTS: [(&[&str], Option<&str>); 2] = [
    (&["metadata", "finalizers"], None),
    (&["metadata", "ownerReferences"], Some("uid")),
];

/// All fields that are tracked, with their values; a map or a list is itself a field, whose value never changes.
///
/// An empty map or list is none, as Go's encoding leaves it out.
pub(super) fn fields_of(object: &Value) -> BTreeMap<FieldPath, &Value> {
    let mut fields = BTreeMap::new();
    for names in SCALARS {
        if let Some(value) = at(object, names).filter(|value| !value.is_null()) {
            fields.insert(path(names), value);
        }
    }

    for names in MAPS {
        let Some(map) = at(object, names).and_then(Value::as_object) else {
            continue;
        };
        let items = map.iter().map(|(key, value)| (format!("f:{key}"), value));
        add_items(&mut fields, names, items);
    }
    for (names, key) in LISTS {
        let Some(list) = at(object, names).and_then(Value::as_array) else {
            continue;
        };
        let items = list.iter().map(|item| match key {
            None => (format!("v:{item}"), item),
            Some(key) => (format!("k:{}", json!({ key: item[key] })), item),
        });
        add_items(&mut fields, names, items);
    }
    fields
}

fn add_items<'a>(
    fields: &mut BTreeMap<FieldPath, &'a Value>,
    names: &[&str],
    items: impl Iterator<Item = (String, &'a Value)>,
) {
    let container = path(names);
    for (name, value) in items {
        let mut item = container.clone();
        item.push(name);
        fields.insert(container.clone(), &Value::Null);
        fields.insert(item, value);
    }
}

fn at<'a>(object: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().try_fold(object, |value, name| value.get(name))
}

fn path(names: &[&str]) -> FieldPath {
    names.iter().map(|name| format!("f:{name}")).collect()
}

/// Writes a set as `FieldsV1`: a field that has others below it is itself in the set if there is a dot.
pub(super) fn encode(fields: &FieldSet) -> Value {
    let mut root = Map::new();
    for field in fields {
        let mut place = &mut root;
        for name in field {
            let below = place.entry(name).or_insert_with(|| json!({}));
            let Value::Object(below) = below else {
                unreachable!("only objects are inserted")
            };
            place = below;
        }
        // The fields below come later, in the order of the paths.
        place.insert(".".to_owned(), json!({}));
    }
    Value::Object(without_lonely_dots(root))
}

/// Removes the dots beside which there is nothing: such a field is written as an empty object.
fn without_lonely_dots(fields: Map<String, Value>) -> Map<String, Value> {
    let fields = fields.into_iter().map(|(name, below)| match below {
        Value::Object(below) if below.len() == 1 && below.contains_key(".") => (name, json!({})),
        Value::Object(below) => (name, Value::Object(without_lonely_dots(below))),
        other => (name, other),
    });
    fields.collect()
}

/// Reads a set as `FieldsV1`; what is none has no fields.
pub(super) fn decode(fields: &Value) -> FieldSet {
    let mut set = FieldSet::new();
    add_below(&mut set, &[], fields);
    set
}

fn add_below(set: &mut FieldSet, parent: &[String], fields: &Value) {
    for (name, below) in fields.as_object().into_iter().flatten() {
        if name == "." {
            set.insert(parent.to_vec());
            continue;
        }
        let mut field = parent.to_vec();
        field.push(name.clone());
        if below.as_object().is_none_or(Map::is_empty) {
            set.insert(field);
        } else {
            add_below(set, &field, below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_config_map_are_written_as_a_server_writes_them_and_read_again() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": { "a.b": "1" }, "binaryData": {}, "immutable": false,
            "metadata": {
                "name": "x", "uid": "y", "labels": { "app": "web" }, "finalizers": ["a/b"],
                "ownerReferences": [{ "uid": "u", "name": "n" }],
            },
        });
        let fields: FieldSet = fields_of(&object).into_keys().collect();
        let expected = json!({
            "f:data": { ".": {}, "f:a.b": {} },
            "f:immutable": {},
            "f:metadata": {
                "f:finalizers": { ".": {}, "v:\"a/b\"": {} },
                "f:labels": { ".": {}, "f:app": {} },
                "f:ownerReferences": { ".": {}, "k:{\"uid\":\"u\"}": {} },
            },
        });
        assert_eq!(encode(&fields), expected);
        assert_eq!(decode(&expected), fields);

        // Of a map that another created, only the key.
        let key = json!({ "f:data": { "f:a.b": {} } });
        assert_eq!(encode(&decode(&key)), key);
    }
}
