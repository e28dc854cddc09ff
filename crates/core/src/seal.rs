//! The seal of what is stored where people can edit it: a hash that shows accidental and well-meant edits, not malicious
//! ones.

use std::fmt;

/// The 64-bit FNV-1a hash of the bytes so far, which is shown as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal(u64);

impl Seal {
    /// The seal with these bytes added.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Self {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(bytes.iter().fold(self.0, step))
    }
}

impl Default for Seal {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The seal of a whole text.
pub fn seal_of(text: &str) -> String {
    Seal::default().with(text.as_bytes()).to_string()
}
