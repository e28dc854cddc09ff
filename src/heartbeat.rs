//! The heartbeat of one incarnation of an actor, which shows the Supervisor whether the actor still works.
//!
//! A heartbeat shows two faults. If no *beat* arrives, the actor's thread is blocked. If an *operation* makes no
//! progress within its allowance, the actor waits for something that never happens, although its thread still runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Platform;

/// The heartbeat of an actor. Clones share its state.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    platform: Platform,
    state: Arc<Mutex<HeartbeatState>>,
}

#[derive(Debug)]
struct HeartbeatState {
    last_beat: Instant,
    operations: BTreeMap<u64, RunningOperation>,
    /// How many operations were ever begun; the number of the latest one.
    begun: u64,
}

#[derive(Debug)]
struct RunningOperation {
    name: &'static str,
    /// How long the operation may go without progress.
    allowance: Duration,
    due: Instant,
}

/// A running operation, which ends when the guard is dropped.
#[derive(Debug)]
pub struct OperationGuard {
    heartbeat: Heartbeat,
    number: u64,
}

/// The reason why an actor counts as hung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unhealthy {
    /// The actor has not beaten for this long.
    NoHeartbeat(Duration),
    /// The operation of this name made no progress within this time.
    Overdue(&'static str, Duration),
}

impl Heartbeat {
    /// Creates a heartbeat whose first beat is now.
    pub fn new(platform: &Platform) -> Self {
        let state = HeartbeatState {
            last_beat: platform.monotonic(),
            operations: BTreeMap::new(),
            begun: 0,
        };
        Self {
            platform: platform.clone(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Records a beat, which shows that the actor's thread is not blocked.
    pub fn beat(&self) {
        self.state().last_beat = self.platform.monotonic();
    }

    /// Begins an operation that must report progress, or end, within each `allowance`.
    pub fn begin(&self, name: &'static str, allowance: Duration) -> OperationGuard {
        let due = self.platform.monotonic() + allowance;
        let mut state = self.state();
        state.begun += 1;
        let number = state.begun;
        state
            .operations
            .insert(number, RunningOperation { name, allowance, due });
        drop(state);

        OperationGuard {
            heartbeat: self.clone(),
            number,
        }
    }

    /// Reports progress of every running operation, which renews their allowances.
    pub fn progress(&self) {
        let now = self.platform.monotonic();
        for operation in self.state().operations.values_mut() {
            operation.due = now + operation.allowance;
        }
    }

    /// The reason why the actor counts as hung at `now`, if it does. The time before `awake_since` does not count,
    /// because the process may have been suspended.
    pub fn unhealthy(&self, now: Instant, awake_since: Instant, hang_timeout: Duration) -> Option<Unhealthy> {
        let state = self.state();
        let silence = now.saturating_duration_since(state.last_beat.max(awake_since));
        if silence > hang_timeout {
            return Some(Unhealthy::NoHeartbeat(silence));
        }

        let observed = now.saturating_duration_since(awake_since);
        let is_overdue = |operation: &&RunningOperation| now > operation.due && observed > hang_timeout;
        let operation = state.operations.values().find(is_overdue)?;
        Some(Unhealthy::Overdue(operation.name, operation.allowance))
    }

    fn state(&self) -> MutexGuard<'_, HeartbeatState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OperationGuard {
    /// Reports progress of this operation, and sets the allowance for its next step.
    pub fn expect(&self, allowance: Duration) {
        let due = self.heartbeat.platform.monotonic() + allowance;
        if let Some(operation) = self.heartbeat.state().operations.get_mut(&self.number) {
            operation.allowance = allowance;
            operation.due = due;
        }
    }
}

impl Drop for OperationGuard {
    fn drop(&mut self) {
        self.heartbeat.state().operations.remove(&self.number);
    }
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeartbeat(silence) => {
                write!(
                    f,
                    "no heartbeat for {:.0} s: its thread is blocked",
                    silence.as_secs_f64()
                )
            }
            Self::Overdue(name, allowance) => {
                write!(
                    f,
                    "{name} made no progress for {:.0} s: it is stuck",
                    allowance.as_secs_f64()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANG_TIMEOUT: Duration = Duration::from_secs(15);

    fn heartbeat() -> (Instant, Heartbeat) {
        let platform = Platform::system();
        (platform.monotonic(), Heartbeat::new(&platform))
    }

    #[test]
    fn a_missing_beat_is_unhealthy() {
        let (start, heartbeat) = heartbeat();
        let unhealthy = |seconds| {
            let now = start + Duration::from_secs(seconds);
            heartbeat.unhealthy(now, start, HANG_TIMEOUT)
        };
        assert_eq!(unhealthy(14), None);
        assert!(matches!(unhealthy(16), Some(Unhealthy::NoHeartbeat(_))));
    }

    #[test]
    fn an_operation_without_progress_is_unhealthy_while_it_lasts() {
        let (_, heartbeat) = heartbeat();
        let operation = heartbeat.begin("round", Duration::ZERO);
        let later = heartbeat.platform.monotonic() + Duration::from_millis(1);
        let awake = later - Duration::from_nanos(1);
        heartbeat.beat();

        let unhealthy = || heartbeat.unhealthy(later, awake, Duration::ZERO);
        assert!(unhealthy().is_some());
        operation.expect(Duration::from_secs(60));
        assert!(!matches!(unhealthy(), Some(Unhealthy::Overdue(..))));
        drop(operation);
        assert!(!matches!(unhealthy(), Some(Unhealthy::Overdue(..))));
    }

    #[test]
    fn what_passed_while_nobody_could_look_does_not_count() {
        let (start, heartbeat) = heartbeat();
        let _operation = heartbeat.begin("round", Duration::from_secs(1));
        let woken = start + Duration::from_secs(3600);
        let now = woken + Duration::from_secs(1);
        assert_eq!(heartbeat.unhealthy(now, woken, HANG_TIMEOUT), None);
    }
}
