//! Disruptions that the history lacks.

use jiff::Timestamp;

/// Disruptions that the history lacks, as their missing numbers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryGap {
    /// When the disruption before them happened, if one is known.
    pub from: Option<Timestamp>,
    /// When the disruption after them happened.
    pub to: Timestamp,
    /// How many are missing.
    pub count: u64,
}
