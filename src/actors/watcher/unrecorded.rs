//! The reports of recoveries that are not in the journal yet, in the order in which they were made.

use std::collections::VecDeque;
use std::time::Duration;

use macaque_core::recovery::RecoveryReport;
use tokio::time::Instant;

use super::{RecoveryKey, key_of_report};

/// How long to wait before a report is recorded again.
const PAUSE: Duration = Duration::from_secs(3);

/// How long a report is kept if the journal does not have its recovery: the Killer opens it after the disruption was
/// verified, and not at all if nothing was disrupted.
const KEPT: Duration = Duration::from_secs(60);

/// The reports that are not in the journal yet.
#[derive(Default)]
pub(super) struct UnrecordedReports(VecDeque<UnrecordedReport>);

/// A report that is not in the journal yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnrecordedReport {
    /// The report.
    pub(super) report: RecoveryReport,
    /// Whether its recovery was seen in the journal.
    in_journal: bool,
    made: Instant,
    /// When it may be recorded.
    due: Instant,
}

impl UnrecordedReport {
    /// A report that was `made` now.
    pub(super) fn new(report: RecoveryReport, in_journal: bool, made: Instant) -> Self {
        Self {
            report,
            in_journal,
            made,
            due: made,
        }
    }

    /// What identifies the recovery.
    pub(super) fn key(&self) -> RecoveryKey {
        key_of_report(&self.report)
    }

    /// Whether a journal that does not have the recovery at `now` will not get it any more.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.in_journal || now - self.made >= KEPT
    }

    fn concerns(&self, (slot, uid): &RecoveryKey) -> bool {
        self.report.slot == *slot && self.report.pod.uid == *uid
    }
}

impl UnrecordedReports {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the recovery `key` has a verdict that is not recorded.
    pub(super) fn has_verdict(&self, key: &RecoveryKey) -> bool {
        let mut of_key = self.0.iter().filter(|unrecorded| unrecorded.concerns(key));
        of_key.any(|unrecorded| unrecorded.report.verdict.is_some())
    }

    /// Adds a report.
    pub(super) fn push(&mut self, report: UnrecordedReport) {
        self.0.push_back(report);
    }

    /// Takes the first report that may be recorded at `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<UnrecordedReport> {
        let index = self.0.iter().position(|unrecorded| unrecorded.due <= now)?;
        self.0.remove(index)
    }

    /// Puts back a report that could not be recorded; returns when it may be recorded again.
    pub(super) fn retry(&mut self, mut tried: UnrecordedReport, now: Instant) -> Duration {
        tried.due = now + PAUSE;
        self.0.push_back(tried);
        PAUSE
    }

    /// Notes that the recovery `key` is in the journal: what is known of it can be recorded at once.
    pub(super) fn note_in_journal(&mut self, key: &RecoveryKey) {
        for unrecorded in self.0.iter_mut().filter(|unrecorded| unrecorded.concerns(key)) {
            unrecorded.in_journal = true;
            unrecorded.due = unrecorded.made;
        }
    }
}
