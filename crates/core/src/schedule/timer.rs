//! Decides which slot is due, from the readings of two clocks: the wall clock, and a steady one that is never set.
//!
//! Nothing is due at a start, nor in a burst after a downtime, a suspension or a leap of the wall clock: first both
//! clocks must agree for a while, then the latest slot alone counts, and only within its starting deadline.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The durations by which a [`SlotTimer`] decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerConfig {
    /// A slot that is seen later than this is missed.
    pub deadline: Duration,
    /// How long nothing is due after the start, and after the wall clock leapt.
    pub settle: Duration,
    /// How far the clocks may drift apart between two readings before that is a leap.
    pub leap: Duration,
}

impl Default for TimerConfig {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            settle: Duration::from_secs(30),
            leap: Duration::from_secs(2),
        }
    }
}

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which may be set.
    pub wall: Timestamp,
    /// The time since some fixed moment, which only runs on.
    pub steady: Duration,
}

/// What follows from one reading of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerTick {
    /// The slot that is due now.
    pub due: Option<Timestamp>,
    /// The slots that passed without a round: how many, and the last of them.
    pub missed: Option<(usize, Timestamp)>,
    /// How far the wall clock leapt, if it did.
    pub leapt: Option<SignedDuration>,
    /// The next slot; `None` if there is none.
    pub next: Option<Timestamp>,
    /// How long to wait until the next reading at the latest; `None` if there is nothing to wait for.
    pub again: Option<Duration>,
}

/// The most missed slots that are counted.
const MOST_COUNTED: usize = 1000;

/// The timer of the slots.
#[derive(Debug, Clone)]
pub struct SlotTimer {
    config: TimerConfig,
    /// Slots up to here are past.
    past: Timestamp,
    /// Until when nothing is due, by the steady clock.
    settled: Duration,
    last_reading: ClockReading,
}

impl SlotTimer {
    /// A timer that starts at `now`. Slots up to the deadline before may still be due once it has settled; whether
    /// their rounds ran already is for the caller to know.
    pub fn new(now: ClockReading, config: TimerConfig) -> Self {
        Self {
            config,
            past: before(now.wall, config.deadline),
            settled: now.steady + config.settle,
            last_reading: now,
        }
    }

    /// Takes a reading of the clocks; `next_after` is the schedule, and gives the first slot strictly after an instant.
    pub fn tick(
        &mut self,
        now: ClockReading,
        next_after: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> TimerTick {
        let leapt = self.leap(now);
        if leapt.is_some() {
            self.settled = now.steady + self.config.settle;
            // Where the clock was set back, slots that were due come again: the journal knows them.
            self.past = self.past.min(now.wall);
        }

        let mut tick = TimerTick {
            due: None,
            missed: None,
            leapt,
            next: next_after(self.past),
            again: None,
        };

        let unsettled = self.settled.saturating_sub(now.steady);
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
        let mut last_but_one = None;
        while let Some(slot) = tick.next.filter(|slot| *slot <= now.wall) {
            passed += 1;
            last_but_one = last;
            last = Some(slot);

            // A long sleep is skipped over, not walked through.
            let from = if passed < MOST_COUNTED {
                slot
            } else {
                slot.max(before(now.wall, self.config.deadline))
            };
            self.past = from;
            tick.next = next_after(from);
        }

        let Some(last) = last else {
            return;
        };
        self.past = last;
        if between(last, now.wall) <= self.config.deadline {
            tick.due = Some(last);
            tick.missed = last_but_one.map(|missed| (passed - 1, missed));
        } else {
            tick.missed = Some((passed, last));
        }
    }

    /// How far the wall clock moved beyond the steady one since the last reading, if it was far.
    fn leap(&mut self, now: ClockReading) -> Option<SignedDuration> {
        let wall = now.wall.duration_since(self.last_reading.wall);
        let steady = now.steady.saturating_sub(self.last_reading.steady);
        let steady = SignedDuration::try_from(steady).unwrap_or(SignedDuration::MAX);
        self.last_reading = now;

        let leap = wall - steady;
        (leap.unsigned_abs() > self.config.leap).then_some(leap)
    }
}

/// The time from `start` to `end`; zero if `end` is not later.
fn between(start: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(start)).unwrap_or_default()
}

fn before(wall: Timestamp, duration: Duration) -> Timestamp {
    wall.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000;

    fn reading(seconds: u64) -> ClockReading {
        let wall = START + i64::try_from(seconds).unwrap();
        ClockReading {
            wall: Timestamp::from_second(wall).unwrap(),
            steady: Duration::from_secs(seconds),
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
    fn where_no_slot_is_due_the_last_one_passed_was_missed() {
        let tick = second_tick(1, 38);
        assert_eq!(tick.due, None);
        assert_eq!(tick.missed, Some((3, reading(30).wall)));
    }
}
