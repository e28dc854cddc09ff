//! Keeps a lasting failure from being reported again and again: only its beginning is reported; its end is logged.

use macaque_core::report::{RoundEnd, RoundReport};

use crate::journal::JournalError;

/// The failures that were reported and have not ended.
#[derive(Debug, Default)]
pub(super) struct FailureDedup {
    /// The cause for which rounds fail, and how many have failed in a row.
    rounds: Option<(String, u64)>,
    /// The cause for which recovery passes fail.
    recovery: Option<String>,
    /// How many dropped reports were already logged.
    dropped: u64,
}

impl FailureDedup {
    /// Whether `report` says more than that rounds still fail for the same reason.
    pub(super) fn should_report(&mut self, report: &RoundReport) -> bool {
        match &report.end {
            RoundEnd::Failed { why } | RoundEnd::Withheld { why } if report.attempts.is_empty() => {
                let (known, failed) = self.rounds.take().unwrap_or_default();
                let is_news = known != *why;
                if !is_news {
                    log::debug!("round {} ended like the one before: {why}", report.slot);
                }
                self.rounds = Some((why.clone(), failed + 1));
                is_news
            }

            // A round that ended early does not show whether rounds work again.
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

    /// Notes that a recovery pass succeeded; `dropped` counts all undelivered reports ever dropped from the outbox.
    pub(super) fn recovery_succeeded(&mut self, dropped: u64) {
        if self.recovery.take().is_some() {
            log::info!("the journal can be read and updated again");
        }
        if dropped > self.dropped {
            let more = dropped - self.dropped;
            log::error!("{more} undelivered reports were dropped: the outbox is full");
        }
        self.dropped = dropped;
    }
}
