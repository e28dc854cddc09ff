//! The journal as text: JSON that people can read, with a seal that tells whether anything else wrote it.

use super::Journal;

/// The version of the format that is written, and the only one that is read.
pub(super) const VERSION: u32 = 1;

/// What stands in the ConfigMap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredJournal {
    /// The ConfigMap's UID.
    pub uid: String,
    /// The key `journal.json`, if it is there.
    pub text: Option<String>,
    /// The key `seal`, if it is there.
    pub seal: Option<String>,
}

/// Why a journal cannot be used: nothing is disrupted by it, and nothing written over it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableJournal {
    /// A newer macaque wrote it.
    #[error("it is of version {0}, and this macaque knows version {VERSION}: run the newer macaque again")]
    Newer(u32),
    /// It is not what a macaque writes.
    #[error("journal.json: {0}; to begin anew, remove its keys journal.json and seal")]
    Malformed(String),
    /// It was changed by something else.
    #[error(
        "journal.json was changed by another hand than macaque's; to have it used as it is, remove the key seal; to \
         begin anew, remove the key journal.json too"
    )]
    Changed,
}

/// As little as tells which version it is.
#[derive(serde::Deserialize)]
struct JournalVersion {
    version: u32,
}

impl StoredJournal {
    /// The journal that stands there; one without text is new.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self) -> Result<Journal, UnreadableJournal> {
        let Some(text) = self.text.as_deref().filter(|text| !text.trim().is_empty()) else {
            return Ok(Journal::new(&self.uid));
        };
        let malformed = |error: serde_json::Error| UnreadableJournal::Malformed(error.to_string());
        let JournalVersion { version } = serde_json::from_str(text).map_err(malformed)?;
        if version > VERSION {
            return Err(UnreadableJournal::Newer(version));
        }
        if self.seal.as_deref().is_some_and(|seal| seal != seal_of(text)) {
            return Err(UnreadableJournal::Changed);
        }
        let journal: Journal = serde_json::from_str(text).map_err(malformed)?;
        match journal.version {
            VERSION => Ok(journal),
            version => Err(UnreadableJournal::Malformed(format!(
                "there is no version {version}"
            ))),
        }
    }
}

impl Journal {
    /// The journal as text, and its seal.
    pub fn write(&self) -> (String, String) {
        let text = serde_json::to_string_pretty(self).expect("a journal serialises");
        let seal = seal_of(&text);
        (text, seal)
    }
}

/// FNV-1a over the bytes, 64 bits: it tells a change by accident or in good faith, not by malice.
fn seal_of(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    format!("{hash:016x}")
}
