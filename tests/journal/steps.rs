//! Laws of a step: taken twice it is taken once, and nothing ever goes back.

use macaque_core::journal::Resolution;
use proptest::prelude::*;

use crate::history::{Unfolding, What, deeds, limits};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_step_taken_twice_is_a_step_taken_once(limits in limits(), deeds in deeds()) {
        let mut history = Unfolding::new(limits, 2);
        for deed in deeds {
            let journal = history.journal.clone();
            let (event, moment) = history.event(&deed);
            if let Ok(once) = journal.step(&event, &moment) {
                let again = once.step(&event, &moment);
                let is_tell_tale = matches!(deed.what, What::Distrust);
                prop_assert!(is_tell_tale || again == Ok(once.clone()), "{event:?}: {again:?}");
                history.journal = once;
            }
        }
    }

    #[test]
    fn slots_strictly_increase_and_the_sequence_never_goes_back(limits in limits(), deeds in deeds()) {
        let mut history = Unfolding::new(limits, 2);
        for deed in deeds {
            let before = history.journal.clone();
            history.take(&deed);
            let now = &history.journal;
            prop_assert!(now.sequence() >= before.sequence());
            prop_assert!(*now == before || now.sequence() > before.sequence());
            if let (Some(earlier), Some(later)) = (before.round(), now.round()) {
                prop_assert!(later.slot > earlier.slot || later.slot == earlier.slot && later.claimed == earlier.claimed);
                prop_assert!(later.slot == earlier.slot || earlier.over, "a round is followed once it is over");
            }
        }
    }

    #[test]
    fn a_round_never_holds_more_charges_than_ordered_and_a_closed_one_gets_none(
        limits in limits(), count in 1usize..4, deeds in deeds(),
    ) {
        let mut history = Unfolding::new(limits, count);
        for deed in deeds {
            let before = history.journal.clone();
            let took = history.take(&deed);
            let Some(round) = history.journal.round() else { continue };
            prop_assert!(round.charges.len() <= count);
            let was_over = before.round().is_some_and(|before| before.over && before.slot == round.slot);
            if was_over && took {
                prop_assert_eq!(&before.round().unwrap().charges, &round.charges);
            }
            let nothing_taken_back = !matches!(deed.what, What::Settle { settled: Resolution::Released });
            let same_round = before.round().is_some_and(|before| before.slot == round.slot);
            if same_round && nothing_taken_back {
                prop_assert!(before.round().unwrap().charges.len() <= round.charges.len());
            }
        }
    }

    #[test]
    fn nobody_is_charged_and_no_slot_claimed_while_paused_or_distrusted(limits in limits(), deeds in deeds()) {
        let mut history = Unfolding::new(limits, 3);
        for deed in deeds {
            let before = history.journal.clone();
            let took = history.take(&deed);
            let held = before.hold(history.now).is_some();
            if (deed.paused || held) && matches!(deed.what, What::Claim | What::Charge { .. }) {
                prop_assert!(!took);
            }
        }
    }
}
