//! Writes lists of metadata in protobuf, as Kubernetes does, and the same lists in JSON.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A list of the metadata of pods.
#[derive(Debug, Arbitrary)]
pub(crate) struct MetadataList {
    next: String,
    version: String,
    remaining: Option<u32>,
    items: Vec<Metadata>,
    /// Whether the parts that readers do not know come first.
    unknown_first: bool,
}

#[derive(Debug, Arbitrary)]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    created: Option<u32>,
    deleted: Option<u32>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    owners: Vec<Owner>,
    managed_fields: Vec<u8>,
}

#[derive(Debug, Arbitrary)]
struct Owner {
    api_version: String,
    kind: String,
    name: String,
    uid: String,
    controller: Option<bool>,
}

impl MetadataList {
    pub(crate) fn to_protobuf(&self) -> Vec<u8> {
        let types = [text(1, "meta.k8s.io/v1"), text(2, "PartialObjectMetadataList")].concat();
        let remaining = self.remaining.map(|count| number(4, count.into()));
        let metadata = [
            text(2, &self.version),
            text(3, &self.next),
            remaining.unwrap_or_default(),
        ]
        .concat();
        let items: Vec<_> = self
            .items
            .iter()
            .map(|item| message(2, &message(1, &item.to_protobuf())))
            .collect();

        let unknown = [number(14, 7), text(15, "new")].concat();
        let list = [message(1, &metadata), items.concat()].concat();
        let list = if self.unknown_first {
            [unknown, list].concat()
        } else {
            [list, unknown].concat()
        };
        [
            b"k8s\0".to_vec(),
            message(1, &types),
            message(2, &list),
            text(3, ""),
            text(4, ""),
        ]
        .concat()
    }

    pub(crate) fn to_json(&self) -> Value {
        let items: Vec<_> = self
            .items
            .iter()
            .map(|item| json!({ "metadata": item.to_json() }))
            .collect();
        json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {
                "continue": self.next, "resourceVersion": self.version, "remainingItemCount": self.remaining,
            },
            "items": items,
        })
    }

    /// Whether each item has a name and a UID, as those of every server have.
    pub(crate) fn is_named(&self) -> bool {
        self.items
            .iter()
            .all(|item| !item.name.is_empty() && !item.uid.is_empty())
    }
}

impl Metadata {
    fn to_protobuf(&self) -> Vec<u8> {
        let mut fields = [text(1, &self.name), text(3, &self.namespace), text(5, &self.uid)].concat();
        for (field, time) in [(8, self.created), (9, self.deleted)] {
            let time = time.map(|time| message(field, &number(1, time.into())));
            fields.extend(time.unwrap_or_default());
        }
        for (field, map) in [(11, &self.labels), (12, &self.annotations)] {
            let entries = map
                .iter()
                .map(|(key, value)| message(field, &[text(1, key), text(2, value)].concat()));
            fields.extend(entries.flatten());
        }
        fields.extend(
            self.owners
                .iter()
                .flat_map(|owner| message(13, &owner.to_protobuf())),
        );
        fields.extend(message(17, &self.managed_fields));
        fields
    }

    fn to_json(&self) -> Value {
        // Zero is a time that is not set.
        let time = |time: Option<u32>| {
            let time = time.filter(|time| *time > 0)?;
            Timestamp::from_second(time.into())
                .ok()
                .map(|time| time.to_string())
        };
        let owners: Vec<_> = self.owners.iter().map(Owner::to_json).collect();
        json!({
            "name": self.name, "namespace": self.namespace, "uid": self.uid,
            "creationTimestamp": time(self.created), "deletionTimestamp": time(self.deleted),
            "labels": self.labels, "annotations": self.annotations, "ownerReferences": owners,
        })
    }
}

impl Owner {
    fn to_protobuf(&self) -> Vec<u8> {
        let controller = self.controller.map(|controller| number(6, controller.into()));
        let texts = [
            text(1, &self.kind),
            text(3, &self.name),
            text(4, &self.uid),
            text(5, &self.api_version),
        ];
        [texts.concat(), controller.unwrap_or_default()].concat()
    }

    fn to_json(&self) -> Value {
        json!({
            "apiVersion": self.api_version, "kind": self.kind, "name": self.name, "uid": self.uid,
            "controller": self.controller,
        })
    }
}

fn text(field: u64, text: &str) -> Vec<u8> {
    message(field, text.as_bytes())
}

fn message(field: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// Seven bits in each byte, the lowest first.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap_or_default());
    bytes
}
