//! Which slot is due: a pure watch over two clocks, the wall's and one that is never set.
//!
//! Nothing is due at a start, nor in a burst after a downtime, a suspension or a leap of the wall clock: first both
//! clocks must agree for a while, then the latest slot alone counts, and only within its starting deadline.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerConfig {
    /// A slot that is seen later than this is missed.
    pub deadline: Duration,
    /// How long nothing is due after the start, and after the wall clock leapt.
    pub settle: Duration,
    /// How far the clocks may drift apart between two looks before that is a leap.
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

/// What both clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which may be set.
    pub wall: Timestamp,
    /// The time since some fixed moment, which only runs on.
    pub steady: Duration,
}

/// What a look at the clocks tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerTick {
    /// The slot that is due now.
    pub due: Option<Timestamp>,
    /// The slots that passed and are not played: how many, and the last of them.
    pub missed: Option<(usize, Timestamp)>,
    /// How far the wall clock leapt, if it did.
    pub leapt: Option<SignedDuration>,
    /// The next slot; `None` if there is none.
    pub next: Option<Timestamp>,
    /// When to look again at the latest, if there is anything to wait for.
    pub again: Option<Duration>,
}

/// So many missed slots are counted; more are as good as these.
const MOST_COUNTED: usize = 1000;

/// The watch.
#[derive(Debug, Clone)]
pub struct SlotTimer {
    pace: TimerConfig,
    /// Slots up to here are past.
    past: Timestamp,
    /// Until when nothing is due, by the steady clock.
    settled: Duration,
    seen: ClockReading,
}

impl SlotTimer {
    /// A watch that begins now. Slots of up to the deadline before may still be due once it has settled: whether
    /// they were played already is not for it to know.
    pub fn new(now: ClockReading, pace: TimerConfig) -> Self {
        Self {
            pace,
            past: before(now.wall, pace.deadline),
            settled: now.steady + pace.settle,
            seen: now,
        }
    }

    /// Looks at the clocks; `next_after` is the schedule, and gives the first slot strictly after an instant.
    pub fn look(
        &mut self,
        now: ClockReading,
        next_after: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> TimerTick {
        let leapt = self.leap(now);
        if leapt.is_some() {
            self.settled = now.steady + self.pace.settle;
            // Where the clock was set back, slots that were due come again: the journal knows them.
            self.past = self.past.min(now.wall);
        }
        let mut look = TimerTick {
            due: None,
            missed: None,
            leapt,
            next: next_after(self.past),
            again: None,
        };
        if let Some(left) = self
            .settled
            .checked_sub(now.steady)
            .filter(|left| !left.is_zero())
        {
            look.again = look.next.map(|_| left);
            return look;
        }
        let mut passed = 0;
        let mut last = None;
        while let Some(slot) = look.next.filter(|slot| *slot <= now.wall) {
            passed += 1;
            last = Some(slot);
            // A long sleep is skipped over, not walked through.
            let from = if passed < MOST_COUNTED {
                slot
            } else {
                slot.max(before(now.wall, self.pace.deadline))
            };
            self.past = from;
            look.next = next_after(from);
        }
        if let Some(last) = last {
            self.past = last;
            let late = Duration::try_from(now.wall.duration_since(last)).unwrap_or_default();
            if late <= self.pace.deadline {
                look.due = Some(last);
                passed -= 1;
            }
            look.missed = (passed > 0).then_some((passed, last));
        }
        let left = look
            .next
            .map(|slot| Duration::try_from(slot.duration_since(now.wall)).unwrap_or_default());
        look.again = left;
        look
    }

    /// How far the wall clock moved beyond the steady one since the last look, if it was far.
    fn leap(&mut self, now: ClockReading) -> Option<SignedDuration> {
        let wall = now.wall.duration_since(self.seen.wall);
        let steady = now.steady.saturating_sub(self.seen.steady);
        let steady = SignedDuration::try_from(steady).unwrap_or(SignedDuration::MAX);
        self.seen = now;
        let leap = wall - steady;
        (leap.unsigned_abs() > self.pace.leap).then_some(leap)
    }
}

fn before(wall: Timestamp, duration: Duration) -> Timestamp {
    wall.checked_sub(duration).unwrap_or(Timestamp::MIN)
}
