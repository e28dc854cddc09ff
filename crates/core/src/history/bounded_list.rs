//! Decodes a list that is no longer than any that macaque writes: a few packed bytes can hold very many items.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

/// The maximum number of items, well above the bounds of a history.
const MOST_ITEMS: usize = 20_000;

/// Reads a list, and refuses one with too many items before it fills the memory.
struct BoundedList<T>(PhantomData<T>);

/// Decodes a list of bounded length.
pub(super) fn bounded_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(BoundedList(PhantomData))
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundedList<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST_ITEMS} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == MOST_ITEMS {
                return Err(A::Error::custom(format!(
                    "a list has more than {MOST_ITEMS} items"
                )));
            }
            list.push(item);
        }
        Ok(list)
    }
}
