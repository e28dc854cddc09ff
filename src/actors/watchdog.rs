//! The watchdog: a plain thread that checks the Supervisor, so that a process whose Supervisor hangs ends, and Kubernetes
//! restarts it.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::supervisor::{GAVE_UP, heartbeat_interval};
use crate::health::HealthState;
use crate::platform::Platform;

/// Waits for the exit code of the actors, as long as the Supervisor's heartbeat goes on.
pub(super) fn watch(
    end: &Receiver<i32>,
    health: &HealthState,
    hang_timeout: Duration,
    platform: &Platform,
) -> i32 {
    let interval = heartbeat_interval(hang_timeout);
    // The Supervisor is about to start; what passed before is not its silence.
    health.beat();
    let mut awake = platform.monotonic();
    loop {
        let before = platform.monotonic();
        match end.recv_timeout(interval) {
            Ok(code) => return code,
            Err(RecvTimeoutError::Disconnected) => {
                log::error!("the Supervisor's thread ended: giving up");
                return GAVE_UP;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }

        if before.elapsed() > interval + hang_timeout / 2 {
            // The process was suspended: the Supervisor could not beat either.
            awake = platform.monotonic();
        }
        let silence = health.silence().min(awake.elapsed());
        if silence > hang_timeout {
            let seconds = silence.as_secs_f64();
            log::error!("no heartbeat from the Supervisor for {seconds:.0} s: giving up");
            return GAVE_UP;
        }
    }
}
