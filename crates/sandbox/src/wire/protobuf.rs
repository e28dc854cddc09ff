//! Reads the protobuf bodies that kubectl sends for access reviews, namespaces and ConfigMaps.
//!
//! Only the fields that the sandbox uses are read; all others are skipped, as protobuf allows.

use serde_json::{Map, Value, json};

/// The four bytes before every protobuf body of Kubernetes (`apimachinery/pkg/runtime/serializer/protobuf`).
const MAGIC: &[u8] = b"k8s\0";

/// A field of a message: its number in the `generated.proto` of its API, its JSON name and its type.
type MessageField = (u64, &'static str, FieldType);

/// The type of a field.
#[derive(Clone, Copy)]
enum FieldType {
    Text,
    Message(&'static [MessageField]),
    /// A map from text to text.
    Map,
}

/// The number of the envelope's field that holds the object.
const RAW: u64 = 2;

const MAP_ENTRY: &[MessageField] = &[(1, "key", FieldType::Text), (2, "value", FieldType::Text)];

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
const NON_RESOURCE_ATTRIBUTES: FieldType =
    FieldType::Message(&[(1, "path", FieldType::Text), (2, "verb", FieldType::Text)]);
const ACCESS_REVIEW: &[MessageField] = &[
    (1, "metadata", METADATA),
    (
        2,
        "spec",
        FieldType::Message(&[
            (1, "resourceAttributes", RESOURCE_ATTRIBUTES),
            (2, "nonResourceAttributes", NON_RESOURCE_ATTRIBUTES),
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

/// Decodes a body as JSON; `None` if it is malformed or of another kind.
pub(crate) fn decode(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(MAGIC)?;
    let envelope = decode_message(body, ENVELOPE)?;
    let version = &envelope["type"]["apiVersion"];
    let kind = &envelope["type"]["kind"];

    let fields = match kind.as_str()? {
        "SelfSubjectAccessReview" => ACCESS_REVIEW,
        "SelfSubjectRulesReview" => RULES_REVIEW,
        "Namespace" => NAMESPACE,
        "ConfigMap" => CONFIG_MAP,
        _ => return None,
    };
    let envelope_fields = length_delimited_fields(body)?;
    let (_, raw) = envelope_fields.into_iter().find(|(number, _)| *number == RAW)?;

    let mut object = decode_message(raw, fields)?;
    object["apiVersion"] = version.clone();
    object["kind"] = kind.clone();
    Some(object)
}

fn decode_message(bytes: &[u8], fields: &[MessageField]) -> Option<Value> {
    let mut object = Map::new();
    for (number, bytes) in length_delimited_fields(bytes)? {
        let Some((_, name, field_type)) = fields.iter().find(|(known, _, _)| *known == number) else {
            continue;
        };

        match field_type {
            FieldType::Text => {
                object.insert((*name).to_owned(), json!(std::str::from_utf8(bytes).ok()?));
            }
            FieldType::Message(fields) => {
                object.insert((*name).to_owned(), decode_message(bytes, fields)?);
            }
            FieldType::Map => {
                let entry = decode_message(bytes, MAP_ENTRY)?;
                let map = object.entry(*name).or_insert_with(|| json!({}));
                map[entry["key"].as_str().unwrap_or_default()] =
                    json!(entry["value"].as_str().unwrap_or_default());
            }
        }
    }

    // Empty texts are sent too; to the API they mean the same as absent ones.
    object.retain(|_, value| *value != json!(""));
    Some(Value::Object(object))
}

/// The length-delimited fields of a message, with their numbers; all other fields are skipped.
fn length_delimited_fields(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = read_varint(&mut bytes)?;

        // The lower three bits are the wire type.
        match tag & 7 {
            0 => {
                read_varint(&mut bytes)?;
            }
            1 => bytes = bytes.get(8..)?,
            2 => {
                let length = usize::try_from(read_varint(&mut bytes)?).ok()?;
                fields.push((tag >> 3, bytes.get(..length)?));
                bytes = bytes.get(length..)?;
            }
            5 => bytes = bytes.get(4..)?,
            _ => return None,
        }
    }

    Some(fields)
}

/// Takes a varint from the front: seven bits per byte, the lowest first.
fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
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

    /// A length-delimited field, as it is sent.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, length], bytes].concat()
    }

    #[test]
    fn a_config_map_is_read() {
        let kind = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
        let data = field(2, &[field(1, b"key"), field(2, b"value")].concat());
        let object = [field(1, &field(1, b"settings")), data].concat();
        let body = [MAGIC, &field(1, &kind), &field(2, &object), &field(3, b"")].concat();
        let expected = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"key": "value"},
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
