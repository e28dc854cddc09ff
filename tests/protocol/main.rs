//! The protocol of the journal, model-checked with its real core: whatever replicas, crashes, lost answers and late
//! requests do, a slot disrupts no more than it was ordered to; and without any one ingredient it would.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod model;
mod replica;

use model::{Flaw, Protocol};
use stateright::{Checker, Model};

/// Explores every state, and prints how many there are.
fn explored(protocol: Protocol) -> impl Checker<Protocol> {
    let checker = protocol.clone().checker().spawn_bfs().join();
    println!("{protocol:?}: {} states", checker.unique_state_count());
    checker
}

#[test]
fn one_replica_disrupts_no_more_than_ordered_whatever_happens() {
    let one = Protocol::of(1);
    let refusing = Protocol {
        refusals: 1,
        ..one.clone()
    };
    let pausing = Protocol {
        pauses: true,
        ..one.clone()
    };
    let slow = Protocol { late: 2, ..one };
    for protocol in [refusing, pausing, slow] {
        explored(protocol).assert_properties();
    }
}

#[test]
fn two_replicas_disrupt_no_more_than_ordered_whatever_happens() {
    explored(Protocol::of(2)).assert_properties();
}

#[test]
fn three_replicas_disrupt_no_more_than_ordered_when_one_ends_or_a_request_is_late() {
    for (crashes, late) in [(1, 0), (0, 1)] {
        explored(Protocol {
            crashes,
            late,
            ..Protocol::of(3)
        })
        .assert_properties();
    }
}

/// The protocol with one ingredient missing is found to disrupt too much.
fn is_caught(flaw: Flaw, protocol: Protocol) {
    let checker = explored(Protocol { flaw, ..protocol });
    assert!(
        checker.discovery(model::NEVER_TOO_MANY).is_some(),
        "{flaw:?} is necessary, or the model is too small to show it"
    );
}

#[test]
fn without_the_uid_a_late_request_takes_the_successor() {
    is_caught(Flaw::NoUid, Protocol::of(1));
}

#[test]
fn without_the_condition_on_a_write_two_replicas_claim_one_slot() {
    is_caught(Flaw::BlindWrites, Protocol::of(2));
}

#[test]
fn a_victim_drawn_anew_after_an_interruption_may_be_one_too_many() {
    is_caught(Flaw::DrawsAgain, Protocol::of(1));
}

#[test]
fn a_victim_that_is_recorded_after_the_deed_may_be_forgotten() {
    is_caught(Flaw::RecordsAfter, Protocol::of(1));
}

#[test]
fn a_charge_taken_back_in_doubt_may_be_spent_twice() {
    is_caught(Flaw::RefundsInDoubt, Protocol::of(1));
}
