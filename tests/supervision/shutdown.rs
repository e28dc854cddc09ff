//! Promises about shutdowns: in order, within their time, whatever phase they come in.

use std::time::Duration;

use macaque::actors::supervisor::UNDRAINED;
use macaque::failpoint::{FailAction, FailPoint};

use crate::actors_setup::ActorsSetup;
use crate::fail_hooks::{ThreadGate, blocking, hanging, panicking};
use crate::running_actors::RunningActors;
use crate::waiting::side_by_side;

#[test]
fn a_request_to_stop_ends_the_round_in_flight_and_delivers_its_report() {
    let running = RunningActors::on_slow_cluster(Duration::from_millis(300));
    running.await_request("GET");
    assert_eq!(running.stop_and_count_messages(), (0, 1));
}

#[test]
fn a_report_that_is_lost_while_stopping_is_an_exit_code_of_its_own() {
    let running = RunningActors::failing_on_slow_cluster(
        Duration::from_millis(300),
        panicking(FailPoint::BeforeReport, 1),
    );
    running.await_request("GET");
    assert_eq!(running.stop(), UNDRAINED);
}

#[test]
fn no_round_begins_after_a_request_to_stop() {
    let running = RunningActors::failing(|_| FailAction::Continue);
    running.await_rounds(1);
    let evictions = running.stop_and_count_evictions();
    assert_eq!(
        evictions.seen, evictions.delivered,
        "each eviction was reported, and none came later"
    );
}

#[test]
fn a_second_request_to_stop_ends_it_at_once() {
    let gate = ThreadGate::default();
    let running = RunningActors::failing(blocking(FailPoint::BeforeDisrupt, 1, &gate));
    gate.await_arrival();
    running.ask_to_stop();
    running.ask_to_stop();
    assert_eq!(running.exit_code(), UNDRAINED);
    gate.open();
}

#[test]
fn a_request_to_stop_at_any_point_of_a_round_or_a_recovery_ends_it_in_order() {
    let of_recoveries = [
        FailPoint::BeforeFollow,
        FailPoint::BeforeRecovered,
        FailPoint::AfterRecovered,
    ];
    side_by_side(&FailPoint::ALL, |point| {
        let gate = ThreadGate::default();
        let hook = blocking(point, 1, &gate);
        let running = if of_recoveries.contains(&point) {
            RunningActors::recovering(hook)
        } else if point == FailPoint::BeforeEvent {
            RunningActors::writing_events(hook)
        } else if point == FailPoint::BeforeHistory {
            RunningActors::start(ActorsSetup::failing(hook).writing_history())
        } else {
            RunningActors::failing(hook)
        };
        gate.await_arrival();
        running.ask_to_stop();
        gate.open();
        assert_eq!(running.exit_code(), 0, "{point:?}");
    });
}

#[test]
fn an_actor_that_hangs_does_not_keep_the_process_from_ending() {
    let points = [
        FailPoint::BeforeRound,
        FailPoint::AfterReserve,
        FailPoint::BeforeReport,
        FailPoint::BeforeNotify,
    ];
    let cases = points.map(|point| [(point, true), (point, false)]);
    side_by_side(cases.as_flattened(), |(point, is_blocked)| {
        let gate = ThreadGate::default();
        if is_blocked {
            let running = RunningActors::with_short_shutdown(blocking(point, 1, &gate));
            gate.await_arrival();
            assert_eq!(running.stop(), UNDRAINED, "{point:?}: a blocked thread");
        } else {
            let running = RunningActors::with_short_shutdown(hanging(point, usize::MAX, &gate));
            gate.await_arrival();
            assert_eq!(running.stop(), UNDRAINED, "{point:?}: an await that never ends");
        }
        gate.open();
    });
}
