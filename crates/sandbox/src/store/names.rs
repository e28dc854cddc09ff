//! Generates UIDs and name suffixes from a seed.

use std::io;

use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

/// The alphabet of generated names in Kubernetes (`apimachinery/pkg/util/rand`): without vowels and look-alikes, to
/// avoid accidental words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many letters Kubernetes adds to a `generateName`.
const SUFFIX_LENGTH: usize = 5;
const TEMPLATE_HASH_LENGTH: usize = 10;

/// A seeded source of UIDs and name suffixes.
#[derive(Debug)]
pub(crate) struct NameGenerator(ChaCha12Rng);

impl NameGenerator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// Draws the five letters at the end of a generated name.
    pub(crate) fn suffix(&mut self) -> String {
        (0..SUFFIX_LENGTH)
            .map(|_| letter(self.0.random_range(0..ALPHABET.len())))
            .collect()
    }

    /// Draws a random UUID, version 4.
    pub(crate) fn uid(&mut self) -> String {
        let [a, b, c, d] = [(); 4].map(|()| self.0.random::<u32>());
        let version = 0x4000 | (b & 0x0fff);
        let variant = 0x8000 | (c & 0x3fff);

        format!(
            "{a:08x}-{:04x}-{version:04x}-{variant:04x}-{:04x}{d:08x}",
            b >> 16,
            c >> 16
        )
    }
}

/// FNV-1a: short, and stable from run to run and from build to build.
struct Fnv(u64);

impl io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The hash of a pod template, for the names and labels of ReplicaSets.
pub(crate) fn template_hash(template: &Value) -> String {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // Nothing fails: a value has only text for keys, and the hash takes every byte.
    let _ = serde_json::to_writer(&mut hash, template);

    let mut rest = hash.0;
    (0..TEMPLATE_HASH_LENGTH)
        .map(|_| {
            let index = usize::try_from(rest % 27).unwrap_or_default();
            rest /= 27;
            letter(index)
        })
        .collect()
}

fn letter(index: usize) -> char {
    char::from(ALPHABET[index % ALPHABET.len()])
}
