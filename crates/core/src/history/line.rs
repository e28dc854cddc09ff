//! One line of the log from which the history can be read: a victim, or a round.

use serde::{Deserialize, Serialize};

use super::codec::check_version;
use super::{HistoryEntry, RoundSummary, UnreadableHistory, VERSION};

/// One line of the log: a victim as it was when the line was written, or a round that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DecodedLine")]
pub struct HistoryLine {
    /// The version of the format.
    version: u32,
    /// What the line says.
    #[serde(flatten)]
    content: LineContent,
}

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineContent {
    /// A victim that was tried.
    Entry(Box<HistoryEntry>),
    /// A round that ended.
    Round(RoundSummary),
}

/// A line as it is decoded, before it is checked; a newer version may have other fields.
#[derive(Deserialize)]
struct DecodedLine {
    version: u32,
    #[serde(default)]
    entry: Option<serde_json::Value>,
    #[serde(default)]
    round: Option<serde_json::Value>,
}

impl HistoryLine {
    /// The line that says this.
    pub fn new(content: LineContent) -> Self {
        Self {
            version: VERSION,
            content,
        }
    }

    /// What the line says.
    pub fn content(&self) -> &LineContent {
        &self.content
    }

    /// What the line says.
    pub fn into_content(self) -> LineContent {
        self.content
    }
}

impl TryFrom<DecodedLine> for HistoryLine {
    type Error = UnreadableLine;

    fn try_from(line: DecodedLine) -> Result<Self, UnreadableLine> {
        check_version(line.version).map_err(UnreadableLine::Version)?;

        let content = match (line.entry, line.round) {
            (Some(entry), None) => {
                let entry = serde_json::from_value(entry).map_err(UnreadableLine::Entry)?;
                LineContent::Entry(Box::new(HistoryEntry::checked(entry)))
            }
            (None, Some(round)) => {
                let round = serde_json::from_value(round).map_err(UnreadableLine::Round)?;
                LineContent::Round(RoundSummary::checked(round))
            }
            (Some(_), Some(_)) | (None, None) => return Err(UnreadableLine::Content),
        };
        Ok(Self::new(content))
    }
}

/// The reason why a line cannot be used.
#[derive(Debug, thiserror::Error)]
enum UnreadableLine {
    #[error("{0}")]
    Version(UnreadableHistory),
    #[error("one of `entry` and `round` is needed")]
    Content,
    #[error("entry: {0}")]
    Entry(serde_json::Error),
    #[error("round: {0}")]
    Round(serde_json::Error),
}
