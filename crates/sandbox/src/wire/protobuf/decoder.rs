//! Decodes a message as the JSON that Kubernetes writes for the same object.

use jiff::Timestamp;
use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use crate::store::object::format_time;
use crate::wire::protobuf::decode_error::DecodeError;
use crate::wire::protobuf::messages::{FieldShape, FieldType, INLINE, MESSAGES, MessageField};
use crate::wire::protobuf::wire_format::{FieldValue, fields};

/// Decodes a message by its name in the table. Fields that the table does not have are skipped, as protobuf allows.
pub(super) fn decode(bytes: &[u8], message: &str) -> Result<Map<String, Value>, DecodeError> {
    let mut object = Map::new();
    for field in fields(bytes) {
        let (number, value) = field?;
        if let Some(field) = MESSAGES.field(message, number) {
            add(&mut object, field, value).map_err(|error| error.within(field.name))?;
        }
    }
    Ok(object)
}

/// Adds the value of a field to its object.
fn add(
    object: &mut Map<String, Value>,
    field: &MessageField,
    value: FieldValue<'_>,
) -> Result<(), DecodeError> {
    match field.shape {
        FieldShape::List => {
            let decoded = decode_value(value, field.value_type)?;
            if let Value::Array(list) = object.entry(field.name).or_insert_with(|| json!([])) {
                list.push(decoded);
            }
        }
        FieldShape::Map => {
            let (key, decoded) = decode_entry(value, field.value_type)?;
            if let Value::Object(map) = object.entry(field.name).or_insert_with(|| json!({})) {
                map.insert(key, decoded);
            }
        }
        FieldShape::Single => {
            let decoded = decode_value(value, field.value_type)?;
            match decoded {
                Value::Object(inner) if field.name == INLINE => object.extend(inner),
                decoded if decoded.is_null() || !field.keeps_empty && is_empty(&decoded) => {}
                decoded => {
                    object.insert(field.name.to_owned(), decoded);
                }
            }
        }
    }
    Ok(())
}

/// Decodes an entry of a map; its key or its value is left out if it is empty.
fn decode_entry(entry: FieldValue<'_>, value_type: FieldType) -> Result<(String, Value), DecodeError> {
    let mut key = "";
    let mut decoded = None;
    for field in fields(entry.bytes()?) {
        match field? {
            (1, value) => key = value.text()?,
            (2, value) => decoded = Some(decode_value(value, value_type)?),
            _ => {}
        }
    }

    let decoded = match decoded {
        Some(decoded) => decoded,
        None => decode_value(FieldValue::Bytes(&[]), value_type)?,
    };
    Ok((key.to_owned(), decoded))
}

fn decode_value(value: FieldValue<'_>, value_type: FieldType) -> Result<Value, DecodeError> {
    Ok(match value_type {
        FieldType::Text => json!(value.text()?),
        FieldType::Integer => json!(value.integer()?),
        FieldType::Flag => json!(value.integer()? != 0),
        FieldType::Bytes => json!(ByteString(value.bytes()?.to_vec())),
        FieldType::Time => decode_time(value.bytes()?)?.map_or(Value::Null, |time| json!(format_time(time))),
        FieldType::MicroTime => {
            decode_time(value.bytes()?)?.map_or(Value::Null, |time| json!(format_micro_time(time)))
        }
        FieldType::Quantity => decode_quantity(value.bytes()?)?,
        FieldType::IntOrString => decode_int_or_string(value.bytes()?)?,
        FieldType::Json => decode_json(value.bytes()?)?,
        FieldType::Items => decode_items(value.bytes()?)?,
        FieldType::Message(message) => Value::Object(decode(value.bytes()?, message)?),
    })
}

/// Decodes seconds and nanoseconds; both are zero in a time that is not set.
fn decode_time(bytes: &[u8]) -> Result<Option<Timestamp>, DecodeError> {
    let mut seconds = 0;
    let mut nanoseconds = 0;
    for field in fields(bytes) {
        match field? {
            (1, value) => seconds = value.integer()?,
            (2, value) => nanoseconds = value.integer()?,
            _ => {}
        }
    }
    if (seconds, nanoseconds) == (0, 0) {
        return Ok(None);
    }

    let nanoseconds = i32::try_from(nanoseconds).unwrap_or(i32::MAX);
    let time = Timestamp::new(seconds, nanoseconds);
    time.map(Some).map_err(|_| DecodeError::new("it is no time"))
}

fn format_micro_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn decode_quantity(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut quantity = "0";
    for field in fields(bytes) {
        if let (1, value) = field? {
            quantity = value.text()?;
        }
    }
    Ok(json!(quantity))
}

fn decode_int_or_string(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut is_text = false;
    let mut number = 0;
    let mut text = "";
    for field in fields(bytes) {
        match field? {
            (1, value) => is_text = value.integer()? == 1,
            (2, value) => number = value.integer()?,
            (3, value) => text = value.text()?,
            _ => {}
        }
    }
    Ok(if is_text { json!(text) } else { json!(number) })
}

fn decode_json(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut decoded = Value::Null;
    for field in fields(bytes) {
        if let (1, value) = field? {
            decoded =
                serde_json::from_slice(value.bytes()?).map_err(|_| DecodeError::new("it is not JSON"))?;
        }
    }
    Ok(decoded)
}

fn decode_items(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut items = Vec::new();
    for field in fields(bytes) {
        if let (1, value) = field? {
            items.push(value.text()?);
        }
    }
    Ok(json!(items))
}

/// Whether a value is the one that its type has unless it is set.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Null | Value::Array(_) => false,
    }
}
