//! Promises about recoveries: whatever fails, a recovery is followed to its end, and the end is told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use macaque::failpoint::{FailAction, FailPoint};
use macaque_core::recovery::RecoveryVerdict;

use crate::fail_hooks::{ThreadGate, blocking, hanging, panicking};
use crate::running_actors::RunningActors;
use crate::waiting::{await_that, side_by_side};

const WATCHER: [FailPoint; 3] = [
    FailPoint::BeforeFollow,
    FailPoint::BeforeRecovered,
    FailPoint::AfterRecovered,
];

/// Waits until the recovery is told, and stops: it ended as `expected`, and was told once.
fn ends_once(running: RunningActors, expected: &[RecoveryVerdict], case: &str) {
    let verdict = running.await_recovery().verdict;
    assert!(
        verdict.is_some_and(|verdict| expected.contains(&verdict)),
        "{case}: {verdict:?}"
    );
    assert_eq!(running.stop_and_count_recoveries(), (0, 0), "{case}");
}

/// A Watcher that starts anew after the end was seen did not see it itself.
fn verdicts(point: FailPoint) -> &'static [RecoveryVerdict] {
    match point {
        FailPoint::BeforeFollow => &[RecoveryVerdict::Recovered],
        _ => &[RecoveryVerdict::Recovered, RecoveryVerdict::Unwatched],
    }
}

#[test]
fn a_panic_of_the_watcher_is_followed_by_a_restart_and_the_end_of_the_recovery_is_reported_once() {
    side_by_side(&WATCHER, |point| {
        let running = RunningActors::recovering(panicking(point, 1));
        ends_once(running, verdicts(point), &format!("{point:?}"));
    });
}

#[test]
fn a_watcher_that_is_stuck_is_replaced_and_the_end_of_the_recovery_is_reported_once() {
    let cases = WATCHER.map(|point| [(point, true), (point, false)]);
    side_by_side(cases.as_flattened(), |(point, is_blocked)| {
        let gate = ThreadGate::default();
        let running = if is_blocked {
            RunningActors::recovering_with_short_timeouts(blocking(point, 1, &gate))
        } else {
            RunningActors::recovering_with_short_timeouts(hanging(point, 1, &gate))
        };
        ends_once(
            running,
            verdicts(point),
            &format!("{point:?}, blocked: {is_blocked}"),
        );
        gate.open();
    });
}

#[test]
fn a_killer_that_dies_after_the_disruption_leaves_a_recovery_that_is_followed_to_its_end() {
    let points = [
        FailPoint::AfterDisrupt,
        FailPoint::BeforeResolve,
        FailPoint::AfterResolve,
        FailPoint::BeforeReport,
    ];
    side_by_side(&points, |point| {
        let running = RunningActors::recovering(panicking(point, 1));
        ends_once(running, &[RecoveryVerdict::Recovered], &format!("{point:?}"));
    });
}

#[test]
fn another_process_follows_the_recovery_to_its_end() {
    let gate = ThreadGate::default();
    let running = RunningActors::recovering(blocking(FailPoint::BeforeFollow, 1, &gate));
    gate.await_arrival();
    running.await_rounds(1);
    gate.open();
    let restarted = running.restart_recovering();
    ends_once(restarted, &[RecoveryVerdict::Recovered], "restarted");
}

#[test]
fn a_watcher_with_nothing_to_watch_sends_no_request() {
    let rounds = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&rounds);
    let running = RunningActors::idle_with_recovery(move |point| {
        if point == FailPoint::BeforeRound {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        FailAction::Continue
    });
    await_that("ten rounds", || rounds.load(Ordering::SeqCst) >= 10);
    assert_eq!(running.requests(), 0);
    assert_eq!(running.stop(), 0);
}
