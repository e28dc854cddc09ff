//! The Clock says when a round is due. It knows the calendar and nothing of pods.

use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use jiff::Timestamp;

use super::messages::{RoundDue, Shutdown};
use super::recipient::StableRecipient;
use super::supervisor::RestartPolicy;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::{Heartbeat, OperationGuard};
use crate::round;
use macaque_core::schedule::Calendar;
use macaque_core::schedule::timer::{ClockReading, SlotTimer, TimerConfig, TimerTick};

/// How long the Clock sleeps at most: a wall clock that was set meanwhile is noticed within this time.
const LONGEST_NAP: Duration = Duration::from_secs(20);

/// What the Clock beats to.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// A schedule, less its quiet times.
    Cron(Calendar),
    /// A fixed pace, for the demo and for tests.
    Interval {
        /// From one slot to the next, at least 1 ms.
        pace: Duration,
        /// The first slot is one pace after this.
        since: Timestamp,
    },
}

impl Trigger {
    /// A fixed pace from now on.
    pub fn every(pace: Duration) -> Self {
        Self::Interval {
            pace,
            since: Timestamp::now(),
        }
    }

    /// The first slot after `now`.
    fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(calendar) => calendar.next_round(now),
            Self::Interval { pace, since } => {
                let passed = Duration::try_from(now.duration_since(*since)).unwrap_or_default();
                let beats = passed.as_nanos() / pace.as_nanos().max(1) + 1;
                since
                    .checked_add(pace.checked_mul(u32::try_from(beats).ok()?)?)
                    .ok()
            }
        }
    }
}

/// The actor. Nothing fires at its start: both clocks must agree for a while first.
#[derive(Debug)]
pub struct Clock {
    beat: Trigger,
    watch: SlotTimer,
    born: Instant,
    killer: StableRecipient<RoundDue>,
    pulse: Heartbeat,
    /// The sleep until the next look.
    nap: Option<OperationGuard>,
    limits: RestartPolicy,
    faults: FailPoints,
}

impl Clock {
    /// A Clock that begins now.
    pub fn new(
        beat: Trigger,
        pace: TimerConfig,
        killer: StableRecipient<RoundDue>,
        pulse: Heartbeat,
        limits: RestartPolicy,
        faults: FailPoints,
    ) -> Self {
        let born = Instant::now();
        Self {
            beat,
            watch: SlotTimer::new(clocks(born), pace),
            born,
            killer,
            pulse,
            nap: None,
            limits,
            faults,
        }
    }

    /// Looks at the clocks, says what is due, and sleeps until there is something to see.
    fn look(&mut self, ctx: &mut Context<Self>) {
        self.nap = None;
        let Self {
            beat, watch, born, ..
        } = self;
        let look = watch.look(clocks(*born), |after| beat.next_after(after));
        log_look(&look);
        if let Some(slot) = look.due {
            self.strike(slot, ctx);
        }
        match look.again {
            Some(again) => {
                let nap = again.clamp(Duration::from_millis(1), LONGEST_NAP);
                self.nap = Some(self.pulse.begin("nap", nap + self.limits.deaf_after));
                ctx.run_later(nap, Self::look);
            }
            None => log::warn!("no further round: quiet times take every slot of the schedule"),
        }
    }

    /// Tells the Killer that the slot is here.
    fn strike(&self, slot: Timestamp, ctx: &mut Context<Self>) {
        let (killer, faults) = (self.killer.clone(), self.faults.clone());
        let operation = self.pulse.begin("strike", self.limits.deaf_after);
        let strike = async move {
            let _operation = operation;
            faults.pass(FailPoint::BeforeDue).await;
            let seed = round::any_seed();
            if killer.send(RoundDue { slot, seed }).is_err() {
                log::warn!(slot:%; "round of {slot} dropped: the Killer is being restarted");
            }
            faults.pass(FailPoint::AfterDue).await;
        };
        ctx.spawn(strike.into_actor(self).map(|(), _, _| ()));
    }
}

impl Actor for Clock {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.look(ctx);
    }
}

impl Handler<Shutdown> for Clock {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

fn clocks(born: Instant) -> ClockReading {
    ClockReading {
        wall: Timestamp::now(),
        steady: born.elapsed(),
    }
}

fn log_look(look: &TimerTick) {
    if let Some(leapt) = look.leapt {
        log::warn!("the clock was set, or this machine slept ({leapt:#}): no round until it has settled");
    }
    if let Some((count, last)) = look.missed {
        log::warn!(slot:% = last; "{count} slots were missed, the last at {last}: they are not made up for");
    }
    if let Some(next) = look.next {
        log::debug!(slot:% = next; "next round at {next}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_beats_strictly_after_now_and_at_the_same_instants_whoever_asks() {
        let second = |second| Timestamp::from_second(second).unwrap();
        let beat = Trigger::Interval {
            pace: Duration::from_secs(3),
            since: second(10),
        };
        for (now, next) in [(0, 13), (10, 13), (12, 13), (13, 16), (100, 103)] {
            assert_eq!(beat.next_after(second(now)), Some(second(next)), "after {now}");
        }
    }
}
