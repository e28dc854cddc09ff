//! The pulse of one life of an actor, by which the Supervisor sees from outside whether it still works.
//!
//! Two things are to be seen. A *beat* that stays away: its thread is blocked. An *operation* that gave no sign by the
//! time it promised: it awaits what never comes, while everything else goes on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The pulse; clones are of the same life.
#[derive(Debug, Clone)]
pub struct Heartbeat(Arc<Mutex<HeartbeatState>>);

#[derive(Debug)]
struct HeartbeatState {
    beat: Instant,
    operations: BTreeMap<u64, RunningOperation>,
    begun: u64,
}

#[derive(Debug)]
struct RunningOperation {
    what: &'static str,
    /// How long it may give no sign.
    allowance: Duration,
    due: Instant,
}

/// Something that an actor is doing; it ends when it is dropped.
#[derive(Debug)]
pub struct OperationGuard {
    pulse: Heartbeat,
    number: u64,
}

/// What ails an actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unhealthy {
    /// It has not beaten for this long.
    NoHeartbeat(Duration),
    /// This gave no sign within this time.
    Overdue(&'static str, Duration),
}

impl Heartbeat {
    /// A pulse that beats now.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(HeartbeatState {
            beat: Instant::now(),
            operations: BTreeMap::new(),
            begun: 0,
        })))
    }

    /// It lives.
    pub fn beat(&self) {
        self.signs().beat = Instant::now();
    }

    /// Something begins that gives a sign within `allowance` each time, or ends.
    pub fn begin(&self, what: &'static str, allowance: Duration) -> OperationGuard {
        let mut signs = self.signs();
        signs.begun += 1;
        let number = signs.begun;
        let due = Instant::now() + allowance;
        signs
            .operations
            .insert(number, RunningOperation { what, allowance, due });
        drop(signs);
        OperationGuard {
            pulse: self.clone(),
            number,
        }
    }

    /// Whatever is being done goes on.
    pub fn sign(&self) {
        let now = Instant::now();
        for running in self.signs().operations.values_mut() {
            running.due = now + running.allowance;
        }
    }

    /// What ails it at `now`, if it may be deaf for so long. Whoever looks was awake only since `awake`: what passed
    /// before is not held against anybody.
    pub fn ailment(&self, now: Instant, awake: Instant, deaf_after: Duration) -> Option<Unhealthy> {
        let signs = self.signs();
        let silence = now.saturating_duration_since(signs.beat.max(awake));
        if silence > deaf_after {
            return Some(Unhealthy::NoHeartbeat(silence));
        }
        let overdue = |running: &&RunningOperation| {
            now > running.due && now.saturating_duration_since(awake) > deaf_after
        };
        let running = signs.operations.values().find(overdue)?;
        Some(Unhealthy::Overdue(running.what, running.allowance))
    }

    fn signs(&self) -> MutexGuard<'_, HeartbeatState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OperationGuard {
    /// A sign: the next one comes within `allowance`.
    pub fn expect(&self, allowance: Duration) {
        if let Some(running) = self.pulse.signs().operations.get_mut(&self.number) {
            running.allowance = allowance;
            running.due = Instant::now() + allowance;
        }
    }
}

impl Drop for OperationGuard {
    fn drop(&mut self) {
        self.pulse.signs().operations.remove(&self.number);
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeartbeat(silence) => {
                write!(f, "no sign of life for {silence:.1?}: its thread is blocked")
            }
            Self::Overdue(what, allowance) => {
                write!(
                    f,
                    "its {what} gave no sign within {allowance:.1?}: it waits for what never comes"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAF_AFTER: Duration = Duration::from_secs(15);

    fn ailment_in(pulse: &Heartbeat, born: Instant, seconds: u64) -> Option<Unhealthy> {
        pulse.ailment(born + Duration::from_secs(seconds), born, DEAF_AFTER)
    }

    #[test]
    fn a_beat_that_stays_away_is_an_ailment() {
        let (born, pulse) = (Instant::now(), Heartbeat::new());
        assert_eq!(ailment_in(&pulse, born, 14), None);
        assert!(matches!(
            ailment_in(&pulse, born, 16),
            Some(Unhealthy::NoHeartbeat(_))
        ));
    }

    #[test]
    fn an_operation_without_a_sign_is_an_ailment_while_it_lasts() {
        let (pulse, deaf_after) = (Heartbeat::new(), Duration::ZERO);
        let operation = pulse.begin("round", Duration::ZERO);
        let later = Instant::now() + Duration::from_millis(1);
        let awake = later - Duration::from_nanos(1);
        pulse.beat();
        let ailment = || pulse.ailment(later, awake, deaf_after + Duration::from_secs(0));
        assert!(ailment().is_some());
        operation.expect(Duration::from_secs(60));
        assert!(!matches!(ailment(), Some(Unhealthy::Overdue(..))));
        drop(operation);
        assert!(!matches!(ailment(), Some(Unhealthy::Overdue(..))));
    }

    #[test]
    fn what_passed_while_nobody_could_look_is_no_ailment() {
        let (born, pulse) = (Instant::now(), Heartbeat::new());
        let _operation = pulse.begin("round", Duration::from_secs(1));
        let woken = born + Duration::from_secs(3600);
        assert_eq!(
            pulse.ailment(woken + Duration::from_secs(1), woken, DEAF_AFTER),
            None
        );
    }
}
