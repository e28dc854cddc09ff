//! The history as text: JSON, of which nothing is taken over unchecked.

use jiff::Timestamp;
use serde::Deserialize;

use super::bounded_list::bounded_list;
use super::texts::bounded_name;
use super::{History, HistoryEntry, Numbering, RoundSummary, VERSION};

/// The reason why a stored history cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableHistory {
    /// A newer version of macaque wrote the history.
    #[error("its version is {0}, and this macaque knows version {VERSION}: use the newer macaque")]
    Newer(u32),
    /// The text is not what macaque writes.
    #[error("it is not a history: {0}")]
    Malformed(String),
}

/// The version of a history, which is read before anything else.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct HistoryVersion {
    version: u32,
}

impl HistoryVersion {
    /// Checks that this macaque knows the version.
    ///
    /// # Errors
    /// The version is another.
    pub fn check(self) -> Result<(), UnreadableHistory> {
        check_version(self.version)
    }
}

/// A history as it is decoded, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecodedHistory {
    version: u32,
    #[serde(default)]
    numbering: Option<Numbering>,
    #[serde(deserialize_with = "bounded_list")]
    entries: Vec<HistoryEntry>,
    #[serde(deserialize_with = "bounded_list")]
    rounds: Vec<RoundSummary>,
}

impl History {
    /// Reads a history.
    ///
    /// # Errors
    /// The reason why it cannot be used.
    pub fn read(text: &[u8]) -> Result<Self, UnreadableHistory> {
        let malformed = |error: serde_json::Error| UnreadableHistory::Malformed(error.to_string());
        let version: HistoryVersion = serde_json::from_slice(text).map_err(malformed)?;
        version.check()?;
        serde_json::from_slice(text).map_err(malformed)
    }

    /// The history as text.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a history serialises")
    }

    /// Takes the numbers from all victims: something other than macaque may have changed them. What happened from `now`
    /// on is numbered again.
    pub fn distrust(&mut self, now: Timestamp) {
        for entry in &mut self.entries {
            entry.number = None;
        }
        if let Some(numbering) = &mut self.numbering {
            let next = numbering.count.saturating_add(1);
            numbering.begin_anew(now, next);
        }
    }
}

impl TryFrom<DecodedHistory> for History {
    type Error = UnreadableHistory;

    fn try_from(decoded: DecodedHistory) -> Result<Self, UnreadableHistory> {
        check_version(decoded.version)?;

        let numbering = decoded.numbering.map(|numbering| Numbering {
            journal: bounded_name(&numbering.journal),
            first: numbering.first.max(1),
            ..numbering
        });
        let mut history = Self {
            numbering,
            ..Self::new()
        };
        history.add_entries(decoded.entries.into_iter().map(HistoryEntry::checked));
        history.add_rounds(decoded.rounds.into_iter().map(RoundSummary::checked));
        history.settle();
        history.bound();
        Ok(history)
    }
}

/// Checks that this macaque knows a version.
pub(super) fn check_version(version: u32) -> Result<(), UnreadableHistory> {
    match version {
        VERSION => Ok(()),
        newer if newer > VERSION => Err(UnreadableHistory::Newer(newer)),
        unknown => Err(UnreadableHistory::Malformed(format!(
            "version {unknown} does not exist"
        ))),
    }
}
