//! Reads the fields of a JSON object that may have broken off: after the fields of interest, services repeat the whole
//! message, which may exceed the size that is read.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The fields of an object, as far as they came.
#[derive(Default)]
pub(super) struct PartialObject {
    fields: BTreeMap<String, Value>,
    /// Whether the text is the beginning of a longer JSON text.
    unfinished: bool,
}

impl PartialObject {
    /// The fields of the object that `text` holds or begins; none if it is no object.
    pub(super) fn parse(text: &str) -> Self {
        let mut object = Self::default();
        let result = serde_json::Deserializer::from_str(text).deserialize_map(&mut object);
        object.unfinished = result.is_err_and(|error| error.is_eof());
        object
    }

    /// Whether the text broke off, so that the fields that are missing may have followed.
    pub(super) fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// The text of a field.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// The fields of a field that is an object.
    pub(super) fn object(&self, field: &str) -> Option<&Map<String, Value>> {
        self.fields.get(field)?.as_object()
    }

    /// The truth value of a field.
    pub(super) fn boolean(&self, field: &str) -> Option<bool> {
        self.fields.get(field)?.as_bool()
    }
}

impl<'de> Visitor<'de> for &mut PartialObject {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((field, value)) = map.next_entry()? {
            self.fields.insert(field, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_far_as_it_came() {
        for (text, ok, unfinished) in [
            (r#"{"a":1,"ok":true}"#, Some(true), false),
            (r#"{"ok":true,"message":{"text":"evic"#, Some(true), true),
            (r#"{"ok":tr"#, None, true),
            ("{", None, true),
            ("", None, true),
            (r#"{"ok":"true"}"#, None, false),
            ("[]", None, false),
            ("<html>", None, false),
            ("ok", None, false),
        ] {
            let object = PartialObject::parse(text);
            assert_eq!(
                (object.boolean("ok"), object.is_unfinished()),
                (ok, unfinished),
                "{text}"
            );
        }
    }
}
