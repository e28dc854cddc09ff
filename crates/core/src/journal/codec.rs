//! The journal as text: JSON that people can read, with a seal that shows whether it was edited.

use super::Journal;
use super::writer::{self, DataWriter};
use crate::seal::seal_of;

/// The version of the format that is written, and the only one that is read.
pub(super) const VERSION: u32 = 1;

/// The journal as the ConfigMap holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredJournal {
    /// The ConfigMap's UID.
    pub uid: String,
    /// The key `journal.json`, if it is there.
    pub text: Option<String>,
    /// The key `seal`, if it is there.
    pub seal: Option<String>,
    /// Who wrote these keys last; empty if the API server does not say.
    pub writers: Vec<DataWriter>,
}

/// The reason why a stored journal cannot be used; nothing is disrupted then, and the journal is not overwritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableJournal {
    /// A newer version of macaque wrote the journal.
    #[error("its version is {0}, and this macaque knows version {VERSION}: run the newer macaque again")]
    Newer(u32),
    /// The text is not what macaque writes.
    #[error("journal.json: {0}; to start over, delete its keys `journal.json` and `seal`")]
    Malformed(String),
    /// Something other than macaque edited the journal.
    #[error(
        "journal.json was edited by something other than macaque. To accept the edit, delete the key `seal` and run \
         `macaque resume`; to start over, delete `journal.json` too"
    )]
    Changed,
}

/// The version of a journal that is not read otherwise.
#[derive(serde::Deserialize)]
struct JournalVersion {
    version: u32,
}

impl StoredJournal {
    /// Reads the journal; without any text it is a new one.
    ///
    /// # Errors
    /// The reason why the journal cannot be used.
    pub fn read(&self) -> Result<Journal, UnreadableJournal> {
        let Some(text) = self.written_text() else {
            return Ok(Journal::new(&self.uid));
        };

        let malformed = |error: serde_json::Error| UnreadableJournal::Malformed(error.to_string());
        let journal = serde_json::from_str::<Journal>(text);
        // Whatever else a newer version holds, it has its number.
        let version = match &journal {
            Ok(journal) => journal.version,
            Err(_) => {
                let JournalVersion { version } = serde_json::from_str(text).map_err(malformed)?;
                version
            }
        };
        if version > VERSION {
            return Err(UnreadableJournal::Newer(version));
        }

        if self.seal.as_deref().is_some_and(|seal| seal != seal_of(text)) {
            return Err(UnreadableJournal::Changed);
        }
        let journal = journal.map_err(malformed)?;
        match version {
            VERSION => Ok(journal),
            version => Err(UnreadableJournal::Malformed(format!(
                "version {version} does not exist"
            ))),
        }
    }

    /// The reason why `journal`, which was read from here, may lack what has happened since, if anything shows it;
    /// `known` is the highest number that the caller has seen.
    pub fn distrust(&self, journal: &Journal, known: u64) -> Option<String> {
        let sequence = journal.sequence;
        let is_older = sequence < known;
        let is_copied = sequence > 0 && journal.uid != self.uid;

        let reasons = [
            is_older
                .then(|| format!("it is older than what was read before: number {sequence} after {known}")),
            is_copied.then(|| {
                "it was written to another ConfigMap, and copied or restored to this one".to_owned()
            }),
            self.foreign_writer().map(|writer| {
                format!("it was written last by {writer}, not by macaque, and may be an old copy")
            }),
        ];
        let reasons: Vec<_> = reasons.into_iter().flatten().collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Who else wrote the journal last, if not macaque did.
    fn foreign_writer(&self) -> Option<&DataWriter> {
        // Without a text there is no copy: whoever created the ConfigMap may have written an empty key.
        self.written_text()?;
        writer::foreign(&self.writers)
    }

    /// The text, unless it is blank.
    fn written_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.trim().is_empty())
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
