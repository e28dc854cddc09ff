//! Promises about hangs: a thread that is blocked and an await that never ends are detected, whichever actor it is, and
//! an actor that wakes late finds its place taken.

use macaque::actors::supervisor::GAVE_UP;
use macaque::failpoint::FailPoint;

use crate::fail_hooks::{ThreadGate, blocking, hanging};
use crate::running_actors::RunningActors;
use crate::waiting::side_by_side;

const KILLER: [FailPoint; 4] = [
    FailPoint::BeforeRound,
    FailPoint::AfterReserve,
    FailPoint::AfterDisrupt,
    FailPoint::BeforeReport,
];
const EVERY_ACTOR: [FailPoint; 8] = [
    FailPoint::BeforeDue,
    FailPoint::AfterDue,
    FailPoint::BeforeRound,
    FailPoint::AfterReserve,
    FailPoint::AfterDisrupt,
    FailPoint::BeforeReport,
    FailPoint::BeforeNotify,
    FailPoint::AfterNotify,
];

#[test]
fn an_await_that_never_ends_is_seen_and_the_next_round_comes() {
    side_by_side(&EVERY_ACTOR, |point| {
        let running = RunningActors::with_short_timeouts(hanging(point, 1, &ThreadGate::default()));
        running.await_rounds(3);
        assert_eq!(running.stop(), 0, "{point:?}");
    });
}

#[test]
fn a_blocked_thread_is_seen_and_the_next_round_comes() {
    side_by_side(&EVERY_ACTOR, |point| {
        let gate = ThreadGate::default();
        let running = RunningActors::with_short_timeouts(blocking(point, 1, &gate));
        running.await_rounds(3);
        assert_eq!(running.stop(), 0, "{point:?}");
        gate.open();
    });
}

#[test]
fn a_killer_that_wakes_late_disrupts_no_more_than_it_reserved() {
    side_by_side(&KILLER, |point| {
        let gate = ThreadGate::default();
        let running = RunningActors::with_short_timeouts(blocking(point, 1, &gate));
        running.await_rounds(2);
        gate.open();
        running.await_rounds(2);

        let lost = running.stop_and_name_evictions();
        assert_eq!(lost.unreported(), Vec::<String>::new(), "{point:?}");
        assert_eq!(lost.beyond_the_slots(), 0, "{point:?}");
    });
}

#[test]
fn more_blocked_threads_than_may_be_left_behind_end_the_process() {
    let gate = ThreadGate::default();
    let running = RunningActors::with_many_restarts(blocking(FailPoint::BeforeRound, 4, &gate));
    assert_eq!(running.exit_code(), GAVE_UP);
    gate.open();
}

#[test]
fn a_supervisor_that_hangs_ends_the_process() {
    side_by_side(&[true, false], |is_blocked| {
        let gate = ThreadGate::default();
        if is_blocked {
            let running = RunningActors::with_short_timeouts(blocking(FailPoint::SupervisorTick, 1, &gate));
            assert_eq!(running.exit_code(), GAVE_UP, "its thread is blocked");
        } else {
            let running = RunningActors::with_short_timeouts(hanging(FailPoint::SupervisorTick, 1, &gate));
            assert_eq!(running.exit_code(), GAVE_UP, "its await never ends");
        }
        gate.open();
    });
}
