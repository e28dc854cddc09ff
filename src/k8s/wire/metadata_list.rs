//! Reads a list of the metadata of pods, as protobuf or as JSON, item by item, so that only one item is in memory at a
//! time.
//!
//! The messages are those of `k8s.io/apimachinery`: `pkg/runtime/generated.proto` and
//! `pkg/apis/meta/v1/generated.proto`. The fields of the managers, most of a pod's metadata, are passed over.

use std::io::{BufReader, Read};

use jiff::Timestamp;

use super::items::{CHUNK, each_item};
use super::kind::{ObjectKind, TypeMeta, WrongBody};
use super::list::ListMeta;
use super::protobuf::{ProtobufError, ValueHead, WireValue, each_field, next_field, skip, take};
use super::{OwnerReference, PodMetadata, PodObject};

/// The four bytes before every body in protobuf.
const PROTOBUF_MAGIC: [u8; 4] = *b"k8s\0";

/// A limit on one item: more than twice what etcd stores of an object.
const MAX_ITEM_BYTES: u64 = 4 << 20;

/// A limit on the metadata of the list and on its type.
const MAX_HEAD_BYTES: u64 = 64 << 10;

/// What is read of a list beside its items.
#[derive(Default)]
struct ListHead {
    type_meta: TypeMeta,
    metadata: ListMeta,
    /// Whether there was a list, if only an empty one.
    has_list: bool,
}

/// Reads a list of one of the `kinds`, and calls `each` with the metadata of one item after the other.
///
/// # Errors
/// The body is not such a list, or could not be read to its end; the items that `each` already received must be
/// discarded.
pub(in crate::k8s) fn each_metadata(
    body: impl Read,
    kinds: &[ObjectKind],
    each: impl FnMut(PodObject),
) -> Result<ListMeta, WrongBody> {
    let mut body = BufReader::with_capacity(CHUNK, body);
    let mut magic = Vec::new();
    let magic_length = PROTOBUF_MAGIC.len() as u64;
    (&mut body)
        .take(magic_length)
        .read_to_end(&mut magic)
        .map_err(serde_json::Error::io)?;

    if magic != PROTOBUF_MAGIC {
        return each_item(magic.as_slice().chain(body), kinds, each);
    }
    let head = read_envelope(&mut body, each)?;
    // A body in protobuf is no text that could be shown.
    head.type_meta.expect(kinds, b"")?;
    if !head.has_list {
        return Err(ProtobufError::new("it holds no list").into());
    }
    Ok(head.metadata)
}

/// Reads a `runtime.Unknown`, which names the type of what it holds.
fn read_envelope(
    envelope: &mut impl Read,
    mut each: impl FnMut(PodObject),
) -> Result<ListHead, ProtobufError> {
    let mut head = ListHead::default();
    while let Some(field) = next_field(envelope)? {
        match field {
            (1, ValueHead::Bytes(length)) => {
                let mut type_meta = Vec::new();
                take(envelope, length, MAX_HEAD_BYTES, &mut type_meta)?;
                head.type_meta = read_type(&type_meta)?;
            }
            (2, ValueHead::Bytes(length)) => {
                let mut list = envelope.take(length);
                read_list(&mut list, &mut head, &mut each)?;
                if list.limit() > 0 {
                    return Err(ProtobufError::cut());
                }
                head.has_list = true;
            }
            (_, ValueHead::Bytes(length)) => skip(envelope, length)?,
            (_, ValueHead::Number(_)) => {}
        }
    }
    Ok(head)
}

