//! Decides which slot is due, from readings of the wall clock and of a monotonic clock.
//!
//! No slot is due right after a start or a jump of the wall clock, and no burst of slots after a downtime: first both
//! clocks must agree for a while, then only the latest slot counts, and only within its starting deadline.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The durations by which a [`SlotTimer`] decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerConfig {
    /// How long after its slot a round may start; a slot that is seen later is missed.
    pub deadline: Duration,
    /// How long no slot is due after the start, and after a jump of the wall clock.
    pub settle: Duration,
    /// How far the two clocks may drift apart between two readings before that counts as a jump.
    pub max_drift: Duration,
}

impl Default for TimerConfig {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            settle: Duration::from_secs(30),
            max_drift: Duration::from_secs(2),
        }
    }
}

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which may be set.
    pub wall: Timestamp,
    /// The monotonic clock: the time since some fixed moment.
    pub monotonic: Duration,
}

/// The result of one reading of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerTick {
    /// The slot that is due now.
    pub due: Option<Timestamp>,
    /// The slots that passed without a round: how many, and the last of them.
    pub missed: Option<(usize, Timestamp)>,
    /// How far the wall clock jumped, if it did.
    pub jump: Option<SignedDuration>,
    /// The next slot; `None` if there is none.
    pub next: Option<Timestamp>,
    /// How long to wait until the next reading at the latest; `None` if there is nothing to wait for.
    pub again: Option<Duration>,
}

/// The maximum number of slots that are visited one by one; beyond it, missed slots are not all counted.
const MAX_COUNTED: usize = 1000;

/// The timer that decides which slot is due.
#[derive(Debug, Clone)]
pub struct SlotTimer {
    config: TimerConfig,
    /// Slots up to this instant have passed.
    passed_until: Timestamp,
    /// The monotonic time from which slots can be due.
    settled_at: Duration,
    last_reading: ClockReading,
}

impl SlotTimer {
    /// A timer that starts at `now`. Once it has settled, a slot before `now` may still be due within its deadline; the
    /// caller must know whether its round was run already.
    pub fn new(now: ClockReading, config: TimerConfig) -> Self {
        Self {
            config,
            passed_until: before(now.wall, config.deadline),
            settled_at: now.monotonic + config.settle,
            last_reading: now,
        }
    }

    /// Takes a reading of the clocks. `next_after` is the schedule: it gives the first slot strictly after an instant.
    pub fn tick(
        &mut self,
        now: ClockReading,
        next_after: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> TimerTick {
        let jump = self.jump(now);
        if jump.is_some() {
            self.settled_at = now.monotonic + self.config.settle;
            // After the clock was set back, slots come due a second time; the journal knows that they were claimed.
            self.passed_until = self.passed_until.min(now.wall);
        }

        let mut tick = TimerTick {
            due: None,
            missed: None,
            jump,
            next: next_after(self.passed_until),
            again: None,
        };

        let unsettled = self.settled_at.saturating_sub(now.monotonic);
        if !unsettled.is_zero() {
            tick.again = tick.next.map(|_| unsettled);
            return tick;
        }

        self.pass_slots(now, &mut tick, next_after);
        tick.again = tick.next.map(|slot| between(now.wall, slot));
        tick
    }

    /// Passes the slots up to `now`: the last one is due if it is not too late, the others were missed.
    fn pass_slots(
        &mut self,
        now: ClockReading,
        tick: &mut TimerTick,
        next_after: impl Fn(Timestamp) -> Option<Timestamp>,
    ) {
        let mut passed = 0;
        let mut last = None;
        let mut second_to_last = None;
        while let Some(slot) = tick.next.filter(|slot| *slot <= now.wall) {
            passed += 1;
            second_to_last = last;
            last = Some(slot);

            // After a long downtime, skip ahead instead of visiting every slot.
            let from = if passed < MAX_COUNTED {
                slot
            } else {
                slot.max(before(now.wall, self.config.deadline))
            };
            self.passed_until = from;
            tick.next = next_after(from);
        }

        let Some(last) = last else {
            return;
        };
        self.passed_until = last;
        if between(last, now.wall) <= self.config.deadline {
            tick.due = Some(last);
            tick.missed = second_to_last.map(|missed| (passed - 1, missed));
        } else {
            tick.missed = Some((passed, last));
        }
    }

    /// How far the wall clock has moved away from the monotonic clock since the last reading, if that is far.
    fn jump(&mut self, now: ClockReading) -> Option<SignedDuration> {
        let wall = now.wall.duration_since(self.last_reading.wall);
        let monotonic = now.monotonic.saturating_sub(self.last_reading.monotonic);
        let monotonic = SignedDuration::try_from(monotonic).unwrap_or(SignedDuration::MAX);
        self.last_reading = now;

        let drift = wall - monotonic;
        (drift.unsigned_abs() > self.config.max_drift).then_some(drift)
    }
}

/// The time from `start` to `end`; zero if `end` is not later.
fn between(start: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(start)).unwrap_or_default()
}

fn before(instant: Timestamp, duration: Duration) -> Timestamp {
    instant.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000;

    fn reading(seconds: u64) -> ClockReading {
        let wall = START + i64::try_from(seconds).unwrap();
        ClockReading {
            wall: Timestamp::from_second(wall).unwrap(),
            monotonic: Duration::from_secs(seconds),
        }
    }

    /// Ticks at `first`, and once more at `then`, with a slot every ten seconds.
    fn second_tick(first: u64, then: u64) -> TimerTick {
        let config = TimerConfig {
            deadline: Duration::from_secs(5),
            settle: Duration::ZERO,
            ..TimerConfig::default()
        };
        let next_after = |after: Timestamp| {
            let next = (after.as_second().div_euclid(10) + 1) * 10;
            Timestamp::from_second(next).ok()
        };
        let mut timer = SlotTimer::new(reading(first), config);
        timer.tick(reading(first), next_after);
        timer.tick(reading(then), next_after)
    }

    #[test]
    fn a_slot_that_is_due_is_not_counted_among_the_missed() {
        let tick = second_tick(1, 31);
        assert_eq!(tick.due, Some(reading(30).wall));
        assert_eq!(tick.missed, Some((2, reading(20).wall)));
    }

    #[test]
    fn a_slot_past_its_deadline_is_counted_among_the_missed() {
        let tick = second_tick(1, 38);
        assert_eq!(tick.due, None);
        assert_eq!(tick.missed, Some((3, reading(30).wall)));
    }
}
