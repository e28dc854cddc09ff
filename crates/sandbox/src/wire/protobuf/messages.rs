//! The table of messages: the fields of each, by number.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The name of a field whose own fields belong to the object around it.
pub(super) const INLINE: &str = ".";

/// The messages of `messages.txt`, which says how to read it.
pub(super) static MESSAGES: LazyLock<Messages> =
    LazyLock::new(|| Messages::parse(include_str!("messages.txt")).unwrap_or_default());

/// The kinds that are read, and the messages that they consist of.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The name of each kind's message, by `apiVersion` and kind.
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    fields: HashMap<&'static str, Vec<MessageField>>,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct MessageField {
    pub(super) number: u64,
    /// The name in JSON.
    pub(super) name: &'static str,
    pub(super) shape: FieldShape,
    pub(super) value_type: FieldType,
    /// Whether an empty value differs from none.
    pub(super) keeps_empty: bool,
}

/// How many values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldShape {
    Single,
    List,
    /// Values by texts.
    Map,
}

/// The type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldType {
    Text,
    Integer,
    Flag,
    Bytes,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    /// JSON in a message of its own: `RawExtension`, `FieldsV1`.
    Json,
    /// A list of texts in a message of its own.
    Items,
    Message(&'static str),
}

impl Messages {
    /// The message of a kind. The options of a deletion are sent in the version of any API.
    pub(super) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&'static str> {
        let api_version = if kind == "DeleteOptions" {
            "v1"
        } else {
            api_version
        };
        self.kinds.get(&(api_version, kind)).copied()
    }

    /// The field of a message by its number.
    pub(super) fn field(&self, message: &str, number: u64) -> Option<&MessageField> {
        let fields = self.fields.get(message)?;
        fields.iter().find(|field| field.number == number)
    }

    /// Parses the table; `None` if a line of it cannot be read.
    fn parse(table: &'static str) -> Option<Self> {
        let mut messages = Self::default();
        let mut fields = None;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&'static str> = line.split(' ').collect();
            match words.as_slice() {
                ["kind", api_version, kind, message] => {
                    messages.kinds.insert((*api_version, *kind), *message);
                }
                ["message", message] => fields = Some(messages.fields.entry(*message).or_default()),
                [number, name, value_type] => {
                    let field = MessageField::parse(number, name, value_type)?;
                    fields.as_mut()?.push(field);
                }
                _ => return None,
            }
        }
        Some(messages)
    }
}

impl MessageField {
    fn parse(number: &str, name: &'static str, value_type: &'static str) -> Option<Self> {
        let without_mark = value_type.strip_suffix('?');
        let keeps_empty = without_mark.is_some();
        let value_type = without_mark.unwrap_or(value_type);
        let (shape, value_type) = match (value_type.strip_prefix("[]"), value_type.strip_prefix("{}")) {
            (Some(element), _) => (FieldShape::List, element),
            (_, Some(element)) => (FieldShape::Map, element),
            (None, None) => (FieldShape::Single, value_type),
        };

        let value_type = match value_type {
            "string" => FieldType::Text,
            "int" => FieldType::Integer,
            "bool" => FieldType::Flag,
            "bytes" => FieldType::Bytes,
            "time" => FieldType::Time,
            "micro-time" => FieldType::MicroTime,
            "quantity" => FieldType::Quantity,
            "int-or-string" => FieldType::IntOrString,
            "json" => FieldType::Json,
            "items" => FieldType::Items,
            message => FieldType::Message(message),
        };
        Some(Self {
            number: number.parse().ok()?,
            name,
            shape,
            value_type,
            keeps_empty,
        })
    }
}

#[cfg(test)]
impl Messages {
    /// The kinds that are read: `apiVersion` and kind.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.kinds.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::discovery::GIT_VERSION;
    use crate::store::resource::RESOURCES;

    #[test]
    fn the_table_is_that_of_the_kubernetes_that_the_sandbox_imitates() {
        let (version, _) = GIT_VERSION.split_once('+').unwrap();
        // The Go modules of Kubernetes 1.x.y have the version 0.x.y.
        let modules = version.replacen("v1.", "k8s.io/api v0.", 1);
        let head = include_str!("messages.txt").lines().next().unwrap();
        assert!(
            head.ends_with(&modules),
            "{head}: generate it by tests/controlplane/protobuf"
        );
    }

    #[test]
    fn every_message_that_a_kind_or_a_field_names_is_in_the_table() {
        let messages = Messages::parse(include_str!("messages.txt")).unwrap();
        let of_fields = messages
            .fields
            .values()
            .flatten()
            .filter_map(|field| match field.value_type {
                FieldType::Message(message) => Some(message),
                _ => None,
            });
        for message in messages.kinds.values().copied().chain(of_fields) {
            assert!(messages.fields.contains_key(message), "{message}");
        }
    }

    #[test]
    fn every_kind_that_the_sandbox_stores_is_read() {
        for resource in RESOURCES {
            let api_version = resource.api_version();
            let kind = resource.kind;
            assert!(
                MESSAGES.of_kind(&api_version, kind).is_some(),
                "{api_version} {kind}"
            );
        }
    }
}
