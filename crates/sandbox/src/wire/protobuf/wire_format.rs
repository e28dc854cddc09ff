//! The wire format of protobuf: a sequence of fields, each a number and a value.

use crate::wire::protobuf::decode_error::DecodeError;

/// The value of a field, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FieldValue<'a> {
    Number(u64),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    /// A number of fixed width, which no message of Kubernetes has.
    Fixed,
}

impl<'a> FieldValue<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) | Self::Fixed => Err(DecodeError::new("it is a number")),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::new("it is not UTF-8"))
    }

    /// The number; negative ones are sent in 64 bits, whatever their width.
    pub(super) fn integer(self) -> Result<i64, DecodeError> {
        match self {
            Self::Number(number) => Ok(number.cast_signed()),
            Self::Bytes(_) | Self::Fixed => Err(DecodeError::new("it is not an integer")),
        }
    }
}

/// The fields of a message, in the order sent.
pub(super) fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { rest: bytes }
}

/// An iterator over the fields of a message; it ends after an error.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, FieldValue<'a>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }

        let field = self.read_field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn read_field(&mut self) -> Result<(u64, FieldValue<'a>), DecodeError> {
        let tag = self.read_varint()?;
        // The lower three bits are the wire type.
        let value = match tag & 7 {
            0 => FieldValue::Number(self.read_varint()?),
            1 => self.take(8).map(|_| FieldValue::Fixed)?,
            2 => {
                let length = self.read_varint()?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                FieldValue::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| FieldValue::Fixed)?,
            other => return Err(DecodeError::new(format!("the wire type {other} does not exist"))),
        };
        Ok((tag >> 3, value))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.rest.split_at_checked(length);
        let (taken, rest) = taken.ok_or_else(|| DecodeError::new("it ends within a field"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes a varint: seven bits per byte, the lowest first.
    fn read_varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::new("a number in it is longer than 64 bits"))
    }
}
