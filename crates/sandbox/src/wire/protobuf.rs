//! Reads the protobuf bodies that client-go and kubectl send, as the JSON of the same objects.
//!
//! The messages are those of Kubernetes' own Go types: `messages.txt` is generated from them, by
//! `tests/controlplane/protobuf`. The crates that hold these messages were tried: those of `k8s-pb` have neither the names
//! of JSON nor reflection, and those of `k8s-rs-pb`, which have both, take two minutes and 640 MB to compile.

mod decode_error;
mod decoder;
mod messages;
mod wire_format;

use serde_json::{Value, json};

use crate::wire::protobuf::decode_error::DecodeError;
use crate::wire::protobuf::messages::MESSAGES;
use crate::wire::protobuf::wire_format::{FieldValue, fields};
use crate::wire::status_error::StatusError;

/// The media type of these bodies.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// The four bytes before every protobuf body of Kubernetes (`apimachinery/pkg/runtime/serializer/protobuf`).
const MAGIC: &[u8] = b"k8s\0";

/// The envelope of an object: its version and kind, and the bytes of its message (`runtime.Unknown`).
#[derive(Debug, Default, PartialEq)]
struct Envelope<'a> {
    api_version: &'a str,
    kind: &'a str,
    raw: &'a [u8],
}

/// Decodes a body as JSON.
pub(crate) fn decode(body: &[u8]) -> Result<Value, StatusError> {
    let Some(body) = body.strip_prefix(MAGIC) else {
        let message =
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
        return Err(StatusError::bad_request(message));
    };
    let envelope = Envelope::read(body).map_err(|error| malformed("object", &error))?;
    let Some(message) = MESSAGES.of_kind(envelope.api_version, envelope.kind) else {
        return Err(unknown_kind(&envelope));
    };

    let object = decoder::decode(envelope.raw, message);
    let mut object = object.map_err(|error| malformed(envelope.kind, &error))?;
    for (key, value) in [("apiVersion", envelope.api_version), ("kind", envelope.kind)] {
        if !value.is_empty() {
            object.insert(key.to_owned(), json!(value));
        }
    }
    Ok(Value::Object(object))
}

impl<'a> Envelope<'a> {
    fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut envelope = Self::default();
        for field in fields(body) {
            match field? {
                (1, FieldValue::Bytes(bytes)) => {
                    for field in fields(bytes) {
                        match field? {
                            (1, value) => envelope.api_version = value.text()?,
                            (2, value) => envelope.kind = value.text()?,
                            _ => {}
                        }
                    }
                }
                (2, FieldValue::Bytes(raw)) => envelope.raw = raw,
                _ => {}
            }
        }
        Ok(envelope)
    }
}

fn malformed(kind: &str, error: &DecodeError) -> StatusError {
    StatusError::bad_request(format!(
        "the body of the request is no {kind} in protobuf: {error}"
    ))
}

fn unknown_kind(envelope: &Envelope<'_>) -> StatusError {
    let Envelope {
        api_version, kind, ..
    } = envelope;
    let message = format!(
        "the sandbox does not read a {kind} of apiVersion {api_version:?} in protobuf: send it as JSON, with \
         Content-Type: application/json"
    );
    StatusError::new(415, "UnsupportedMediaType", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects as JSON, each followed by its body in base64.
    const BODIES: &str = include_str!("protobuf/bodies.txt");

    /// The bodies of the table, with the JSON of their objects.
    fn bodies() -> Vec<(Value, Vec<u8>)> {
        let lines: Vec<&str> = BODIES.lines().filter(|line| !line.starts_with('#')).collect();
        let pairs = lines.chunks(2).map(|pair| {
            let body: k8s_openapi::ByteString = serde_json::from_value(json!(pair[1])).unwrap();
            (serde_json::from_str(pair[0]).unwrap(), body.0)
        });
        pairs.collect()
    }

    #[test]
    fn every_field_of_every_kind_is_read_as_kubernetes_itself_writes_it_in_json() {
        let bodies = bodies();
        let kinds = MESSAGES.kinds().count();
        assert_eq!(
            bodies.len(),
            2 * kinds,
            "each kind, with values and with empty ones"
        );

        for (expected, body) in bodies {
            let decoded = decode(&body).unwrap();
            assert_eq!(
                decoded, expected,
                "{} {}",
                expected["apiVersion"], expected["kind"]
            );
        }
    }

    #[test]
    fn the_options_of_a_deletion_are_read_in_the_version_of_any_api() {
        for version in ["v1", "apps/v1", "policy/v1", "example.com/v1", ""] {
            let length = u8::try_from(version.len()).unwrap();
            let types = [&[10, length], version.as_bytes(), b"\x12\rDeleteOptions"].concat();
            let length = u8::try_from(types.len()).unwrap();
            let body = [MAGIC, &[10, length], &types, b"\x12\x02\x08\x05"].concat();

            let options = decode(&body).unwrap();
            assert_eq!(
                (&options["kind"], &options["gracePeriodSeconds"]),
                (&json!("DeleteOptions"), &json!(5))
            );
        }
    }

    #[test]
    fn a_kind_that_is_not_read_is_named_with_json_as_the_way() {
        let body = [MAGIC, b"\x0a\x0d\x0a\x02v1\x12\x07Podlist\x12\0"].concat();
        let refusal = decode(&body).unwrap_err();
        assert_eq!((refusal.code, refusal.reason), (415, "UnsupportedMediaType"));
        assert_eq!(
            refusal.message,
            "the sandbox does not read a Podlist of apiVersion \"v1\" in protobuf: send it as JSON, with Content-Type: \
             application/json"
        );
    }

    #[test]
    fn a_malformed_body_is_refused_and_the_field_named() {
        let pod = |raw: &[u8]| {
            let length = u8::try_from(raw.len()).unwrap();
            [MAGIC, b"\x0a\x09\x0a\x02v1\x12\x03Pod\x12", &[length], raw].concat()
        };
        let cases: [(Vec<u8>, &str); 7] = [
            (
                b"{}".to_vec(),
                "provided data does not appear to be a protobuf message",
            ),
            (
                b"k8s\0\x0a\xff".to_vec(),
                "no object in protobuf: it ends within a field",
            ),
            (
                b"k8s\0\x07".to_vec(),
                "no object in protobuf: the wire type 7 does not exist",
            ),
            (pod(b"\x08\x01"), "no Pod in protobuf: metadata: it is a number"),
            (
                pod(b"\x0a\x02\x0a\x05"),
                "no Pod in protobuf: metadata: it ends within a field",
            ),
            (
                pod(b"\x0a\x03\x0a\x01\xff"),
                "no Pod in protobuf: metadata.name: it is not UTF-8",
            ),
            (pod(&[8; 20]), "no Pod in protobuf: metadata: it is a number"),
        ];

        for (body, expected) in cases {
            let refusal = decode(&body).unwrap_err();
            assert_eq!(refusal.code, 400);
            assert!(
                refusal.message.contains(expected),
                "{expected} in {}",
                refusal.message
            );
        }
    }

    #[test]
    fn no_cut_and_no_changed_byte_of_a_body_is_more_than_an_error() {
        for (_, body) in bodies() {
            for at in 0..body.len() {
                let mut changed = body.clone();
                changed[at] ^= 0x55;
                let results = [decode(&body[..at]), decode(&changed)];
                // Whatever the answer is, it is one: nothing panics, overflows or reads past the end.
                assert!(results.iter().flatten().all(Value::is_object));
            }
        }
    }
}
