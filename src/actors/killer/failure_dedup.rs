//! Keeps a lasting failure from being reported again and again: only its beginning is reported; its end is logged.

use macaque_core::journal::Denial;
use macaque_core::report::{RoundEnd, RoundReport};

use crate::journal::JournalError;

/// The failures that were reported and have not ended.
#[derive(Debug, Default)]
pub(super) struct FailureDedup {
    /// The cause for which rounds fail, and how many have failed in a row.
    rounds: Option<(String, u64)>,
    /// The cause for which takeover passes fail.
    takeover: Option<String>,
    /// What held the last round, as the journal said when it was last read.
    held: Option<String>,
    /// How many dropped reports were already logged.
    dropped: u64,
}

impl FailureDedup {
    /// Whether `report` says more than that rounds still fail for the same reason. A turn that was missed is reported by one
    /// round alone.
    pub(super) fn should_report(&mut self, report: &RoundReport) -> bool {
        self.ends_otherwise(report) || report.missed_turns().next().is_some()
    }

    /// Whether the round of `report` did something, or nothing for another reason than those before it.
    fn ends_otherwise(&mut self, report: &RoundReport) -> bool {
        if let Some(hold) = report.held_before_any_victim() {
            return self.is_news(&hold.cause(), report);
        }

        match &report.end {
            RoundEnd::Failed { why } | RoundEnd::Withheld { why } if report.attempts.is_empty() => {
                self.is_news(why, report)
            }

            // A round that ended early does not show whether rounds work again.
            RoundEnd::Failed { .. }
            | RoundEnd::Withheld { .. }
            | RoundEnd::Held(_)
            | RoundEnd::Interrupted => true,

            RoundEnd::Complete => {
                if let Some((_, failed)) = self.rounds.take() {
                    log::info!("rounds work again, after {failed} that failed, were withheld or were held");
                }
                true
            }
        }
    }

    /// Whether the cause for which the round of `report` did nothing is another than that of the round before.
    fn is_news(&mut self, why: &str, report: &RoundReport) -> bool {
        let (known, failed) = self.rounds.take().unwrap_or_default();
        let is_news = known != why;
        if !is_news {
            log::debug!("round {} ended like the one before: {why}", report.slot);
        }
        self.rounds = Some((why.to_owned(), failed + 1));
        is_news
    }

    /// Notes that another replica has the round: it reports why the round is withheld, or shows that rounds work.
    pub(super) fn round_is_elsewhere(&mut self, denial: &Denial) {
        if let Denial::AlreadyClaimed { withheld, .. } = denial {
            self.rounds = withheld.clone().map(|why| (why, 1));
            self.held = None;
        }
    }

    /// Notes that a takeover pass failed.
    pub(super) fn takeover_failed(&mut self, error: &JournalError) {
        let why = error.to_string();
        if self.takeover.as_ref() != Some(&why) {
            log::warn!("cannot read or update the journal: {why}");
            self.takeover = Some(why);
        }
    }

