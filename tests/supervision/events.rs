//! Promises about the EventRecorder: it is restarted as the others are, and neither they nor a shutdown wait for it.

use macaque::failpoint::{FailAction, FailPoint};

use crate::actors_setup::ActorsSetup;
use crate::fail_hooks::{ThreadGate, blocking, hanging, panicking};
use crate::running_actors::RunningActors;

#[test]
fn a_disruption_and_its_recovery_are_events_on_the_victim_and_on_its_owner() {
    let running = RunningActors::start(ActorsSetup::default().recovering().writing_events());
    running.await_recovery();
    for reason in ["ChaosEvicted", "ChaosRecovered"] {
        for kind in ["Pod", "Deployment"] {
            running.await_event(reason, kind);
        }
    }
    assert_eq!(running.stop(), 0);
}

#[test]
fn without_events_there_is_no_event_recorder_and_nothing_is_written() {
    let running = RunningActors::failing(|point| {
        assert_ne!(point, FailPoint::BeforeEvent);
        FailAction::Continue
    });
    running.await_ready();
    running.await_rounds(2);
    assert_eq!(running.events(), []);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_panic_of_the_event_recorder_is_followed_by_a_restart_and_the_next_event() {
    let running = RunningActors::writing_events(panicking(FailPoint::BeforeEvent, 2));
    running.await_event("ChaosEvicted", "Deployment");
    running.await_ready();
    running.await_rounds(1);
    assert_eq!(running.stop(), 0);
}

#[test]
fn an_event_recorder_that_hangs_is_replaced_and_rounds_go_on_meanwhile() {
    let gate = ThreadGate::default();
    let running =
        RunningActors::writing_events_with_short_timeouts(hanging(FailPoint::BeforeEvent, 1, &gate));
    gate.await_arrival();
    running.await_rounds(3);
    running.await_event("ChaosEvicted", "Deployment");
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_blocked_event_recorder_leaves_no_report_undelivered_and_does_not_keep_the_process_from_ending() {
    let gate = ThreadGate::default();
    let hook = blocking(FailPoint::BeforeEvent, 1, &gate);
    let running = RunningActors::writing_events_with_short_timeouts(hook);
    gate.await_arrival();
    running.await_rounds(1);
    assert_eq!(running.stop(), 0);
    gate.open();
}
