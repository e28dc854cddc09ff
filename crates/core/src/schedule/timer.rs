//! Decides which slot is due, from readings of the wall clock and of a monotonic clock.
//!
//! No slot is due right after a start or a jump of the wall clock, and no burst of slots after a downtime: first both
//! clocks must agree for a while, then only the latest slot counts, and only within its starting deadline.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::instants::before;

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
            max_drift: UNNOTICED,
        }
    }
}

/// By how much the clocks may be apart without a reason: who reads them reads one after the other.
const UNNOTICED: Duration = Duration::from_secs(2);

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which may be set.
    pub wall: Timestamp,
    /// The monotonic clock: the time since some fixed moment.
    pub monotonic: Duration,
}

impl ClockReading {
    /// How much time may have passed since an `earlier` reading: the monotonic clock stands while the machine sleeps, and the
    /// wall clock may have been set.
    pub fn longest_since(self, earlier: Self) -> Duration {
        let by_wall = Duration::try_from(self.by_wall_since(earlier)).unwrap_or_default();
        by_wall.max(self.by_monotonic_since(earlier))
    }

    /// Whether the clocks went on by different times since an `earlier` reading: the machine slept, so that times by the
    /// monotonic clock are too short, or the wall clock was set.
    pub fn disagrees_since(self, earlier: Self) -> bool {
        self.drift_since(earlier).unsigned_abs() >= UNNOTICED
    }

    /// How far the wall clock has moved away from the monotonic clock since an `earlier` reading.
    fn drift_since(self, earlier: Self) -> SignedDuration {
        let by_monotonic = SignedDuration::try_from(self.by_monotonic_since(earlier));
        self.by_wall_since(earlier) - by_monotonic.unwrap_or(SignedDuration::MAX)
    }

    fn by_wall_since(self, earlier: Self) -> SignedDuration {
        self.wall.duration_since(earlier.wall)
    }

    fn by_monotonic_since(self, earlier: Self) -> Duration {
        self.monotonic.saturating_sub(earlier.monotonic)
    }
}

/// The result of one reading of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerTick {
    /// The slot that is due now.
    pub due: Option<Timestamp>,
    /// The slots that passed for good since the last reading, without being due.
    pub missed: Option<MissedSlots>,
    /// How far the wall clock jumped, if it did.
    pub jump: Option<SignedDuration>,
    /// The first slot after this reading; `None` if there is none.
    pub next: Option<Timestamp>,
    /// How long to wait until the next reading at the latest; `None` if there is nothing to wait for.
    pub again: Option<Duration>,
}

/// Slots that a timer saw pass without being due: it was read too late, or the clocks had not settled. Slots from before
/// its start are not among them, because it cannot know whether an earlier process started their rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedSlots {
    /// How many there are.
    pub count: usize,
    /// Whether there may be more than were counted.
    pub or_more: bool,
    /// The last of them.
    pub last: Timestamp,
}

/// The maximum number of slots that are visited one by one; beyond it, missed slots are not all counted.
const MAX_COUNTED: usize = 1000;

/// The timer that decides which slot is due.
#[derive(Debug, Clone)]
pub struct SlotTimer {
    config: TimerConfig,
    /// Slots up to this instant have passed.
    passed_until: Timestamp,
    /// Slots up to this instant are not missed: they are from before the start, were due, or were counted as missed.
    accounted_until: Timestamp,
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
            accounted_until: now.wall,
            settled_at: now.monotonic + config.settle,
            last_reading: now,
        }
    }

    /// Goes over to another schedule: its slots up to the last reading are over, and neither due nor missed. Slots
    /// of the schedule before it must have been taken by [`Self::tick`].
    pub fn change_schedule(&mut self) {
        let now = self.last_reading.wall;
        self.passed_until = self.passed_until.max(now);
        self.accounted_until = self.accounted_until.max(now);
    }

    /// Sets how long after its slot a round may start.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.config.deadline = deadline;
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
            next: None,
            again: None,
        };

        let unsettled = self.settled_at.saturating_sub(now.monotonic);
        if !unsettled.is_zero() {
            tick.next = next_after(now.wall);
            // A slot that passed meanwhile is due, or missed, once the clocks have settled.
            let awaited = tick.next.or_else(|| next_after(self.passed_until));
            tick.again = awaited.map(|_| unsettled);
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
        // The first instant that is not too late; a slot that is earlier than it is missed.
        let in_time = before(now.wall, self.config.deadline);
        let mut visited = 0;
        let mut last = None;

        tick.next = next_after(self.passed_until);
        while let Some(slot) = tick.next.filter(|slot| *slot <= now.wall) {
            if let Some(superseded) = last.replace(slot) {
                self.miss(superseded, tick);
            }
            self.passed_until = slot;
            visited += 1;

            // After a long downtime, skip ahead instead of visiting every slot.
            if visited == MAX_COUNTED && slot < in_time {
                self.passed_until = before(in_time, Duration::from_nanos(1));
            }
            tick.next = next_after(self.passed_until);
        }

        match last {
            Some(last) if last >= in_time => tick.due = Some(last),
            Some(last) => self.miss(last, tick),
            None => {}
        }
        if let Some(missed) = &mut tick.missed {
            missed.or_more = visited >= MAX_COUNTED;
        }
        self.accounted_until = self.accounted_until.max(self.passed_until);
    }

    /// Counts a slot among the missed, unless it is accounted for.
    fn miss(&self, slot: Timestamp, tick: &mut TimerTick) {
        if slot <= self.accounted_until {
            return;
        }
        let missed = tick.missed.get_or_insert(MissedSlots {
            count: 0,
            or_more: false,
            last: slot,
        });
        missed.count += 1;
        missed.last = slot;
    }

    /// How far the wall clock has moved away from the monotonic clock since the last reading, if that is far.
    fn jump(&mut self, now: ClockReading) -> Option<SignedDuration> {
        let drift = now.drift_since(self.last_reading);
        self.last_reading = now;
        (drift.unsigned_abs() > self.config.max_drift).then_some(drift)
    }
}

/// The time from `start` to `end`; zero if `end` is not later.
fn between(start: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(start)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
