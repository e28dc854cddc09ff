//! A history that was read, with what a command has to know to show it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::history::{History, HistoryGap};
use macaque_core::journal::Journal;

use super::cluster_history::{ClusterHistory, HistoryFault};
use super::gaps::gaps_by_number;
use crate::history::{LogHistory, last_instant};
use crate::telemetry;

/// A history that was read, from the cluster or from a log.
#[derive(Debug, Clone)]
pub(in crate::cli) struct LoadedHistory {
    /// What happened. What the journal holds beyond the stored history is in it.
    pub(in crate::cli) history: History,
    /// The journal, or why it is not known; a log holds none.
    pub(in crate::cli) journal: Result<Journal, String>,
    /// What the history is complete up to: when it was read or, of a log, the last instant in it.
    pub(in crate::cli) now: Timestamp,
    /// The time zone of the schedule, in which times are printed.
    pub(in crate::cli) zone: TimeZone,
    /// The disruptions that are known to be missing, oldest first.
    pub(in crate::cli) gaps: Vec<HistoryGap>,
    /// Whether it was read out of a log.
    pub(in crate::cli) is_log: bool,
    /// What a reader has to know, in words: each is for standard error.
    pub(in crate::cli) warnings: Vec<String>,
}

impl LoadedHistory {
    /// The history that was read from a cluster.
    ///
    /// # Errors
    /// The reason why there is none.
    pub(super) fn of_cluster(read: ClusterHistory, zone: TimeZone) -> Result<Self, HistoryFault> {
        let history = read.history?;
        let gaps = match &read.journal {
            Ok(journal) => history.gaps(journal),
            Err(_) => gaps_by_number(&history),
        };
        let within = |gap: HistoryGap| HistoryGap {
            to: gap.to.min(read.now),
            ..gap
        };
        Ok(Self {
            gaps: gaps.into_iter().map(within).collect(),
            history,
            journal: read.journal,
            now: read.now,
            zone,
            is_log: false,
            warnings: read.warnings,
        })
    }

    /// The history that was read out of a log, at `now`.
    pub(super) fn of_log(read: LogHistory, zone: TimeZone, now: Timestamp) -> Self {
        let LogHistory { history, counts } = read;
        Self {
            journal: Err("a log holds no journal".to_owned()),
            now: last_instant(&history).unwrap_or(now),
            zone,
            gaps: gaps_by_number(&history),
            is_log: true,
            warnings: counts.warnings(),
            history,
        }
    }

    /// Notes a newer state of the journal, which was read at `now`.
    pub(super) fn note_journal(&mut self, journal: Journal, now: Timestamp) {
        self.history.note_journal(&journal, now);
        self.journal = Ok(journal);
        self.now = now;
    }

    /// Where the history begins: nothing is known of what was before. `None` if it is empty.
    pub(in crate::cli) fn begins(&self) -> Option<Timestamp> {
        let covered = self.journal.as_ref().ok();
        let covered = covered.and_then(|journal| self.history.covered_since(journal));
        let covered = covered.or_else(|| self.history.numbered_since());
        let entries = self.history.entries().iter().map(|entry| entry.at);
        let rounds = self.history.rounds().iter().map(|round| round.slot);
        entries.chain(rounds).chain(covered).min()
    }

    /// What the history was read from, in a word.
    pub(in crate::cli) fn source(&self) -> &'static str {
        if self.is_log { "log" } else { "history" }
    }

    /// Prints the warnings on standard error.
    pub(in crate::cli) fn print_warnings(&self) {
        for warning in &self.warnings {
            telemetry::print_note(warning);
        }
    }
}
