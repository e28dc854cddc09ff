//! Keeps a failure that lasts from being reported again and again: only its begin and its end are news.

use macaque_core::report::{RoundEnd, RoundReport};

use crate::journal::JournalError;

/// The failures that last.
#[derive(Debug, Default)]
pub(super) struct FailureDedup {
    /// The cause for which rounds fail, and how many did.
    rounds: Option<(String, u64)>,
    /// The cause for which recovery passes fail.
    recovery: Option<String>,
    dropped: u64,
}

impl FailureDedup {
    /// Whether `report` is news.
    pub(super) fn is_news(&mut self, report: &RoundReport) -> bool {
        match &report.end {
            RoundEnd::Failed { why } | RoundEnd::Withheld { why } if report.attempts.is_empty() => {
                let (known, failed) = self.rounds.take().unwrap_or_default();
                let is_news = known != *why;
                if !is_news {
                    log::debug!("round {} failed like the one before: {why}", report.slot);
                }
                self.rounds = Some((why.clone(), failed + 1));
                is_news
            }

            // An early end does not show whether rounds work again.
            RoundEnd::Failed { .. } | RoundEnd::Withheld { .. } | RoundEnd::Interrupted => true,

            RoundEnd::Complete => {
                if let Some((_, failed)) = self.rounds.take() {
                    log::info!("rounds work again, after {failed} that failed");
                }
                true
            }
        }
    }

    /// Notes that a recovery pass failed.
    pub(super) fn recovery_failed(&mut self, error: &JournalError) {
        let why = error.to_string();
        if self.recovery.as_ref() != Some(&why) {
            log::warn!("cannot read or update the journal: {why}");
            self.recovery = Some(why);
        }
    }

    /// Notes that a recovery pass succeeded; this many reports were `dropped` before they were delivered, ever.
    pub(super) fn recovery_succeeded(&mut self, dropped: u64) {
        if self.recovery.take().is_some() {
            log::info!("the journal can be read and updated again");
        }
        if dropped > self.dropped {
            let more = dropped - self.dropped;
            log::error!("{more} undelivered reports were dropped: the queue is full");
        }
        self.dropped = dropped;
    }
}
