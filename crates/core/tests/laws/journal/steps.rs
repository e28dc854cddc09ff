//! Laws of a step: taken twice it is taken once, and nothing ever goes back.

use jiff::SignedDuration;
use macaque_core::config::DisruptionLimits;
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::journal::{Denial, JournalEvent, Resolution, StepContext};
use macaque_core::report::{RoundEnd, RoundReport};
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::{limits, report, withheld};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_step_taken_twice_is_a_step_taken_once(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 2);
        for step in steps {
            let journal = history.journal.clone();
            let (event, context) = history.event(&step);
            if let Ok(once) = journal.step(&event, &context) {
                let again = once.step(&event, &context);
                let is_quarantine = matches!(step.kind, StepKind::Quarantine);
                prop_assert!(is_quarantine || again == Ok(once.clone()), "{event:?}: {again:?}");
                history.journal = once;
            }
        }
    }

    #[test]
    fn slots_strictly_increase_and_the_sequence_never_goes_back(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 2);
        for step in steps {
            let before = history.journal.clone();
            history.take(&step);
            let now = &history.journal;
            prop_assert!(now.sequence() >= before.sequence());
            prop_assert!(*now == before || now.sequence() > before.sequence());
            if let (Some(earlier), Some(later)) = (before.round(), now.round()) {
                prop_assert!(later.slot > earlier.slot || later.slot == earlier.slot && later.claimed == earlier.claimed);
                prop_assert!(later.slot == earlier.slot || earlier.closed, "a round is followed once it is over");
            }
        }
    }

    #[test]
    fn a_round_never_holds_more_reservations_than_ordered_and_a_closed_one_gets_none(
        limits in limits(), count in 1usize..4, steps in steps(),
    ) {
        let mut history = JournalHistory::new(limits, count);
        for step in steps {
            let before = history.journal.clone();
            let took = history.take(&step);
            let Some(round) = history.journal.round() else { continue };
            prop_assert!(round.reservations.len() <= count);
            let was_closed = before.round().is_some_and(|before| before.closed && before.slot == round.slot);
            let numbers_anew = matches!(step.kind, StepKind::Quarantine);
            if was_closed && took && !numbers_anew {
                prop_assert_eq!(&before.round().unwrap().reservations, &round.reservations);
            }
            let nothing_released = !matches!(step.kind, StepKind::Resolve { resolution: Resolution::Released });
            let same_round = before.round().is_some_and(|before| before.slot == round.slot);
            if same_round && nothing_released {
                prop_assert!(before.round().unwrap().reservations.len() <= round.reservations.len());
            }
        }
    }

    #[test]
    fn nothing_is_reserved_and_no_slot_claimed_while_paused_or_quarantined(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 3);
        for step in steps {
            let before = history.journal.clone();
            let took = history.take(&step);
            let quarantined = before.quarantine(history.now).is_some();
            if (step.paused || quarantined) && matches!(step.kind, StepKind::Claim | StepKind::Reserve { .. }) {
                prop_assert!(!took);
            }
        }
    }
}

#[test]
fn a_reservation_is_confirmed_until_the_lease_ends_and_not_after_it() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
    let lease = i64::try_from(history.timing.lease.as_secs()).unwrap();
    let step = |kind, clock_shift| HolderStep::of(0, kind).after(clock_shift);

    assert!(history.take(&step(StepKind::Claim, 0)));
    assert!(history.take(&step(StepKind::Reserve { pod: 1 }, 0)));
    assert!(history.take(&step(StepKind::Reserve { pod: 1 }, lease)));
    assert!(!history.take(&step(StepKind::Reserve { pod: 1 }, 1)));
}

