//! The error of a message that cannot be decoded.

use std::fmt::{self, Display, Formatter};

use crate::wire::protobuf::messages::INLINE;

/// An error of decoding: what is wrong, and in which field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DecodeError {
    /// The path of the field, from the inside outwards.
    path: Vec<&'static str>,
    why: String,
}

impl DecodeError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            why: why.into(),
        }
    }

    /// Adds the field around the ones named so far.
    pub(super) fn within(mut self, field: &'static str) -> Self {
        if field != INLINE {
            self.path.push(field);
        }
        self
    }
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path: Vec<&str> = self.path.iter().rev().copied().collect();
        if !path.is_empty() {
            write!(f, "{}: ", path.join("."))?;
        }
        f.write_str(&self.why)
    }
}
