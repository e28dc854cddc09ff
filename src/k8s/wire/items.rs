//! Reads a list item by item, so that only one item is in memory at a time. Each item is cut out of the stream before
//! it is parsed, because serde_json parses a slice several times as fast as a stream.

use std::io::Read;

use memchr::memchr2;
use serde::de::{DeserializeOwned, Error as _};

use super::kind::{ObjectKind, WrongBody};
use super::list::{ListEnvelope, ListMeta};

/// How many bytes are read at a time.
pub(super) const CHUNK: usize = 64 * 1024;

/// Reads a list of one of the `kinds`, and calls `each` with every item as soon as it is complete.
///
/// # Errors
/// The text is not such a list, or could not be read to its end; the items that `each` already received must be
/// discarded.
pub(in crate::k8s) fn each_item<T: DeserializeOwned>(
    mut list: impl Read,
    kinds: &[ObjectKind],
    mut each: impl FnMut(T),
) -> Result<ListMeta, WrongBody> {
    let mut splitter = ItemSplitter::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = list.read(&mut chunk).map_err(serde_json::Error::io)?;
        if length == 0 {
            break;
        }

        splitter.feed(&chunk[..length], &mut |item| {
            each(serde_json::from_slice(item)?);
            Ok(())
        })?;
    }
    envelope(&splitter.rest, kinds)
}

/// Reads what is left of a list without its items.
fn envelope(rest: &[u8], kinds: &[ObjectKind]) -> Result<ListMeta, WrongBody> {
    let no_list = || serde_json::Error::custom("it is not a list");
    // serde also accepts an array for a struct.
    if rest.trim_ascii_start().first() == Some(&b'[') {
        return Err(no_list().into());
    }

    let mut list: ListEnvelope = serde_json::from_slice(rest)?;
    let type_meta = list.type_meta();
    type_meta.expect(kinds, rest)?;
    match list.items {
        Some(items) if items.is_empty() => Ok(list.metadata),
        // The splitter does not recognise a key with escapes.
        Some(_) => Err(no_list().into()),
        None => {
            let kind = type_meta.kind.unwrap_or_default();
            Err(WrongBody::OtherObject(format!("a {kind} without items")))
        }
    }
}

/// Cuts the items out of a list. Knows just enough of JSON (RFC 8259) to find where a value ends; the parser checks
/// whether each part is well formed.
#[derive(Default)]
struct ItemSplitter {
    /// How many objects and arrays are open.
    depth: usize,
    /// Whether the next byte is inside a string.
    in_string: bool,
    /// Whether the next byte follows a backslash in a string.
    escaped: bool,
    /// The latest string at the depth of the list's own keys: the key, when its value begins.
    key: Vec<u8>,
    /// Whether the next byte is inside the array of the items.
    in_items: bool,
    /// What came last in the array of the items.
    latest: LatestPart,
    /// The beginning of an item that is not complete yet.
    item: Vec<u8>,
    /// The list without its items.
    rest: Vec<u8>,
}

/// What came last in an array: items without a comma between them are a list that lost something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum LatestPart {
    #[default]
    Beginning,
    Item,
    Comma,
}

/// The depth of the list's own keys.
const KEY_DEPTH: usize = 1;
/// The depth of the items.
const ITEM_DEPTH: usize = 2;

impl ItemSplitter {
    /// Takes the next bytes, and calls `each` with every item that they complete.
    fn feed(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&[u8]) -> serde_json::Result<()>,
    ) -> serde_json::Result<()> {
        // Where the current item begins in `bytes`; zero if it began earlier.
        let mut begin = 0;

        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.in_string {
                let length = self.read_string(&bytes[at..]);
                if !self.in_items {
                    self.rest.extend_from_slice(&bytes[at..at + length]);
                }
                at += length;
                continue;
            }
            if !self.in_items {
                self.rest.push(*byte);
            }

            let between_items = self.in_items && self.depth == ITEM_DEPTH;
            if between_items {
                self.check_comma(*byte)?;
            }
            match byte {
                b',' | b' ' | b'\t' | b'\r' | b'\n' => {}
                b'"' if !between_items => {
                    self.in_string = true;
                    self.key.clear();
                }
                b'{' | b'[' => {
                    if between_items {
                        begin = at;
                    }
                    self.in_items |= *byte == b'[' && self.depth == KEY_DEPTH && self.key == b"items";
                    self.depth += 1;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.in_items && self.depth == ITEM_DEPTH {
                        self.item.extend_from_slice(&bytes[begin..=at]);
                        each(&self.item)?;
                        self.item.clear();
                    } else if self.in_items && self.depth < ITEM_DEPTH {
                        self.in_items = false;
                        self.rest.push(*byte);
                    }
                }
                _ if between_items => {
                    return Err(serde_json::Error::custom("an item of the list is not an object"));
                }
                _ => {}
            }
            at += 1;
        }

        if self.in_items && self.depth > ITEM_DEPTH {
            self.item.extend_from_slice(&bytes[begin..]);
        }
        Ok(())
    }

    /// Checks that there is one comma between two items, and none beside.
    fn check_comma(&mut self, byte: u8) -> serde_json::Result<()> {
        let (is_right, latest) = match byte {
            b',' => (self.latest == LatestPart::Item, LatestPart::Comma),
            b'{' | b'[' => (self.latest != LatestPart::Item, LatestPart::Item),
            b']' => (self.latest != LatestPart::Comma, LatestPart::Beginning),
            _ => return Ok(()),
        };
        self.latest = latest;
        if is_right {
            Ok(())
        } else {
            Err(serde_json::Error::custom(
                "the items of the list are not separated by one comma each",
            ))
        }
    }

    /// Reads on in a string, up to its end or that of `bytes`; returns how many bytes that are.
    fn read_string(&mut self, bytes: &[u8]) -> usize {
        let mut length = 0;
        while length < bytes.len() && self.in_string {
            if self.escaped {
                self.escaped = false;
                length += 1;
                continue;
            }
            match memchr2(b'"', b'\\', &bytes[length..]) {
                None => length = bytes.len(),
                Some(at) => {
                    length += at + 1;
                    self.escaped = bytes[length - 1] == b'\\';
                    self.in_string = self.escaped;
                }
            }
        }

        if self.depth == KEY_DEPTH {
            let key = &bytes[..length - usize::from(!self.in_string)];
            self.key.extend_from_slice(key);
        }
        length
    }
}

#[cfg(test)]
mod tests;
