//! Reads the few protobuf bodies that kubectl sends for want of asking first: reviews, namespaces and ConfigMaps.

use serde_json::{Map, Value, json};

/// The four bytes before every protobuf body of Kubernetes.
const MAGIC: &[u8] = b"k8s\0";

/// A field of a message: its number, its JSON name and what it holds.
type MessageField = (u64, &'static str, FieldType);

#[derive(Clone, Copy)]
enum FieldType {
    Text,
    Message(&'static [MessageField]),
    /// From text to text.
    Map,
}

const ENVELOPE: &[MessageField] = &[(
    1,
    "type",
    FieldType::Message(&[(1, "apiVersion", FieldType::Text), (2, "kind", FieldType::Text)]),
)];
const METADATA: FieldType = FieldType::Message(&[
    (1, "name", FieldType::Text),
    (2, "generateName", FieldType::Text),
    (3, "namespace", FieldType::Text),
    (11, "labels", FieldType::Map),
    (12, "annotations", FieldType::Map),
]);
const RESOURCE_ATTRIBUTES: FieldType = FieldType::Message(&[
    (1, "namespace", FieldType::Text),
    (2, "verb", FieldType::Text),
    (3, "group", FieldType::Text),
    (4, "version", FieldType::Text),
    (5, "resource", FieldType::Text),
    (6, "subresource", FieldType::Text),
    (7, "name", FieldType::Text),
]);
const OTHER_ATTRIBUTES: FieldType =
    FieldType::Message(&[(1, "path", FieldType::Text), (2, "verb", FieldType::Text)]);
const ACCESS_REVIEW: &[MessageField] = &[
    (1, "metadata", METADATA),
    (
        2,
        "spec",
        FieldType::Message(&[
            (1, "resourceAttributes", RESOURCE_ATTRIBUTES),
            (2, "nonResourceAttributes", OTHER_ATTRIBUTES),
        ]),
    ),
];
const RULES_REVIEW: &[MessageField] = &[
    (1, "metadata", METADATA),
    (
        2,
        "spec",
        FieldType::Message(&[(1, "namespace", FieldType::Text)]),
    ),
];
const NAMESPACE: &[MessageField] = &[(1, "metadata", METADATA)];
const CONFIG_MAP: &[MessageField] = &[(1, "metadata", METADATA), (2, "data", FieldType::Map)];

/// The body as JSON, or nothing when it is broken or of a kind that is not read.
pub(crate) fn decode(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(MAGIC)?;
    let envelope = message(body, ENVELOPE)?;
    let (version, kind) = (&envelope["type"]["apiVersion"], &envelope["type"]["kind"]);
    let fields = match kind.as_str()? {
        "SelfSubjectAccessReview" => ACCESS_REVIEW,
        "SelfSubjectRulesReview" => RULES_REVIEW,
        "Namespace" => NAMESPACE,
        "ConfigMap" => CONFIG_MAP,
        _ => return None,
    };
    let (_, raw) = parts(body)?.into_iter().find(|(number, _)| *number == 2)?;
    let mut object = message(raw, fields)?;
    object["apiVersion"] = version.clone();
    object["kind"] = kind.clone();
    Some(object)
}

fn message(bytes: &[u8], fields: &[MessageField]) -> Option<Value> {
    let mut object = Map::new();
    for (number, bytes) in parts(bytes)? {
        let Some((_, name, shape)) = fields.iter().find(|(known, _, _)| *known == number) else {
            continue;
        };
        match shape {
            FieldType::Text => drop(object.insert((*name).to_owned(), json!(text(bytes)?))),
            FieldType::Message(fields) => drop(object.insert((*name).to_owned(), message(bytes, fields)?)),
            FieldType::Map => {
                let entry = message(
                    bytes,
                    &[(1, "key", FieldType::Text), (2, "value", FieldType::Text)],
                )?;
                let map = object.entry(*name).or_insert_with(|| json!({}));
                map[entry["key"].as_str().unwrap_or_default()] =
                    json!(entry["value"].as_str().unwrap_or_default());
            }
        }
    }
    // Empty texts are sent like any others; they mean what absence means.
    object.retain(|_, value| *value != json!(""));
    Some(Value::Object(object))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The fields of a message that have a length; numbers are stepped over.
fn parts(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        match tag & 7 {
            0 => drop(varint(&mut bytes)?),
            1 => bytes = bytes.get(8..)?,
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                parts.push((tag >> 3, bytes.get(..length)?));
                bytes = bytes.get(length..)?;
            }
            5 => bytes = bytes.get(4..)?,
            _ => return None,
        }
    }
    Some(parts)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field with a length, as the wire has it.
    fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, length], bytes].concat()
    }

    #[test]
    fn a_config_map_is_read() {
        let kind = [part(1, b"v1"), part(2, b"ConfigMap")].concat();
        let data = part(2, &[part(1, b"key"), part(2, b"value")].concat());
        let object = [part(1, &part(1, b"journal")), data].concat();
        let body = [MAGIC, &part(1, &kind), &part(2, &object), &part(3, b"")].concat();
        let expected = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "journal"}, "data": {"key": "value"},
        });
        assert_eq!(decode(&body), Some(expected));
    }

    #[test]
    fn broken_bodies_are_refused() {
        for body in [&b"k8s\0\x0a\xff"[..], b"k8s", b"k8s\0", b"k8s\0\x07"] {
            assert_eq!(decode(body), None, "{body:?}");
        }
    }
}
