//! Laws of lists that are read one item at a time: in JSON and in protobuf, and from streams that give a few bytes.

use std::io::{self, Read};

use arbitrary::{Arbitrary, Unstructured};
use macaque::fuzzing::k8s::{self, ReadPage};

use crate::protobuf::MetadataList;

pub(crate) const LISTS_LAW: &str = "a list of pods that is read one item at a time is the one that serde_json reads \
                                    whole, however few bytes come at once";
pub(crate) const METADATA_LAW: &str = "any bytes are a list of metadata or an error, the same however few come at once, \
                                       and a list cut short is an error";
pub(crate) const FORMS_LAW: &str = "the same metadata in protobuf and in JSON give the same pods";

/// How deep a value may be nested for serde_json to read it within a list as well as alone.
const DEPTH: usize = 100;

/// Gives a few bytes at a time.
struct SlowReader<'a>(&'a [u8], usize);

impl Read for SlowReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(self.0.len()).min(into.len());
        into[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

pub(crate) fn lists(bytes: &[u8]) {
    let read = k8s::pods(bytes);
    for few in [1, 7] {
        assert_eq!(k8s::pods(SlowReader(bytes, few)), read, "{few} bytes at a time");
    }
    if depth(bytes) > DEPTH {
        return;
    }

    match (read, k8s::pods_at_once(bytes)) {
        (Ok(page), whole) => assert_eq!(Some(page), whole),
        // A key with escapes is not recognized, and a list of no kind is none.
        (Err(error), Some(whole)) => {
            let is_known = bytes.contains(&b'\\') || error.contains("without items");
            assert!(is_known, "{error} instead of {whole:?}");
        }
        (Err(_), None) => {}
    }
}

pub(crate) fn metadata(bytes: &[u8]) {
    let read = k8s::metadata(bytes);
    for few in [1, 7] {
        assert_eq!(
            k8s::metadata(SlowReader(bytes, few)),
            read,
            "{few} bytes at a time"
        );
    }
    if let Ok(page) = &read {
        let texts = page.pods.iter().map(|pod| pod.id.name.len() + pod.id.uid.len());
        // What is not UTF-8 is replaced by three bytes.
        assert!(texts.sum::<usize>() <= 3 * bytes.len());
    }
}

pub(crate) fn metadata_forms(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    let Ok(list) = MetadataList::arbitrary(&mut bytes) else {
        return;
    };
    if !list.is_named() {
        return;
    }

    let protobuf = list.to_protobuf();
    let read = k8s::metadata(&*protobuf).map(ignoring_empty);
    let json = k8s::metadata(list.to_json().to_string().as_bytes()).map(ignoring_empty);
    assert!(read.is_ok(), "{read:?} of {list:?}");
    assert_eq!(read, json, "{list:?}");

    // Without the two empty fields at the end nothing is missing.
    let cut = bytes.int_in_range(0..=protobuf.len() - 5).unwrap_or_default();
    assert!(k8s::metadata(&protobuf[..cut]).is_err(), "{cut} of {list:?}");
}

/// In protobuf a text that is not set is an empty one.
fn ignoring_empty(page: ReadPage) -> ReadPage {
    ReadPage {
        next: page.next.filter(|next| !next.is_empty()),
        version: page.version.filter(|version| !version.is_empty()),
        ..page
    }
}

/// How deep the brackets are nested, within texts as well.
fn depth(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in bytes {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
