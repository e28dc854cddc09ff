//! The Clock says when a round is due. It knows the calendar and nothing of pods.

use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use jiff::Timestamp;

use super::line::Line;
use super::messages::{RoundDue, Shutdown};
use crate::chaos::schedule::Calendar;
use crate::fault::{Faults, Point};
use crate::round;

/// How long the Clock sleeps at most: a wall clock that was set meanwhile is noticed within this time.
const LONGEST_NAP: Duration = Duration::from_secs(20);

/// A slot that is noticed later than this (the machine slept, the clock was set) is dropped, not made up for.
const LATEST_START: Duration = Duration::from_secs(60);

/// What the Clock beats to.
#[derive(Debug, Clone)]
pub enum Beat {
    /// A schedule, less its quiet times.
    Calendar(Calendar),
    /// A fixed pace, for the demo and for tests.
    Every(Duration),
}

impl Beat {
    /// The first slot after `now`.
    fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Calendar(calendar) => calendar.next_round(now),
            Self::Every(pace) => now.checked_add(*pace).ok(),
        }
    }
}

/// The actor. Nothing fires at its start: the first slot lies strictly in the future.
#[derive(Debug)]
pub struct Clock {
    /// What it beats to.
    pub beat: Beat,
    /// The way to the Killer.
    pub killer: Line<RoundDue>,
    /// What goes wrong on purpose.
    pub faults: Faults,
}

impl Actor for Clock {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.await_slot(Timestamp::now(), ctx);
    }
}

impl Handler<Shutdown> for Clock {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Clock {
    /// Waits for the first slot after `last`.
    fn await_slot(&self, last: Timestamp, ctx: &mut Context<Self>) {
        match self.beat.next_after(last) {
            Some(slot) => {
                log::debug!(slot:%; "next round at {slot}");
                Self::nap(slot, ctx);
            }
            None => log::warn!("no further round: quiet times take every slot of the schedule"),
        }
    }

    /// Sleeps towards `slot`, looking at the wall clock now and then.
    fn nap(slot: Timestamp, ctx: &mut Context<Self>) {
        let left = Duration::try_from(slot.duration_since(Timestamp::now())).unwrap_or_default();
        ctx.run_later(left.min(LONGEST_NAP), move |clock, ctx| {
            let now = Timestamp::now();
            if now < slot {
                Self::nap(slot, ctx);
            } else {
                clock.strike(slot, now);
                clock.await_slot(now.max(slot), ctx);
            }
        });
    }

    /// The slot is here: tells the Killer, unless it is too late.
    fn strike(&self, slot: Timestamp, now: Timestamp) {
        let late = Duration::try_from(now.duration_since(slot)).unwrap_or_default();
        if late > LATEST_START {
            log::warn!(slot:%; "round of {slot} dropped: noticed {} s late", late.as_secs());
            return;
        }
        if self
            .killer
            .send(RoundDue {
                slot,
                seed: round::any_seed(),
            })
            .is_err()
        {
            log::warn!(slot:%; "round of {slot} dropped: the Killer is being restarted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_beats_strictly_after_now() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            Beat::Every(Duration::from_secs(3)).next_after(now),
            Timestamp::from_second(3).ok()
        );
    }
}