fn read_type(message: &[u8]) -> Result<TypeMeta, ProtobufError> {
    let mut type_meta = TypeMeta::default();
    each_field(message, |number, value| {
        match number {
            1 => type_meta.api_version = Some(value.text()?),
            2 => type_meta.kind = Some(value.text()?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(type_meta)
}

/// Reads a `PartialObjectMetadataList`.
fn read_list(
    list: &mut impl Read,
    head: &mut ListHead,
    each: &mut impl FnMut(PodObject),
) -> Result<(), ProtobufError> {
    let mut bytes = Vec::new();
    while let Some((number, value)) = next_field(list)? {
        let ValueHead::Bytes(length) = value else { continue };

        bytes.clear();
        match number {
            1 => {
                take(list, length, MAX_HEAD_BYTES, &mut bytes)?;
                head.metadata = read_list_metadata(&bytes)?;
            }
            2 => {
                take(list, length, MAX_ITEM_BYTES, &mut bytes)?;
                each(read_item(&bytes)?);
            }
            _ => skip(list, length)?,
        }
    }
    Ok(())
}

fn read_list_metadata(message: &[u8]) -> Result<ListMeta, ProtobufError> {
    let mut metadata = ListMeta::default();
    each_field(message, |number, value| {
        match number {
            2 => metadata.version = Some(value.text()?),
            3 => metadata.next = Some(value.text()?),
            4 => metadata.remaining_item_count = Some(value.integer()?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(metadata)
}

/// Reads a `PartialObjectMetadata`; a Pod begins in the same way.
fn read_item(message: &[u8]) -> Result<PodObject, ProtobufError> {
    let mut metadata = PodMetadata::default();
    each_field(message, |number, value| {
        if number == 1 {
            each_field(value.bytes()?, |number, value| metadata.set(number, value))?;
        }
        Ok(())
    })?;

    for (text, what) in [(&metadata.name, "name"), (&metadata.uid, "UID")] {
        if text.is_empty() {
            return Err(ProtobufError::new(format!("an item without a {what}")));
        }
    }
    Ok(PodObject {
        metadata,
        ..PodObject::default()
    })
}

impl PodMetadata {
    /// Sets a field of `ObjectMeta` by its number.
    fn set(&mut self, number: u64, value: WireValue<'_>) -> Result<(), ProtobufError> {
        match number {
            1 => self.name = value.text()?,
            3 => self.namespace = value.text()?,
            5 => self.uid = value.text()?,
            8 => self.creation_timestamp = read_time(value.bytes()?)?,
            9 => self.deletion_timestamp = read_time(value.bytes()?)?,
            11 => self.labels.extend([read_entry(value.bytes()?)?]),
            12 => self.annotations.extend([read_entry(value.bytes()?)?]),
            13 => {
                // Only the first reference to a controller counts.
                let reference = read_owner(value.bytes()?)?;
                if reference.controller == Some(true) && self.owner_references.is_empty() {
                    self.owner_references.push(reference);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads an entry of a map; its key or its value is left out if it is empty.
fn read_entry(message: &[u8]) -> Result<(String, String), ProtobufError> {
    let mut entry = (String::new(), String::new());
    each_field(message, |number, value| {
        match number {
            1 => entry.0 = value.text()?,
            2 => entry.1 = value.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(entry)
}

fn read_owner(message: &[u8]) -> Result<OwnerReference, ProtobufError> {
    let mut owner = OwnerReference::default();
    each_field(message, |number, value| {
        match number {
            1 => owner.kind = value.text()?,
            3 => owner.name = value.text()?,
            4 => owner.uid = value.text()?,
            5 => owner.api_version = value.text()?,
            6 => owner.controller = Some(value.integer()? != 0),
            _ => {}
        }
        Ok(())
    })?;
    Ok(owner)
}

/// Reads a time; both numbers are zero, or left out, in one that is not set.
fn read_time(message: &[u8]) -> Result<Option<Timestamp>, ProtobufError> {
    let mut seconds = 0;
    let mut nanoseconds = 0;
    each_field(message, |number, value| {
        match number {
            1 => seconds = value.integer()?,
            2 => nanoseconds = value.integer()?,
            _ => {}
        }
        Ok(())
    })?;
    if (seconds, nanoseconds) == (0, 0) {
        return Ok(None);
    }

    let no_time = || ProtobufError::new("a time that does not exist");
    let nanoseconds = i32::try_from(nanoseconds).map_err(|_| no_time())?;
    Timestamp::new(seconds, nanoseconds)
        .map(Some)
        .map_err(|_| no_time())
}

#[cfg(test)]
mod tests;
