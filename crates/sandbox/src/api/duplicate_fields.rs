//! Finds the fields that a JSON body names twice, of which parsing keeps the last.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The paths of the fields that a body has twice; none if it is no JSON.
pub(crate) fn find(body: &[u8]) -> Vec<String> {
    let mut walk = Walk::default();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // A malformed body is refused where it is parsed.
    let _ = walk.deserialize(&mut deserializer);
    walk.duplicates
}

/// The walk through one body.
#[derive(Debug, Default)]
struct Walk {
    /// The path of the value that is read.
    path: String,
    duplicates: Vec<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let length = self.path.len();
        for index in 0.. {
            self.path.push_str(&format!("[{index}]"));
            let item = items.next_element_seed(&mut *self)?;
            self.path.truncate(length);
            if item.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let length = self.path.len();
        let mut known = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            fields.next_value_seed(&mut *self)?;
            if !known.insert(name) {
                self.duplicates.push(self.path.clone());
            }
            self.path.truncate(length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_come_twice_are_found_wherever_they_are() {
        let body = r#"{
            "metadata": {"name": "a", "labels": {"a": "b", "a": null}}, "odd": [1, -1.5, true],
            "list": [{"a": 1}, {"a": 1, "b": {"c": 1, "c": 2}}], "odd": 2
        }"#;
        assert_eq!(find(body.as_bytes()), ["metadata.labels.a", "list[1].b.c", "odd"]);
        assert_eq!(find(br#"{"a": {"a": 1}, "b": {"a": 1}}"#), [""; 0]);
        assert_eq!(find(b"k8s\0"), [""; 0]);
    }
}
