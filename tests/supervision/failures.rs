//! Promises about failures: the actor is replaced, and too many of them end the process.

use macaque::actors::supervisor::GAVE_UP;
use macaque::failpoint::{FailAction, FailPoint};

use crate::crew::Running;
use crate::harm::panicking;

#[test]
fn a_panic_of_the_clock_is_followed_by_a_restart_and_the_next_round() {
    for point in [FailPoint::BeforeDue, FailPoint::AfterDue] {
        let running = Running::with_faults(panicking(point, 1));
        running.await_rounds(2);
        assert_eq!(running.stop(), 0, "{point:?}");
    }
}

#[test]
fn a_panic_of_the_killer_is_followed_by_a_restart_and_the_next_round() {
    let points = [
        FailPoint::BeforeRound,
        FailPoint::BeforeReserve,
        FailPoint::AfterReserve,
        FailPoint::AfterDisrupt,
        FailPoint::AfterResolve,
        FailPoint::BeforeReport,
    ];
    for point in points {
        let running = Running::with_faults(panicking(point, 1));
        running.await_rounds(2);
        assert_eq!(running.stop(), 0, "{point:?}");
    }
}

#[test]
fn a_panic_of_the_notifier_is_followed_by_a_restart_and_the_next_message() {
    for point in [FailPoint::BeforeNotify, FailPoint::AfterNotify] {
        let running = Running::with_faults(panicking(point, 1));
        running.await_rounds(2);
        assert_eq!(running.stop(), 0, "{point:?}");
    }
}

#[test]
fn three_panics_in_the_window_are_survived_and_the_fourth_ends_the_process() {
    let points = [
        FailPoint::BeforeDue,
        FailPoint::BeforeRound,
        FailPoint::BeforeReport,
        FailPoint::BeforeNotify,
    ];
    for point in points {
        let running = Running::with_faults(panicking(point, 3));
        // Rounds of lives that ended are told too: after three of those, one came through.
        running.await_rounds(4);
        assert_eq!(running.stop(), 0, "three at {point:?}");
        let running = Running::with_faults(panicking(point, 4));
        assert_eq!(running.exit_code(), GAVE_UP, "four at {point:?}");
    }
}

#[test]
fn a_disruption_whose_report_was_lost_with_an_actor_is_told_all_the_same() {
    for point in [
        FailPoint::AfterDisrupt,
        FailPoint::BeforeReport,
        FailPoint::BeforeNotify,
    ] {
        let running = Running::with_faults(panicking(point, 1));
        running.await_rounds(3);
        let evictions = running.stop_and_name_evictions();
        assert_eq!(evictions.untold(), Vec::<String>::new(), "{point:?}");
    }
}

#[test]
fn the_process_ends_with_the_supervisor() {
    let running = Running::with_faults(panicking(FailPoint::SupervisorTick, 1));
    assert_eq!(running.exit_code(), GAVE_UP);
}

#[test]
fn the_probes_tell_who_is_up() {
    let running = Running::with_faults(|_| FailAction::Continue);
    running.await_ready();
    assert_eq!(running.stop(), 0);
}
