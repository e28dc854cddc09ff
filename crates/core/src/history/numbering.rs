//! By which journal the entries of a history are numbered, and since when no number is missing unseen.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::HistoryEntry;
use crate::journal::{Journal, RoundRecord};

/// The numbering of disruptions by one journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbering {
    /// The UID of the journal's ConfigMap.
    pub(super) journal: String,
    /// When that journal began to number disruptions.
    pub(super) begun: Timestamp,
    /// Since when every disruption has a number of its own: later than `begun` if the journal was set back unseen.
    pub(super) since: Timestamp,
    /// The number of the first disruption since then.
    pub(super) first: u64,
    /// The highest number that is known to be given for good: a pending reservation may give its own back.
    pub(super) count: u64,
    /// When that was first seen.
    pub(super) counted: Timestamp,
}

impl Numbering {
    /// The numbering by `journal`, as it was read at `now`; `None` if it numbered nothing yet.
    pub(super) fn of(journal: &Journal, now: Timestamp) -> Option<Self> {
        let begun = journal.numbered_since()?;
        let pending = journal.round().and_then(RoundRecord::pending_reservation);
        let is_pending = pending.is_some_and(|reservation| reservation.number > 0);
        Some(Self {
            journal: journal.uid().to_owned(),
            begun,
            since: begun,
            first: 1,
            count: journal.disruptions().saturating_sub(u64::from(is_pending)),
            counted: now,
        })
    }

    /// Whether the numbers are those of `journal`.
    pub(super) fn is_of(&self, journal: &Journal) -> bool {
        self.journal == journal.uid() && Some(self.begun) == journal.numbered_since()
    }

    /// What tells numberings apart, and of two the later one.
    pub(super) fn id(&self) -> (Timestamp, &str) {
        (self.begun, &self.journal)
    }

    /// Adds what `other` knows of the same numbering.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.begin_anew(other.since, other.first);
        if (other.count, Reverse(other.counted)) > (self.count, Reverse(self.counted)) {
            self.count = other.count;
            self.counted = other.counted;
        }
    }

    /// Gives up the numbers of what happened before `since`, from which on `first` and higher ones are given.
    pub(super) fn begin_anew(&mut self, since: Timestamp, first: u64) {
        if (since, first) > (self.since, self.first) {
            self.since = since;
            self.first = first;
        }
    }

    /// Whether the number of `entry` is one of an earlier state of the journal, and may have been given again.
    pub(super) fn is_outdated(&self, entry: &HistoryEntry) -> bool {
        self.since > self.begun && entry.at < self.since
    }
}
