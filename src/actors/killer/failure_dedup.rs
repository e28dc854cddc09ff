//! What is no news: a failure that lasts is told when it begins and when it ends, not every time.

use crate::journal::JournalError;
use macaque_core::report::{RoundEnd, RoundReport};

/// The failures that last.
#[derive(Debug, Default)]
pub(super) struct FailureDedup {
    /// Why rounds fail, and how many did.
    why: Option<String>,
    rounds: u64,
    /// Why the journal cannot be looked after.
    patrol: Option<String>,
    dropped: u64,
}

impl FailureDedup {
    /// Whether people should hear of `report`.
    pub(super) fn is_news(&mut self, report: &RoundReport) -> bool {
        match &report.end {
            RoundEnd::Failed { why } | RoundEnd::Withheld { why } if report.attempts.is_empty() => {
                self.rounds += 1;
                let news = self.why.as_ref() != Some(why);
                if !news {
                    log::debug!("round of {} failed as the one before it: {why}", report.slot);
                }
                self.why = Some(why.clone());
                news
            }
            // What ends early says nothing of whether rounds work again.
            RoundEnd::Failed { .. } | RoundEnd::Withheld { .. } | RoundEnd::Interrupted => true,
            RoundEnd::Complete => {
                if self.why.take().is_some() {
                    log::info!(
                        "rounds work again, after {} that failed",
                        std::mem::take(&mut self.rounds)
                    );
                }
                true
            }
        }
    }

    /// A look round failed.
    pub(super) fn of_patrol(&mut self, setback: &JournalError) {
        let why = setback.to_string();
        if self.patrol.as_ref() != Some(&why) {
            log::warn!("the journal cannot be looked after: {why}");
            self.patrol = Some(why);
        }
    }

    /// A look round succeeded; so many notices were `dropped` untold, ever.
    pub(super) fn patrol_went_well(&mut self, dropped: u64) {
        if self.patrol.take().is_some() {
            log::info!("the journal can be looked after again");
        }
        if dropped > self.dropped {
            log::error!(
                "{} reports were dropped untold: too many waited",
                dropped - self.dropped
            );
        }
        self.dropped = dropped;
    }
}