#[test]
fn leases_end_by_the_api_servers_clock_whatever_the_holders_shows() {
    for ahead in [-72, 72].map(SignedDuration::from_hours) {
        let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
        let lease = i64::try_from(history.timing.lease.as_secs()).unwrap();
        assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
        assert!(history.take_ahead(&HolderStep::of(0, StepKind::TakeOver).after(lease - 1), ahead));

        let mut is_taken_over_by = |holder, clock_shift| {
            let step = HolderStep::of(holder, StepKind::TakeOver).after(clock_shift);
            assert!(history.take_ahead(&step, ahead));
            history.journal.open_round_of(&history.holders[holder]).is_some()
        };
        assert!(!is_taken_over_by(1, lease), "{ahead}: its lease was renewed");
        assert!(is_taken_over_by(1, 1), "{ahead}: and has ended");
    }
}

#[test]
fn rounds_keep_their_distance_by_the_api_servers_clock_whatever_the_replicas_show() {
    let ahead = SignedDuration::from_secs(30);
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    assert!(history.take(&HolderStep::of(0, StepKind::Close)));

    assert!(!history.take_ahead(&HolderStep::of(1, StepKind::Claim).after(29), ahead));
    assert!(history.take_ahead(&HolderStep::of(1, StepKind::Claim).after(1), ahead));
}

#[test]
fn a_lease_that_ends_later_than_any_was_renewed_for_is_free() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));

    // The API server's clock is set back by a day.
    let mut is_taken_over_by = |holder, clock_shift| {
        assert!(history.take(&HolderStep::of(holder, StepKind::TakeOver).after(clock_shift)));
        history.journal.open_round_of(&history.holders[holder]).is_some()
    };
    assert!(is_taken_over_by(1, -24 * 3600));
    assert!(
        !is_taken_over_by(0, 0),
        "the lease is one of the clock as it is now"
    );
}

#[test]
fn a_slot_that_was_withheld_is_claimed_by_nobody_and_reported_by_one() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
    let step = HolderStep::of;
    assert!(history.take(&step(0, StepKind::Withhold)));

    for (holder, kind) in [
        (1, StepKind::Withhold),
        (1, StepKind::Claim),
        (0, StepKind::Claim),
    ] {
        let journal = history.journal.clone();
        let (event, context) = history.event(&step(holder, kind));
        let denial = journal.step(&event, &context).unwrap_err();
        let is_known =
            matches!(&denial, Denial::AlreadyClaimed { withheld: Some(why), .. } if why == "a limit");
        assert!(is_known, "{denial:?}");
    }
}

#[test]
fn what_held_a_round_is_recorded_until_the_next_one_and_only_if_no_victim_was_tried() {
    let hold = GuardHold {
        guard: "drains".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "2 pods are being disrupted by others".to_owned(),
    };
    for (victims, held) in [(0, Some("guard drains holds back")), (1, None)] {
        let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
        assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
        let slot = history.journal.round().unwrap().slot;
        let close = JournalEvent::Close(Box::new(RoundReport {
            end: RoundEnd::Held(hold.clone()),
            ..report(slot, victims, "")
        }));
        let claimed = history.journal.clone();
        let (_, context) = history.event(&HolderStep::of(0, StepKind::TakeOver));
        let closed = claimed.step(&close, &context).unwrap();
        assert_eq!(closed.round().unwrap().held.as_deref(), held);

        history.journal = closed;
        assert!(history.take(&HolderStep::of(1, StepKind::Claim).after(3600)));
        assert_eq!(history.journal.round().unwrap().held, None);
    }
}

#[test]
fn a_clock_that_is_wrong_spends_no_slot() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1);
    let idle = HolderStep::of(0, StepKind::TakeOver);
    let (now, journal) = (history.now, history.journal.clone());
    let (_, context) = history.event(&idle);
    let hour = SignedDuration::from_hours(1);

    for skew in [hour, -hour] {
        let skewed = StepContext {
            skew: Some(skew),
            ..context.clone()
        };
        let withhold = JournalEvent::Withhold(Box::new(withheld(now)));
        assert_eq!(
            journal.step(&withhold, &skewed),
            Err(Denial::ClockSkewed { skew })
        );
    }

    let slot = now + hour;
    let withhold = JournalEvent::Withhold(Box::new(withheld(slot)));
    assert_eq!(
        journal.step(&withhold, &context),
        Err(Denial::SlotInFuture { slot })
    );
}
