//! The watchdog: a plain thread that looks after the Supervisor, so that a process which nobody supervises any more
//! ends, and Kubernetes starts it afresh.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use super::supervisor::{GAVE_UP, RestartPolicy};
use crate::health::HealthState;

/// Waits for the exit code of the actors, as long as the Supervisor shows that it lives.
pub(super) fn watch(end: &Receiver<i32>, vitals: &HealthState, limits: &RestartPolicy) -> i32 {
    let pause = limits.heartbeat();
    // The Supervisor is about to start; what passed before is not its silence.
    vitals.beat();
    let mut awake = Instant::now();
    loop {
        let before = Instant::now();
        match end.recv_timeout(pause) {
            Ok(code) => return code,
            Err(RecvTimeoutError::Disconnected) => {
                log::error!("the Supervisor's thread ended: giving up");
                return GAVE_UP;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if before.elapsed() > pause + limits.deaf_after / 2 {
            // The process was suspended: the Supervisor could give no sign either.
            awake = Instant::now();
        }
        let silence = vitals.silence().min(awake.elapsed());
        if silence > limits.deaf_after {
            log::error!("no sign of life from the Supervisor for {silence:.1?}: giving up");
            return GAVE_UP;
        }
    }
}
