//! The Clock actor: tells the Killer when a round is due. It knows the schedule and nothing about pods.

use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, SpawnHandle, WrapFuture};
use jiff::Timestamp;
use macaque_core::schedule::Calendar;
use macaque_core::schedule::timer::{MissedSlots, SlotTimer, TimerTick};

use super::ActorsConfig;
use super::messages::{RoundDue, Shutdown};
use super::recipient::StableRecipient;
use crate::facts::{Fact, Facts};
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::{Heartbeat, OperationGuard};
use crate::platform::Platform;
use crate::round;

/// The longest sleep, so that a change of the wall clock is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

/// What makes rounds due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A cron schedule, without its quiet times.
    Cron(Calendar),
    /// A fixed interval, for the demo and for tests.
    Interval {
        /// The time from one slot to the next, at least 1 ms.
        every: Duration,
        /// The start of the first interval; the first slot is at its end.
        since: Timestamp,
    },
}

impl Trigger {
    /// The first slot after `now`.
    fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(calendar) => calendar.next_round(now),
            Self::Interval { every, since } => {
                let passed = Duration::try_from(now.duration_since(*since)).unwrap_or_default();
                let next = passed.as_nanos() / every.as_nanos().max(1) + 1;
                let offset = every.checked_mul(u32::try_from(next).ok()?)?;
                since.checked_add(offset).ok()
            }
        }
    }
}

/// The Clock actor. No round is due right after its start: first the wall clock must run steadily for a while.
pub struct Clock {
    trigger: Trigger,
    timer: SlotTimer,
    killer: StableRecipient<RoundDue>,
    heartbeat: Heartbeat,
    /// The sleep until the next tick.
    sleep: Option<OperationGuard>,
    hang_timeout: Duration,
    platform: Platform,
    facts: Facts,
    fail_points: FailPoints,
    /// The configuration that the Clock was created with, or has taken over since.
    config: ActorsConfig,
    /// The tick to come.
    next_tick: Option<SpawnHandle>,
}

impl Clock {
    /// Creates a Clock that starts at the current time.
    pub(super) fn new(
        config: &ActorsConfig,
        killer: StableRecipient<RoundDue>,
        heartbeat: Heartbeat,
    ) -> Self {
        let platform = config.platform.clone();
        Self {
            trigger: config.trigger.clone(),
            timer: SlotTimer::new(platform.reading(), config.timer),
            killer,
            heartbeat,
            sleep: None,
            hang_timeout: config.timeouts.hang,
            platform,
            facts: config.facts.clone(),
            fail_points: config.fail_points.clone(),
            config: config.clone(),
            next_tick: None,
        }
    }

    /// Reads the clocks, fires if a slot is due, and schedules the next tick.
    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.sleep = None;
        if let Some(planned) = self.next_tick.take() {
            ctx.cancel_future(planned);
        }
        let reading = self.platform.reading();
        let tick = self.timer.tick(reading, |after| self.trigger.next_after(after));
        log_tick(&tick);
        self.facts.publish(Fact::SlotPlanned(tick.next));

        if let Some(slot) = tick.due {
            self.fire(slot, ctx);
        }

        match tick.again {
            Some(again) => {
                let sleep = again.clamp(Duration::from_millis(1), LONGEST_SLEEP);
                self.sleep = Some(self.heartbeat.begin("sleep", sleep + self.hang_timeout));
                self.next_tick = Some(ctx.run_later(sleep, Self::tick));
            }
            None => log::warn!("no further round: quiet times cover every slot of the schedule"),
        }
    }

    /// Takes over each change of the configuration as it comes.
    fn await_changes(&self, ctx: &mut Context<Self>) {
        let change = self.config.changes.clone().next();
        ctx.spawn(change.into_actor(self).map(|(), clock, ctx| {
            clock.take_over_changes(ctx);
            clock.await_changes(ctx);
        }));
    }

    /// Goes over to the current schedule. What is due by the schedule before it is announced first.
    fn take_over_changes(&mut self, ctx: &mut Context<Self>) {
        let config = self.config.current();
        self.timer.set_deadline(config.timer.deadline);
        if config.trigger != self.trigger {
            self.tick(ctx);
            self.trigger = config.trigger.clone();
            self.timer.change_schedule();
        }
        self.config = config;
        self.tick(ctx);
    }

    /// Tells the Killer that a round is due.
    fn fire(&self, slot: Timestamp, ctx: &mut Context<Self>) {
        let killer = self.killer.clone();
        let fail_points = self.fail_points.clone();
        let seed = round::random_seed(&self.platform);
        let operation = self.heartbeat.begin("trigger", self.hang_timeout);

        let fire = async move {
            let _operation = operation;
            fail_points.pass(FailPoint::BeforeDue).await;
            if killer.send(RoundDue { slot, seed }).is_err() {
                log::warn!(slot:%; "round {slot} dropped: the Killer is being restarted");
            }
            fail_points.pass(FailPoint::AfterDue).await;
        };
        ctx.spawn(fire.into_actor(self).map(|(), _, _| ()));
    }
}

impl Actor for Clock {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.tick(ctx);
        self.await_changes(ctx);
    }
}

impl Handler<Shutdown> for Clock {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

fn log_tick(tick: &TimerTick) {
    if let Some(jump) = tick.jump {
        let seconds = jump.as_secs_f64();
        log::warn!(
            "system clock jumped by {seconds:.0} s: waiting until it has settled before the next round"
        );
    }

    if let Some(missed) = tick.missed {
        log::warn!(slot:% = missed.last; "{}", describe(missed));
    }

    if let Some(next) = tick.next {
        log::debug!(slot:% = next; "next round: {next}");
    }
}

/// Describes the missed slots in a sentence.
fn describe(missed: MissedSlots) -> String {
    let MissedSlots { count, or_more, last } = missed;
    let what = match (count, or_more) {
        (1, false) => format!("the round scheduled for {last}"),
        (_, false) => format!("{count} scheduled rounds, the last one for {last}"),
        (_, true) => format!("{count} scheduled rounds or more"),
    };
    format!("this process missed {what}; missed rounds are not run later")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_slots_are_described_in_good_grammar_and_no_number_is_more_exact_than_known() {
        let last: Timestamp = "2026-11-28T06:36:00Z".parse().unwrap();
        let table = [
            (
                1,
                false,
                "this process missed the round scheduled for 2026-11-28T06:36:00Z; missed rounds are not run later",
            ),
            (
                2,
                false,
                "this process missed 2 scheduled rounds, the last one for 2026-11-28T06:36:00Z; missed rounds are not run later",
            ),
            (
                1000,
                true,
                "this process missed 1000 scheduled rounds or more; missed rounds are not run later",
            ),
        ];

        for (count, or_more, words) in table {
            assert_eq!(describe(MissedSlots { count, or_more, last }), words);
        }
    }

    #[test]
    fn an_interval_fires_strictly_after_now_and_at_the_same_instants_whoever_asks() {
        let second = |second| Timestamp::from_second(second).unwrap();
        let trigger = Trigger::Interval {
            every: Duration::from_secs(3),
            since: second(10),
        };
        for (now, next) in [(0, 13), (10, 13), (12, 13), (13, 16), (100, 103)] {
            assert_eq!(trigger.next_after(second(now)), Some(second(next)), "after {now}");
        }
    }
}