    /// Notes that a takeover pass succeeded; `dropped` counts all undelivered reports ever dropped from the outbox, and
    /// `held` is what held the last round: whichever replica ran it has reported it.
    pub(super) fn takeover_succeeded(&mut self, dropped: u64, held: Option<String>) {
        // A round that recorded nothing, for another reason, may have come since.
        if let Some(held) = held.as_ref().filter(|_| held != self.held)
            && self.rounds.as_ref().is_none_or(|(known, _)| known != held)
        {
            self.rounds = Some((held.clone(), 1));
        }
        self.held = held;
        if self.takeover.take().is_some() {
            log::info!("the journal can be read and updated again");
        }
        if dropped > self.dropped {
            let more = dropped - self.dropped;
            log::error!("{more} undelivered reports were dropped: the outbox is full");
        }
        self.dropped = dropped;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use macaque_core::guard::GuardHold;
    use macaque_core::journal::LeaseHolder;
    use macaque_core::outcome::Outcome;
    use macaque_core::pod::{OwnerRef, PodOwner};
    use macaque_core::report::TurnReport;

    use super::*;
    use crate::notify::message::tests::{attempt, report, unanswered, whole};

    const PAUSED: &str = "paused until noon";

    fn withheld() -> RoundReport {
        RoundReport {
            end: RoundEnd::Withheld { why: PAUSED.into() },
            ..report([])
        }
    }

    fn taken(withheld: Option<&str>) -> Denial {
        Denial::AlreadyClaimed {
            slot: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            holder: LeaseHolder {
                process: "other".into(),
                incarnation: 1,
            },
            withheld: withheld.map(str::to_owned),
        }
    }

    #[test]
    fn what_another_replica_reports_is_not_reported_again_until_rounds_worked_in_between() {
        let mut failures = FailureDedup::default();
        assert!(failures.should_report(&withheld()));
        assert!(!failures.should_report(&withheld()));

        failures.round_is_elsewhere(&taken(None));
        assert!(failures.should_report(&withheld()), "another replica ran a round");

        let mut failures = FailureDedup::default();
        failures.round_is_elsewhere(&taken(Some(PAUSED)));
        assert!(!failures.should_report(&withheld()), "another replica reports it");
        failures.round_is_elsewhere(&taken(Some("another reason")));
        assert!(failures.should_report(&withheld()));
    }

    fn held(hold: GuardHold) -> RoundReport {
        RoundReport {
            end: RoundEnd::Held(hold),
            ..report([])
        }
    }

    #[test]
    fn a_guard_that_holds_round_after_round_is_reported_once_whatever_its_numbers() {
        let mut failures = FailureDedup::default();
        assert!(failures.should_report(&held(whole())));

        let changed = GuardHold {
            why: "1 of 3 pods ready".to_owned(),
            ..whole()
        };
        assert!(!failures.should_report(&held(changed)));
        assert!(failures.should_report(&held(unanswered())), "another guard");
        assert!(failures.should_report(&held(whole())));

        let no_answer = GuardHold {
            answer: unanswered().answer,
            ..whole()
        };
        assert!(failures.should_report(&held(no_answer)), "another answer");

        assert!(failures.should_report(&report([])), "rounds work again");
        assert!(failures.should_report(&held(whole())));
    }

    #[test]
    fn what_held_the_last_round_of_another_replica_is_not_reported_again() {
        let mut failures = FailureDedup::default();
        failures.round_is_elsewhere(&taken(None));
        failures.takeover_succeeded(0, Some(whole().cause()));
        assert!(!failures.should_report(&held(whole())));

        failures.round_is_elsewhere(&taken(None));
        failures.takeover_succeeded(0, Some(whole().cause()));
        assert!(!failures.should_report(&held(whole())), "once more");
        assert!(failures.should_report(&held(unanswered())));

        failures.round_is_elsewhere(&taken(None));
        failures.takeover_succeeded(0, None);
        assert!(
            failures.should_report(&held(unanswered())),
            "another replica ran a round"
        );
    }

    #[test]
    fn a_reason_that_is_not_in_the_journal_is_reported_once_though_the_last_round_there_was_held() {
        let mut failures = FailureDedup::default();
        assert!(failures.should_report(&held(whole())));
        failures.takeover_succeeded(0, Some(whole().cause()));
        assert!(failures.should_report(&withheld()));
        failures.takeover_succeeded(0, Some(whole().cause()));
        assert!(!failures.should_report(&withheld()));
    }

    #[test]
    fn a_round_that_tried_a_victim_before_a_guard_ended_it_is_always_reported() {
        let mut failures = FailureDedup::default();
        let after_a_victim = RoundReport {
            attempts: vec![attempt("a", Outcome::Evicted)],
            ..held(whole())
        };
        assert!(failures.should_report(&held(whole())));
        assert!(failures.should_report(&after_a_victim));
        assert!(failures.should_report(&after_a_victim));
    }

    #[test]
    fn a_round_that_tells_of_a_turn_that_was_missed_is_always_reported() {
        let mut failures = FailureDedup::default();
        let missed = RoundReport {
            turns: vec![TurnReport {
                owner: OwnerRef {
                    namespace: "shop".to_owned(),
                    owner: PodOwner {
                        kind: "Deployment".to_owned(),
                        name: "web".to_owned(),
                    },
                },
                slot: Timestamp::UNIX_EPOCH,
                missed: Some(whole().cause()),
            }],
            ..held(whole())
        };
        assert!(failures.should_report(&held(whole())));
        assert!(failures.should_report(&missed));
        assert!(failures.should_report(&missed));
        assert!(!failures.should_report(&held(whole())));
    }

    #[test]
    fn victims_that_guards_of_their_owners_held_are_reported_each_time_as_refusals_are() {
        let mut failures = FailureDedup::default();
        let of_owners = report([attempt("a", Outcome::Held(whole()))]);
        assert!(failures.should_report(&of_owners));
        assert!(failures.should_report(&of_owners));
    }
}
