//! What happens to an actor at a fail point.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use macaque::failpoint::{FailAction, FailPoint};

/// A hook at every fail point.
pub(crate) trait FailHook: Fn(FailPoint) -> FailAction + Send + Sync + 'static {}

impl<F: Fn(FailPoint) -> FailAction + Send + Sync + 'static> FailHook for F {}

/// Panics at `point` as often as `times` says.
pub(crate) fn panicking(point: FailPoint, times: usize) -> impl FailHook {
    failing_at(point, times, move || panic!("injected at {point:?}"))
}

/// Awaits for ever at `point`, as often as `times` says, whether the gate is open or not.
pub(crate) fn hanging(point: FailPoint, times: usize, gate: &ThreadGate) -> impl FailHook {
    let gate = gate.clone();
    failing_at(point, times, move || {
        gate.reach();
        FailAction::Hang
    })
}

/// Blocks the thread at `point` until the gate opens, as often as `times` says.
pub(crate) fn blocking(point: FailPoint, times: usize, gate: &ThreadGate) -> impl FailHook {
    let gate = gate.clone();
    failing_at(point, times, move || {
        gate.wait();
        FailAction::Continue
    })
}

fn failing_at(
    point: FailPoint,
    times: usize,
    action: impl Fn() -> FailAction + Send + Sync + 'static,
) -> impl FailHook {
    let left = AtomicUsize::new(times);
    let spend = |left: usize| left.checked_sub(1);
    move |passed| {
        let fails = passed == point
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend)
                .is_ok();
        if fails { action() } else { FailAction::Continue }
    }
}

/// Threads wait here until it opens; it opens at the end of a test at the latest.
#[derive(Clone, Default)]
pub(crate) struct ThreadGate(Arc<GateShared>);

#[derive(Default)]
struct GateShared {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    reached: bool,
    open: bool,
}

impl ThreadGate {
    /// Lets every thread pass, from now on.
    pub(crate) fn open(&self) {
        self.0.state.lock().unwrap().open = true;
        self.0.changed.notify_all();
    }

    /// Waits until a thread reached the gate.
    pub(crate) fn await_arrival(&self) {
        let state = self.0.state.lock().unwrap();
        drop(self.0.changed.wait_while(state, |state| !state.reached).unwrap());
    }

    fn reach(&self) {
        self.0.state.lock().unwrap().reached = true;
        self.0.changed.notify_all();
    }

    fn wait(&self) {
        self.reach();
        let state = self.0.state.lock().unwrap();
        drop(self.0.changed.wait_while(state, |state| !state.open).unwrap());
    }
}
