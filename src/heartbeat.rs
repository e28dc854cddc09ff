//! The heartbeat of one incarnation of an actor, by which the Supervisor sees from outside whether it still works.
//!
//! Two things are watched. A *beat* that is missing: the actor's thread is blocked. An *operation* that made no progress
//! within the time it promised: the actor waits for ever, while everything else on its thread goes on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Platform;

/// The heartbeat; clones belong to the same incarnation.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    platform: Platform,
    state: Arc<Mutex<HeartbeatState>>,
}

#[derive(Debug)]
struct HeartbeatState {
    last_beat: Instant,
    operations: BTreeMap<u64, RunningOperation>,
    begun: u64,
}

#[derive(Debug)]
struct RunningOperation {
    name: &'static str,
    /// How long it may make no progress.
    allowance: Duration,
    due: Instant,
}

/// An operation under way; it ends when the guard is dropped.
#[derive(Debug)]
pub struct OperationGuard {
    heartbeat: Heartbeat,
    number: u64,
}

/// The reason why an actor counts as hung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unhealthy {
    /// No beat for this long.
    NoHeartbeat(Duration),
    /// This operation made no progress within this time.
    Overdue(&'static str, Duration),
}

impl Heartbeat {
    /// A heartbeat that beats now.
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

    /// Beats: the actor's thread is not blocked.
    pub fn beat(&self) {
        self.state().last_beat = self.platform.monotonic();
    }

    /// Begins an operation that makes progress within `allowance` each time, or ends.
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

    /// Reports progress: every operation has its whole allowance again.
    pub fn progress(&self) {
        let now = self.platform.monotonic();
        for operation in self.state().operations.values_mut() {
            operation.due = now + operation.allowance;
        }
    }

    /// The reason for which the actor counts as hung at `now`, if it does. The observer is awake only since `awake`, and
    /// an actor is not blamed for what the observer could not see before.
    pub fn unhealthy(&self, now: Instant, awake: Instant, hang_timeout: Duration) -> Option<Unhealthy> {
        let state = self.state();
        let silence = now.saturating_duration_since(state.last_beat.max(awake));
        if silence > hang_timeout {
            return Some(Unhealthy::NoHeartbeat(silence));
        }

        let observed = now.saturating_duration_since(awake);
        let is_overdue = |operation: &&RunningOperation| now > operation.due && observed > hang_timeout;
        let operation = state.operations.values().find(is_overdue)?;
        Some(Unhealthy::Overdue(operation.name, operation.allowance))
    }

    fn state(&self) -> MutexGuard<'_, HeartbeatState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OperationGuard {
    /// Reports progress: the next comes within `allowance`.
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
