//! What is done to an actor at a point of its way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use macaque::failpoint::{FailAction, FailPoint};

/// Panics at `point` as often as `times` says.
pub(crate) fn panicking(
    point: FailPoint,
    times: usize,
) -> impl Fn(FailPoint) -> FailAction + Send + Sync + 'static {
    befalling(point, times, move || panic!("injected at {point:?}"))
}

/// Awaits at `point` what never comes, as often as `times` says, whether the gate is open or not.
pub(crate) fn hanging(
    point: FailPoint,
    times: usize,
    gate: &Gate,
) -> impl Fn(FailPoint) -> FailAction + Send + Sync + 'static {
    let gate = gate.clone();
    befalling(point, times, move || {
        gate.reach();
        FailAction::Hang
    })
}

/// Blocks the thread at `point` until the gate opens, as often as `times` says.
pub(crate) fn blocking(
    point: FailPoint,
    times: usize,
    gate: &Gate,
) -> impl Fn(FailPoint) -> FailAction + Send + Sync + 'static {
    let gate = gate.clone();
    befalling(point, times, move || {
        gate.wait();
        FailAction::Continue
    })
}

fn befalling(
    point: FailPoint,
    times: usize,
    harm: impl Fn() -> FailAction + Send + Sync + 'static,
) -> impl Fn(FailPoint) -> FailAction + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    let spend = |left: usize| left.checked_sub(1);
    move |passed| {
        let falls = passed == point
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend)
                .is_ok();
        if falls { harm() } else { FailAction::Continue }
    }
}

/// Threads wait here until it opens; it opens at the end of a test at the latest.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Door>, Condvar)>);

#[derive(Default)]
struct Door {
    reached: bool,
    open: bool,
}

impl Gate {
    /// Lets everybody pass, from now on.
    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().open = true;
        self.0.1.notify_all();
    }

    /// Waits until somebody waits to pass.
    pub(crate) fn await_somebody(&self) {
        let door = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(door, |door| !door.reached).unwrap());
    }

    fn reach(&self) {
        self.0.0.lock().unwrap().reached = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        self.reach();
        let door = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(door, |door| !door.open).unwrap());
    }
}
