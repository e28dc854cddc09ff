//! The watchdog: watches the Supervisor from a plain thread, so that the process ends if the Supervisor hangs and
//! Kubernetes restarts it.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::supervisor::{GAVE_UP, heartbeat_interval};
use crate::health::HealthState;
use crate::platform::Platform;

/// Waits for the exit code of the actors; gives up if the Supervisor's heartbeat stops.
pub(super) fn watch(
    exit_code: &Receiver<i32>,
    health: &HealthState,
    hang_timeout: Duration,
    platform: &Platform,
) -> i32 {
    let interval = heartbeat_interval(hang_timeout);
    // The Supervisor is about to start: the time before that does not count as silence.
    health.beat();
    let mut awake_since = platform.monotonic();

    loop {
        let waiting_since = platform.monotonic();
        match exit_code.recv_timeout(interval) {
            Ok(code) => return code,
            Err(RecvTimeoutError::Disconnected) => {
                log::error!("the Supervisor's thread ended: giving up");
                return GAVE_UP;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }

        let now = platform.monotonic();
        if now.duration_since(waiting_since) > interval + hang_timeout / 2 {
            // The process was suspended, so the Supervisor could not beat.
            awake_since = now;
        }
        let silence = health.silence().min(now.duration_since(awake_since));
        if silence > hang_timeout {
            let seconds = silence.as_secs_f64();
            log::error!("no heartbeat from the Supervisor for {seconds:.0} s: giving up");
            return GAVE_UP;
        }
    }
}
