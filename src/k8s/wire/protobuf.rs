//! The wire format of protobuf, as far as Kubernetes uses it: a sequence of fields, each a number and a value.
//!
//! A page is read as a stream, one item at a time. The libraries for protobuf want a whole message in memory, which for
//! a page is some ten megabytes, so they would help with the items only, of which macaque reads eight fields.

use std::io::{ErrorKind, Read};

/// The value of a field, as far as the wire tells before its bytes: the beginning of it in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueHead {
    /// A whole number.
    Number(u64),
    /// A text, bytes or a message of this length follows.
    Bytes(u64),
}

/// The value of a field of a message in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The reason why a message cannot be read, in words.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub(in crate::k8s) struct ProtobufError(String);

impl ProtobufError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// The error of a message that ends before it is complete.
    pub(super) fn cut() -> Self {
        Self::new("it ends within a field")
    }
}

impl From<std::io::Error> for ProtobufError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::cut(),
            _ => Self(error.to_string()),
        }
    }
}

impl<'a> WireValue<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], ProtobufError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err(ProtobufError::new("a number where a text or a message should be")),
        }
    }

    /// The text. What is not UTF-8 is replaced, as the API server replaces it in JSON.
    pub(super) fn text(self) -> Result<String, ProtobufError> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// The number; negative ones are sent in 64 bits, whatever their width.
    pub(super) fn integer(self) -> Result<i64, ProtobufError> {
        match self {
            Self::Number(number) => Ok(number.cast_signed()),
            Self::Bytes(_) => Err(ProtobufError::new("bytes where a number should be")),
        }
    }
}

/// Calls `each` with the number and the value of one field of `message` after the other.
///
/// # Errors
/// The message is malformed, or `each` fails.
pub(super) fn each_field<'a>(
    message: &'a [u8],
    mut each: impl FnMut(u64, WireValue<'a>) -> Result<(), ProtobufError>,
) -> Result<(), ProtobufError> {
    let mut rest = message;
    while let Some((number, head)) = next_field(&mut rest)? {
        let value = match head {
            ValueHead::Number(value) => WireValue::Number(value),
            ValueHead::Bytes(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let (bytes, after) = rest.split_at_checked(length).ok_or_else(ProtobufError::cut)?;
                rest = after;
                WireValue::Bytes(bytes)
            }
        };
        each(number, value)?;
    }
    Ok(())
}

/// Reads the number of the next field and the beginning of its value; `None` at the end of the message.
///
/// # Errors
/// The message is malformed, or could not be read.
pub(super) fn next_field(message: &mut impl Read) -> Result<Option<(u64, ValueHead)>, ProtobufError> {
    let Some(tag) = read_number(message)? else {
        return Ok(None);
    };

    let value = read_number(message)?.ok_or_else(ProtobufError::cut)?;
    // The lower three bits are the wire type. Numbers of fixed width are in no message of Kubernetes.
    let head = match tag & 7 {
        0 => ValueHead::Number(value),
        2 => ValueHead::Bytes(value),
        other => return Err(ProtobufError::new(format!("a field of the wire type {other}"))),
    };
    Ok(Some((tag >> 3, head)))
}

/// Appends the next `length` bytes to `bytes`.
///
/// # Errors
/// There are more than `most`, or fewer bytes left.
pub(super) fn take(
    message: &mut impl Read,
    length: u64,
    most: u64,
    bytes: &mut Vec<u8>,
) -> Result<(), ProtobufError> {
    if length > most {
        let why = format!("a field of {length} bytes, where {most} is the most");
        return Err(ProtobufError::new(why));
    }

    // The memory grows with what is there, not with what was announced.
    let taken = message.take(length).read_to_end(bytes)?;
    if (taken as u64) < length {
        return Err(ProtobufError::cut());
    }
    Ok(())
}

/// Passes over the next `length` bytes.
///
/// # Errors
/// There are fewer bytes left.
pub(super) fn skip(message: &mut impl Read, length: u64) -> Result<(), ProtobufError> {
    let skipped = std::io::copy(&mut message.take(length), &mut std::io::sink())?;
    if skipped < length {
        return Err(ProtobufError::cut());
    }
    Ok(())
}

/// Reads a number: seven bits in each byte, the lowest first. `None` if there is nothing left to read.
fn read_number(message: &mut impl Read) -> Result<Option<u64>, ProtobufError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        let length = message.read(&mut byte)?;
        if length == 0 {
            return if shift == 0 {
                Ok(None)
            } else {
                Err(ProtobufError::cut())
            };
        }

        let [byte] = byte;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(Some(value));
        }
    }
    Err(ProtobufError::new("a number longer than 64 bits"))
}
