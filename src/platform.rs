//! Time and randomness: the wall clock, the monotonic clock, sleeping and random numbers, behind one type.
//!
//! Every other part of macaque receives a [`Platform`] instead of reading a clock or drawing a random number by itself.
//! A whole replica can therefore run under virtual time from a seed, with [`Platform::simulated`] inside a tokio
//! runtime whose time is paused. The timers of actix and tokio follow the same paused clock.

mod simulated_clock;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::schedule::timer::ClockReading;
use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Instant;

pub use self::simulated_clock::SimulatedClock;

/// The source of time and randomness. Clones share their random numbers.
#[derive(Clone)]
pub struct Platform {
    clocks: Clocks,
    created: Instant,
    /// Sleeps are shortened by this factor.
    sleep_divisor: u32,
    random: Arc<Mutex<ChaCha12Rng>>,
}

#[derive(Debug, Clone)]
enum Clocks {
    System,
    Simulated(SimulatedClock),
}

impl Platform {
    /// Creates a platform with the machine's clocks and randomness from the operating system.
    pub fn system() -> Self {
        Self {
            clocks: Clocks::System,
            created: Instant::now(),
            sleep_divisor: 1,
            random: Arc::new(Mutex::new(ChaCha12Rng::from_rng(&mut rand::rng()))),
        }
    }

    /// Creates a platform whose wall clock shows `start` now and follows tokio's clock, with randomness from `seed`.
    pub fn simulated(seed: u64, start: Timestamp) -> Self {
        Self::with_clock(seed, SimulatedClock::starting_at(start))
    }

    /// Creates a platform with this wall clock, and randomness from `seed`.
    pub fn with_clock(seed: u64, clock: SimulatedClock) -> Self {
        Self {
            created: clock.monotonic(),
            clocks: Clocks::Simulated(clock),
            sleep_divisor: 1,
            random: Arc::new(Mutex::new(ChaCha12Rng::seed_from_u64(seed))),
        }
    }

    /// Makes sleeps shorter by the factor `times`, for tests in which the length of a pause proves nothing. Clocks and
    /// timeouts are not affected.
    pub fn hurried(self, times: u32) -> Self {
        Self {
            sleep_divisor: times.max(1),
            ..self
        }
    }

    /// Reads the wall clock, which may jump.
    pub fn now(&self) -> Timestamp {
        match &self.clocks {
            Clocks::System => Timestamp::now(),
            Clocks::Simulated(clock) => clock.now(),
        }
    }

    /// Reads the monotonic clock, which never goes back.
    pub fn monotonic(&self) -> Instant {
        match &self.clocks {
            Clocks::System => Instant::now(),
            Clocks::Simulated(clock) => clock.monotonic(),
        }
    }

    /// Reads both clocks. The monotonic one shows the time since this platform was created.
    pub fn reading(&self) -> ClockReading {
        ClockReading {
            wall: self.now(),
            monotonic: self.monotonic() - self.created,
        }
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.sleep_divisor).await;
    }

    /// Waits until `instant`.
    pub async fn sleep_until(&self, instant: Instant) {
        tokio::time::sleep_until(self.by_tokio(instant)).await;
    }

    /// Waits for `work`; returns `None` if it is not done by `deadline`.
    pub async fn until<T>(&self, deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.by_tokio(deadline), work).await.ok()
    }

    /// Waits for `work`; returns `None` if it takes longer than `limit`.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        self.until(self.monotonic() + limit, work).await
    }

    /// Draws a random 32-bit number.
    pub fn random_u32(&self) -> u32 {
        self.random().random()
    }

    /// Draws a random number from 0 up to, but not including, 1.
    pub fn random_fraction(&self) -> f64 {
        self.random().random()
    }

    fn by_tokio(&self, instant: Instant) -> Instant {
        match &self.clocks {
            Clocks::System => instant,
            Clocks::Simulated(clock) => clock.by_tokio(instant),
        }
    }

    fn random(&self) -> MutexGuard<'_, ChaCha12Rng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform")
            .field("clocks", &self.clocks)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_simulated_platform_repeats_time_and_chance() {
        let start = Timestamp::UNIX_EPOCH;
        let one = Platform::simulated(7, start);
        let other = Platform::simulated(7, start);

        one.sleep(Duration::from_secs(3600)).await;

        assert_eq!(one.now(), start + Duration::from_secs(3600));
        assert_eq!(one.now(), other.now());
        assert_eq!(one.random_u32(), other.random_u32());
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_left_at_its_deadline() {
        let platform = Platform::simulated(0, Timestamp::UNIX_EPOCH);
        let never = std::future::pending::<()>();
        assert_eq!(platform.within(Duration::from_secs(9), never).await, None);
        assert_eq!(platform.within(Duration::ZERO, async { 7 }).await, Some(7));
    }
}
