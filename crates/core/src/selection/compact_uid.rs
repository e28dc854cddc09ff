//! UIDs in the memory of their bits, of which an index of many pods holds one for each.

use std::fmt;

/// Where the hyphens of a UUID are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// A UID: 24 bytes if it is a UUID as Kubernetes writes it, which every UID of a server is so far.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum CompactUid {
    /// The bits of a UUID in small letters.
    Uuid([u8; 16]),
    /// Any other text.
    Other(Box<str>),
}

impl From<&str> for CompactUid {
    fn from(uid: &str) -> Self {
        read_uuid(uid).map_or_else(|| Self::Other(uid.into()), Self::Uuid)
    }
}

/// The bits of a UUID; `None` for a text that is written otherwise.
fn read_uuid(text: &str) -> Option<[u8; 16]> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if HYPHENS.iter().any(|at| bytes[*at] != b'-') {
        return None;
    }

    let mut bits = [0; 16];
    let digits = bytes.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at));
    for (nth, (_, digit)) in digits.enumerate() {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        bits[nth / 2] = bits[nth / 2] << 4 | digit;
    }
    Some(bits)
}

impl fmt::Display for CompactUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bits) => {
                for (nth, byte) in bits.iter().enumerate() {
                    let hyphen = if [4, 6, 8, 10].contains(&nth) { "-" } else { "" };
                    write!(f, "{hyphen}{byte:02x}")?;
                }
                Ok(())
            }
            Self::Other(uid) => f.write_str(uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_uid_reads_as_it_was_written(
            uid in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9A-Fa-f-]{36}|.{0,40}",
        ) {
            prop_assert_eq!(CompactUid::from(uid.as_str()).to_string(), uid);
        }
    }

    #[test]
    fn a_uid_of_kubernetes_is_kept_as_its_bits() {
        let uid = CompactUid::from("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
        assert!(matches!(uid, CompactUid::Uuid(_)));
        assert_eq!(size_of::<CompactUid>(), 24);
    }
}
