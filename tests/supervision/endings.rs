//! Promises about ends: in order, within their time, whatever phase they come in.

use std::time::Duration;

use macaque::actors::supervisor::UNDRAINED;
use macaque::failpoint::{FailAction, FailPoint};

use crate::crew::Running;
use crate::harm::{Gate, blocking, hanging, panicking};

#[test]
fn a_request_to_stop_ends_the_round_in_flight_and_tells_it() {
    let running = Running::slow_cluster(Duration::from_millis(300));
    running.await_request("GET");
    assert_eq!(running.stop_and_count_messages(), (0, 1));
}

#[test]
fn a_report_that_is_lost_while_stopping_is_an_exit_code_of_its_own() {
    let running =
        Running::slow_and_failing(Duration::from_millis(300), panicking(FailPoint::BeforeReport, 1));
    running.await_request("GET");
    assert_eq!(running.stop(), UNDRAINED);
}

#[test]
fn no_round_begins_after_a_request_to_stop() {
    let running = Running::with_faults(|_| FailAction::Continue);
    running.await_rounds(1);
    let evictions = running.stop_and_count_evictions();
    assert_eq!(
        evictions.seen, evictions.told,
        "each eviction was told, and none came later"
    );
}

#[test]
fn a_second_request_to_stop_ends_it_at_once() {
    let running = Running::slow_cluster(Duration::from_secs(60));
    running.await_request("GET");
    running.ask_to_stop();
    running.ask_to_stop();
    assert_eq!(running.exit_code(), UNDRAINED);
}

#[test]
fn a_request_to_stop_at_any_point_of_a_round_ends_it_in_order() {
    for point in FailPoint::ALL {
        let gate = Gate::default();
        let running = Running::with_faults(blocking(point, 1, &gate));
        gate.await_somebody();
        running.ask_to_stop();
        gate.open();
        assert_eq!(running.exit_code(), 0, "{point:?}");
    }
}

#[test]
fn an_actor_that_hangs_does_not_keep_the_process_from_ending() {
    for point in [
        FailPoint::BeforeRound,
        FailPoint::AfterReserve,
        FailPoint::BeforeReport,
        FailPoint::BeforeNotify,
    ] {
        let gate = Gate::default();
        let running = Running::hasty(blocking(point, 1, &gate));
        gate.await_somebody();
        assert_eq!(running.stop(), UNDRAINED, "{point:?}: a blocked thread");
        gate.open();
        let gate = Gate::default();
        let running = Running::hasty(hanging(point, usize::MAX, &gate));
        gate.await_somebody();
        assert_eq!(running.stop(), UNDRAINED, "{point:?}: an await that never ends");
    }
}
