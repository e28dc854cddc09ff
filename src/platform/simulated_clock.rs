//! A wall clock that a simulation sets, and that may run too fast or too slow; and a monotonic clock that stands while the
//! machine sleeps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The parts in a million.
const MILLION: i128 = 1_000_000;

/// The clocks of a machine, which follow tokio's clock. Clones are the same.
#[derive(Debug, Clone)]
pub struct SimulatedClock(Arc<Mutex<ClockState>>);

/// What the clocks showed at an instant, and how they have run since.
#[derive(Debug, Clone, Copy)]
struct ClockState {
    shown: Timestamp,
    since: Instant,
    /// How many microseconds the wall clock gains in a second.
    drift: i32,
    /// For how long the monotonic clock stood.
    stood: Duration,
}

impl SimulatedClock {
    /// Clocks that run rightly, of which the wall clock shows `start` now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(ClockState {
            shown: start,
            since: Instant::now(),
            drift: 0,
            stood: Duration::ZERO,
        })))
    }

    /// The time that the wall clock shows.
    pub fn now(&self) -> Timestamp {
        self.state().now()
    }

    /// Sets the wall clock forward or, if `by` is negative, back.
    pub fn jump(&self, by: SignedDuration) {
        self.restart(|state| state.shown = state.shown.saturating_add(by).unwrap_or(state.shown));
    }

    /// Makes the wall clock gain so many microseconds a second from now on, or lose them.
    pub fn drift(&self, parts_per_million: i32) {
        self.restart(|state| state.drift = parts_per_million);
    }

    /// Makes the monotonic clock show that it stood for so long, as one does while a machine sleeps (`CLOCK_MONOTONIC` in
    /// clock_gettime(2)).
    pub fn stand(&self, length: Duration) {
        self.state().stood += length;
    }

    /// What the monotonic clock shows.
    pub fn monotonic(&self) -> Instant {
        let now = Instant::now();
        now.checked_sub(self.state().stood).unwrap_or(now)
    }

    /// When tokio's clock will show what the monotonic clock shows at `instant`, unless that stands once more.
    pub(super) fn by_tokio(&self, instant: Instant) -> Instant {
        instant + self.state().stood
    }

    fn restart(&self, change: impl FnOnce(&mut ClockState)) {
        let mut state = self.state();
        state.shown = state.now();
        state.since = Instant::now();
        change(&mut state);
    }

    fn state(&self) -> MutexGuard<'_, ClockState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClockState {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::MAX);
        let gained = elapsed.as_nanos() * i128::from(self.drift) / MILLION;
        let shown = SignedDuration::from_nanos_i128(elapsed.as_nanos().saturating_add(gained));
        self.shown.saturating_add(shown).unwrap_or(self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_can_be_set_and_drifts_from_then_on() {
        let clock = SimulatedClock::starting_at(Timestamp::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(100)).await;
        clock.jump(SignedDuration::from_secs(-40));
        assert_eq!(clock.now(), Timestamp::from_second(60).unwrap());

        clock.drift(100_000);
        tokio::time::advance(Duration::from_secs(100)).await;
        assert_eq!(clock.now(), Timestamp::from_second(170).unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn the_monotonic_clock_stands_while_the_machine_sleeps_and_the_wall_clock_does_not() {
        let clock = SimulatedClock::starting_at(Timestamp::UNIX_EPOCH);
        let begun = clock.monotonic();
        tokio::time::advance(Duration::from_secs(100)).await;
        clock.stand(Duration::from_secs(70));

        assert_eq!(clock.monotonic() - begun, Duration::from_secs(30));
        assert_eq!(clock.now(), Timestamp::from_second(100).unwrap());
        assert_eq!(clock.by_tokio(clock.monotonic()), Instant::now());
    }
}
