//! Promises of the four actors as a whole: who fails is replaced and the next round comes, who fails too often
//! ends the process, and an end is in order. The cluster is the embedded sandbox, spoken to over HTTP.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod crew;
mod process;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use macaque::actors::fault::Point;
use macaque::actors::supervisor::{GAVE_UP, UNDRAINED};

use crew::Running;

/// Panics at `point` as often as `times` says, and counts how often it did.
fn panicking(point: Point, times: usize) -> impl Fn(Point) + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |passed| {
        let spend = |left: usize| left.checked_sub(1);
        if passed == point
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend)
                .is_ok()
        {
            panic!("injected at {point:?}");
        }
    }
}

#[test]
fn a_panic_of_the_clock_is_followed_by_a_restart_and_the_next_round() {
    let running = Running::with_faults(panicking(Point::ClockBeforeDue, 1));
    running.await_rounds(2);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_panic_of_the_killer_is_followed_by_a_restart_and_the_next_round() {
    for point in [Point::KillerBeforeRound, Point::KillerBeforeReport] {
        let running = Running::with_faults(panicking(point, 1));
        running.await_rounds(2);
        assert_eq!(running.stop(), 0);
    }
}

#[test]
fn a_panic_of_the_notifier_is_followed_by_a_restart_and_the_next_message() {
    let running = Running::with_faults(panicking(Point::NotifierBeforeDelivery, 1));
    running.await_rounds(2);
    assert_eq!(running.stop(), 0);
}

#[test]
fn three_panics_in_the_window_are_survived_and_the_fourth_ends_the_process() {
    let points = [
        Point::ClockBeforeDue,
        Point::KillerBeforeRound,
        Point::KillerBeforeReport,
        Point::NotifierBeforeDelivery,
    ];
    for point in points {
        let running = Running::with_faults(panicking(point, 3));
        running.await_rounds(1);
        assert_eq!(running.stop(), 0, "three at {point:?}");
        let running = Running::with_faults(panicking(point, 4));
        assert_eq!(running.exit_code(), GAVE_UP, "four at {point:?}");
    }
}

#[test]
fn a_request_to_stop_ends_the_round_in_flight_and_tells_it() {
    let running = Running::slow_cluster(Duration::from_millis(300));
    running.await_request("GET");
    assert_eq!(running.stop_and_count_messages(), (0, 1));
}

#[test]
fn a_report_that_is_lost_while_stopping_is_an_exit_code_of_its_own() {
    let running = Running::slow_and_failing(
        Duration::from_millis(300),
        panicking(Point::KillerBeforeReport, 1),
    );
    running.await_request("GET");
    assert_eq!(running.stop(), UNDRAINED);
}

#[test]
fn no_round_begins_after_a_request_to_stop() {
    let running = Running::with_faults(|_| {});
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
fn the_probes_tell_who_is_up() {
    let running = Running::with_faults(|_| {});
    running.await_ready();
    assert_eq!(running.stop(), 0);
}
