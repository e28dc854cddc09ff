//! Promises about hangs: a thread that is blocked and an await that never ends are seen, whoever it befalls, and the
//! late riser finds its place taken.

use macaque::actors::supervisor::GAVE_UP;
use macaque::failpoint::FailPoint;

use crate::crew::Running;
use crate::harm::{Gate, blocking, hanging};

const CLOCK: [FailPoint; 2] = [FailPoint::BeforeDue, FailPoint::AfterDue];
const KILLER: [FailPoint; 4] = [
    FailPoint::BeforeRound,
    FailPoint::AfterReserve,
    FailPoint::AfterDisrupt,
    FailPoint::BeforeReport,
];
const NOTIFIER: [FailPoint; 2] = [FailPoint::BeforeNotify, FailPoint::AfterNotify];

fn every_point() -> impl Iterator<Item = FailPoint> {
    CLOCK.into_iter().chain(KILLER).chain(NOTIFIER)
}

#[test]
fn an_await_that_never_ends_is_seen_and_the_next_round_comes() {
    for point in every_point() {
        let running = Running::impatient(hanging(point, 1, &Gate::default()));
        running.await_rounds(3);
        assert_eq!(running.stop(), 0, "{point:?}");
    }
}

#[test]
fn a_blocked_thread_is_seen_and_the_next_round_comes() {
    for point in every_point() {
        let gate = Gate::default();
        let running = Running::impatient(blocking(point, 1, &gate));
        running.await_rounds(3);
        assert_eq!(running.stop(), 0, "{point:?}");
        gate.open();
    }
}

#[test]
fn a_killer_that_wakes_late_disrupts_nobody_more_than_it_was_charged_with() {
    for point in KILLER {
        let gate = Gate::default();
        let running = Running::impatient(blocking(point, 1, &gate));
        running.await_rounds(2);
        gate.open();
        running.await_rounds(2);
        let evictions = running.stop_and_name_evictions();
        assert_eq!(evictions.untold(), Vec::<String>::new(), "{point:?}");
        assert_eq!(evictions.beyond_the_slots(), 0, "{point:?}");
    }
}

#[test]
fn more_blocked_threads_than_may_be_left_behind_end_the_process() {
    let gate = Gate::default();
    let running = Running::impatient_and_forgiving(blocking(FailPoint::BeforeRound, 4, &gate));
    assert_eq!(running.exit_code(), GAVE_UP);
    gate.open();
}

#[test]
fn a_supervisor_that_hangs_ends_the_process() {
    let gate = Gate::default();
    let running = Running::impatient(blocking(FailPoint::SupervisorTick, 1, &gate));
    assert_eq!(running.exit_code(), GAVE_UP, "its thread is blocked");
    gate.open();
    let running = Running::impatient(hanging(FailPoint::SupervisorTick, 1, &gate));
    assert_eq!(running.exit_code(), GAVE_UP, "it awaits what never comes");
}
