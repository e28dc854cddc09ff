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
use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Instant;

pub use self::simulated_clock::SimulatedClock;

/// The source of time and randomness. Clones share their random numbers.
#[derive(Clone)]
pub struct Platform {
    wall_clock: WallClock,
    /// Sleeps are shortened by this factor.
    sleep_divisor: u32,
    random: Arc<Mutex<ChaCha12Rng>>,
}

#[derive(Debug, Clone)]
enum WallClock {
    System,
    Simulated(SimulatedClock),
}

impl Platform {
    /// Creates a platform with the machine's clocks and randomness from the operating system.
    pub fn system() -> Self {
        Self {
            wall_clock: WallClock::System,
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
            wall_clock: WallClock::Simulated(clock),
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
        match &self.wall_clock {
            WallClock::System => Timestamp::now(),
            WallClock::Simulated(clock) => clock.now(),
        }
    }

    /// Reads the monotonic clock, which never goes back.
    pub fn monotonic(&self) -> Instant {
        Instant::now()
    }

    /// The instant of the monotonic clock at which the wall clock showed `time`, as far as neither was set meanwhile; now if
    /// that is yet to come.
    pub fn instant_of(&self, time: Timestamp) -> Instant {
        let age = Duration::try_from(self.now().duration_since(time)).unwrap_or_default();
        let now = self.monotonic();
        now.checked_sub(age).unwrap_or(now)
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.sleep_divisor).await;
    }

    /// Waits until `instant`.
    pub async fn sleep_until(&self, instant: Instant) {
        tokio::time::sleep_until(instant).await;
    }

    /// Waits for `work`; returns `None` if it is not done by `deadline`.
    pub async fn until<T>(&self, deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(deadline, work).await.ok()
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

    fn random(&self) -> MutexGuard<'_, ChaCha12Rng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform")
            .field("wall_clock", &self.wall_clock)
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
    async fn a_time_of_the_wall_clock_is_an_instant_that_is_never_in_the_future() {
        let start = Timestamp::UNIX_EPOCH;
        let platform = Platform::simulated(0, start);
        let first = platform.monotonic();
        platform.sleep(Duration::from_secs(60)).await;

        assert_eq!(platform.instant_of(start), first);
        assert_eq!(
            platform.instant_of(start + Duration::from_secs(3600)),
            platform.monotonic()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_left_at_its_deadline() {
        let platform = Platform::simulated(0, Timestamp::UNIX_EPOCH);
        let never = std::future::pending::<()>();
        assert_eq!(platform.within(Duration::from_secs(9), never).await, None);
        assert_eq!(platform.within(Duration::ZERO, async { 7 }).await, Some(7));
    }
}
