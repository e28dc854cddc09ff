//! One round that ended, in a few numbers.

use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::texts::bounded_text;
use crate::report::RoundStatus;

/// One round that ended. Its slot identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundSummary {
    /// The scheduled instant.
    pub slot: Timestamp,
    /// When the round ended.
    pub finished: Timestamp,
    /// Whether it was a dry run.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub dry_run: bool,
    /// The result in one word.
    pub status: RoundStatus,
    /// How many of the pods checked were candidates.
    pub candidates: usize,
    /// The reason for which the round was withheld, held back or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl RoundSummary {
    /// Takes over what `other` says of the same round, if it was made later.
    pub(super) fn absorb(&mut self, other: &Self) {
        if other.rank() > self.rank() {
            self.clone_from(other);
        }
    }

    /// The summary with texts of bounded length.
    pub(super) fn checked(mut self) -> Self {
        self.why = self.why.as_deref().map(bounded_text);
        self
    }

    fn rank(&self) -> (Timestamp, &str, bool, usize, Option<&str>) {
        let why = self.why.as_deref();
        (
            self.finished,
            self.status.as_str(),
            self.dry_run,
            self.candidates,
            why,
        )
    }
}
