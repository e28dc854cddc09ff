//! Promises about the HistoryRecorder: it is restarted as the others are, loses nothing of what waits, and neither they nor a
//! shutdown wait for it.

use macaque::failpoint::{FailAction, FailPoint};

use crate::actors_setup::ActorsSetup;
use crate::fail_hooks::{FailHook, ThreadGate, blocking, hanging, panicking};
use crate::running_actors::RunningActors;

fn writing_history(hook: impl FailHook) -> RunningActors {
    RunningActors::start(ActorsSetup::failing(hook).writing_history())
}

fn with_short_timeouts(hook: impl FailHook) -> RunningActors {
    let setup = ActorsSetup::failing(hook).with_short_timeouts();
    RunningActors::start(setup.writing_history())
}

#[test]
fn what_happened_is_in_the_history_after_a_clean_shutdown() {
    let running = writing_history(|_| FailAction::Continue);
    running.await_ready();
    running.await_rounds(3);
    let (code, lost, recorded) = running.stop_and_read_history();
    assert_eq!((code, recorded), (0, lost));
}

#[test]
fn without_a_history_there_is_no_history_recorder() {
    let running = RunningActors::failing(|point| {
        assert_ne!(point, FailPoint::BeforeHistory);
        FailAction::Continue
    });
    running.await_ready();
    running.await_rounds(2);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_panic_of_the_history_recorder_loses_nothing_of_what_waits() {
    let running = writing_history(panicking(FailPoint::BeforeHistory, 2));
    running.await_rounds(3);
    running.await_ready();
    let (code, lost, recorded) = running.stop_and_read_history();
    assert_eq!((code, recorded), (0, lost));
}

#[test]
fn a_history_recorder_that_hangs_is_replaced_and_rounds_go_on_meanwhile() {
    let gate = ThreadGate::default();
    let running = with_short_timeouts(hanging(FailPoint::BeforeHistory, 1, &gate));
    gate.await_arrival();
    running.await_rounds(3);
    running.await_history();
    let (code, lost, recorded) = running.stop_and_read_history();
    assert_eq!((code, recorded), (0, lost));
}

#[test]
fn a_blocked_history_recorder_leaves_no_report_undelivered_and_does_not_keep_the_process_from_ending() {
    let gate = ThreadGate::default();
    let running = with_short_timeouts(blocking(FailPoint::BeforeHistory, 1, &gate));
    gate.await_arrival();
    running.await_rounds(1);
    assert_eq!(running.stop(), 0);
    gate.open();
}
