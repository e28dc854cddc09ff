//! What is no news: a failure that lasts is told when it begins and when it ends, not every time.

use crate::journal::Setback;
use macaque_core::report::{End, Report};

/// The failures that last.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Why rounds fail, and how many did.
    why: Option<String>,
    rounds: u64,
    /// Why the journal cannot be looked after.
    patrol: Option<String>,
    dropped: u64,
}

impl Trouble {
    /// Whether people should hear of `report`.
    pub(super) fn is_news(&mut self, report: &Report) -> bool {
        match &report.end {
            End::Failed { why } | End::Withheld { why } if report.attempts.is_empty() => {
                self.rounds += 1;
                let news = self.why.as_ref() != Some(why);
                if !news {
                    log::debug!("round of {} failed as the one before it: {why}", report.slot);
                }
                self.why = Some(why.clone());
                news
            }
            // What ends early says nothing of whether rounds work again.
            End::Failed { .. } | End::Withheld { .. } | End::Interrupted => true,
            End::Complete => {
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
    pub(super) fn of_patrol(&mut self, setback: &Setback) {
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
