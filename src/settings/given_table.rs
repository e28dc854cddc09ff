//! One table of those that a file may hold several of, such as a gate: its fields, with the line of each.

mod reader;

use ::config::{Value, ValueKind};

pub(super) use self::reader::{Fault, accept, check_number};

use super::table_fields::TableKind;

/// One table of `[[guards.prometheus]]`, or of another kind.
#[derive(Clone)]
pub(super) struct GivenTable {
    /// The kind.
    pub(super) kind: TableKind,
    /// The number of the table among those of its kind, from 1.
    pub(super) number: usize,
    /// The file and the line where the table begins.
    pub(super) source: String,
    /// The fields that could be read, each with its own line as the origin.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// The fields that a mistake was probably meant to set: they are not missing on top of it.
    pub(super) meant: Vec<String>,
}

/// The value of a field, and where it was set.
#[derive(Debug)]
pub(super) struct FieldValue<T> {
    pub(super) name: &'static str,
    pub(super) value: T,
    pub(super) source: String,
}

impl<T> FieldValue<T> {
    /// Another value with this name and source.
    pub(super) fn map<U>(self, convert: impl FnOnce(T) -> U) -> FieldValue<U> {
        FieldValue {
            name: self.name,
            value: convert(self.value),
            source: self.source,
        }
    }
}

impl GivenTable {
    /// What mistakes call the table: `guards.prometheus[2]`.
    pub(super) fn path(&self) -> String {
        format!("{}[{}]", self.kind.section(), self.number)
    }

    /// Where the table is, for another mistake's sentence.
    pub(super) fn place(&self) -> String {
        format!("{} ({})", self.path(), self.source)
    }

    /// The value of a field, whatever its type.
    pub(super) fn field(&self, name: &'static str) -> Option<FieldValue<ValueKind>> {
        let (name, value) = self.fields.iter().find(|(known, _)| *known == name)?;
        let source = value.origin().unwrap_or(&self.source);
        Some(FieldValue {
            name,
            value: value.kind.clone(),
            source: source.to_owned(),
        })
    }
}
