//! The protocol of the journal, model-checked with its real core: whatever replicas, crashes, lost answers and late
//! requests do, a slot disrupts no more than it was ordered to; and without any one ingredient it would.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod model;
mod replica;
mod watcher;

use std::collections::BTreeSet;
use std::time::Duration;

use model::{ModelRecoveries, Mutation, ProtocolModel};
use stateright::{Checker, HasDiscoveries, Model};

/// Explores every state, and prints how many there are.
fn explored(protocol: ProtocolModel) -> impl Checker<ProtocolModel> {
    let checker = protocol.clone().checker().spawn_bfs().join();
    println!("{protocol:?}: {} states", checker.unique_state_count());
    checker
}

#[test]
fn one_replica_disrupts_no_more_than_ordered_whatever_happens() {
    let one = ProtocolModel::of(1);
    let refusing = ProtocolModel {
        refusals: 1,
        ..one.clone()
    };
    let pausing = ProtocolModel {
        pauses: true,
        ..one.clone()
    };
    let slow = ProtocolModel { late: 2, ..one };

    for protocol in [refusing, pausing, slow] {
        explored(protocol).assert_properties();
    }
}

#[test]
fn two_replicas_disrupt_no_more_than_ordered_whatever_happens() {
    explored(ProtocolModel::of(2)).assert_properties();
}

#[test]
fn three_replicas_disrupt_no_more_than_ordered_when_one_ends_or_a_request_is_late() {
    for (crashes, late) in [(1, 0), (0, 1)] {
        explored(ProtocolModel {
            crashes,
            late,
            ..ProtocolModel::of(3)
        })
        .assert_properties();
    }
}

/// The protocol with guards whose cause comes and goes.
fn guarded(replicas: usize) -> ProtocolModel {
    ProtocolModel {
        toggles: 2,
        late: 0,
        ..ProtocolModel::of(replicas)
    }
}

#[test]
fn no_pod_is_reserved_unless_the_guards_said_go_whatever_comes_and_goes() {
    let refusing = ProtocolModel {
        refusals: 1,
        ..guarded(1)
    };
    let slow = ProtocolModel {
        late: 1,
        ..guarded(1)
    };

    for protocol in [refusing, slow, guarded(2)] {
        explored(protocol).assert_properties();
    }
}

#[test]
fn once_the_cause_of_a_guard_is_gone_the_next_slot_disrupts_a_pod() {
    for replicas in [1, 2] {
        explored(ProtocolModel {
            slots: 2,
            toggles: 1,
            ..guarded(replicas)
        })
        .assert_properties();
    }
}

/// The protocol with one ingredient missing is found to disrupt too much.
fn is_caught(mutation: Mutation, protocol: ProtocolModel) {
    breaks(mutation, protocol, model::NEVER_TOO_MANY);
}

/// The protocol with one ingredient missing is found to break `property`.
fn breaks(mutation: Mutation, protocol: ProtocolModel, property: &'static str) {
    let broken = ProtocolModel { mutation, ..protocol };
    let found = HasDiscoveries::AllOf(BTreeSet::from([property]));
    let checker = broken.checker().finish_when(found).spawn_bfs().join();
    assert!(
        checker.discovery(property).is_some(),
        "{mutation:?} is necessary, or the model is too small to show it"
    );
}

#[test]
fn without_the_uid_a_late_request_takes_the_successor() {
    is_caught(Mutation::NoUid, ProtocolModel::of(1));
}

#[test]
fn without_the_condition_on_a_write_two_replicas_claim_one_slot() {
    is_caught(Mutation::UnconditionalWrites, ProtocolModel::of(2));
}

#[test]
fn a_victim_picked_anew_after_an_interruption_may_be_one_too_many() {
    is_caught(Mutation::PicksAgain, ProtocolModel::of(1));
}

#[test]
fn a_victim_that_is_recorded_after_the_disruption_may_be_forgotten() {
    is_caught(Mutation::ReservesAfter, ProtocolModel::of(1));
}

#[test]
fn a_reservation_released_in_doubt_may_be_spent_twice() {
    is_caught(Mutation::ReleasesInDoubt, ProtocolModel::of(1));
}

#[test]
fn a_victim_that_is_reserved_whatever_the_guards_say_is_found() {
    breaks(Mutation::IgnoresGuards, guarded(1), model::NEVER_WITHOUT_GO);
}

#[test]
fn a_guard_that_holds_back_for_ever_is_found() {
    let protocol = ProtocolModel {
        slots: 2,
        ..guarded(1)
    };
    breaks(Mutation::HoldsForEver, protocol, model::LETS_GO);
}

/// The protocol with recoveries that are given up after so many seconds.
fn recovering(replicas: usize, timeout: u64, strikes: Option<usize>) -> ProtocolModel {
    let timeout = Duration::from_secs(timeout);
    ProtocolModel {
        late: 0,
        slots: 2,
        recoveries: Some(ModelRecoveries { timeout, strikes }),
        ..ProtocolModel::of(replicas)
    }
}

/// Within the slot recoveries are given up.
const SHORT: u64 = 10;
/// Recoveries may go on in the next slot.
const LONG: u64 = 3000;

#[test]
fn no_recovery_is_made_up_or_ended_twice_or_watched_for_ever_whatever_happens() {
    for timeout in [SHORT, LONG] {
        explored(recovering(1, timeout, None)).assert_properties();
    }
}

#[test]
fn a_report_whose_answer_is_lost_or_that_lands_late_ends_its_recovery_once() {
    explored(ProtocolModel {
        crashes: 0,
        late: 1,
        slots: 1,
        ..recovering(1, SHORT, Some(1))
    })
    .assert_properties();
}

#[test]
fn strikes_pause_macaque_with_the_write_that_records_them() {
    explored(recovering(1, SHORT, Some(1))).assert_properties();
}

#[test]
fn an_owner_that_is_whole_at_the_first_look_has_not_been_seen_to_recover() {
    let protocol = recovering(1, LONG, None);
    breaks(Mutation::RecoversAtFirstLook, protocol, model::NEVER_MADE_UP);
}

#[test]
fn without_the_condition_on_a_write_a_recovery_ends_twice() {
    let protocol = ProtocolModel {
        slots: 1,
        ..recovering(1, SHORT, None)
    };
    breaks(Mutation::UnconditionalWrites, protocol, model::NEVER_TWICE);
}

#[test]
fn a_recovery_that_no_other_process_adopts_is_watched_for_ever() {
    breaks(
        Mutation::NeverAdopts,
        recovering(1, LONG, None),
        model::NOT_FOR_EVER,
    );
}

#[test]
fn a_pause_that_is_written_after_its_strike_comes_too_late() {
    let protocol = recovering(1, SHORT, Some(1));
    breaks(Mutation::PausesApart, protocol, model::PAUSES);
}

#[test]
fn without_the_guard_an_owner_that_recovers_loses_another_pod() {
    let protocol = recovering(1, LONG, None);
    breaks(Mutation::IgnoresRecoveries, protocol, model::NEVER_UNRECOVERED);
}
