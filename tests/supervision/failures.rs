//! Promises about failures: the actor is replaced, and too many of them end the process.

use macaque::actors::supervisor::GAVE_UP;
use macaque::failpoint::{FailAction, FailPoint};

use crate::fail_hooks::panicking;
use crate::running_actors::RunningActors;
use crate::waiting::side_by_side;

fn one_panic(point: FailPoint) {
    let running = RunningActors::failing(panicking(point, 1));
    running.await_rounds(2);
    assert_eq!(running.stop(), 0, "{point:?}");
}

#[test]
fn a_panic_of_the_clock_is_followed_by_a_restart_and_the_next_round() {
    side_by_side(&[FailPoint::BeforeDue, FailPoint::AfterDue], one_panic);
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
    side_by_side(&points, one_panic);
}

#[test]
fn a_panic_of_the_notifier_is_followed_by_a_restart_and_the_next_message() {
    side_by_side(&[FailPoint::BeforeNotify, FailPoint::AfterNotify], one_panic);
}

#[test]
fn three_panics_in_the_window_are_survived_and_the_fourth_ends_the_process() {
    let points = [
        FailPoint::BeforeDue,
        FailPoint::BeforeRound,
        FailPoint::BeforeReport,
        FailPoint::BeforeNotify,
    ];
    side_by_side(&points, |point| {
        let running = RunningActors::failing(panicking(point, 3));
        // Reports of incarnations that ended are delivered too: after three of those, one came through.
        running.await_rounds(4);
        assert_eq!(running.stop(), 0, "three at {point:?}");
        let running = RunningActors::failing(panicking(point, 4));
        assert_eq!(running.exit_code(), GAVE_UP, "four at {point:?}");
    });
}

#[test]
fn a_disruption_whose_report_was_lost_with_an_actor_is_reported_all_the_same() {
    let points = [
        FailPoint::AfterDisrupt,
        FailPoint::BeforeReport,
        FailPoint::BeforeNotify,
    ];
    side_by_side(&points, |point| {
        let running = RunningActors::failing(panicking(point, 1));
        running.await_rounds(3);
        running.await_reports_of_evictions();
        let evictions = running.stop_and_name_evictions();
        assert_eq!(evictions.unreported(), Vec::<String>::new(), "{point:?}");
    });
}

#[test]
fn the_process_ends_with_the_supervisor() {
    let running = RunningActors::failing(panicking(FailPoint::SupervisorTick, 1));
    assert_eq!(running.exit_code(), GAVE_UP);
}

#[test]
fn the_probes_tell_who_is_up() {
    let running = RunningActors::failing(|_| FailAction::Continue);
    running.await_ready();
    assert_eq!(running.stop(), 0);
}
