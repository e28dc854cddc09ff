//! Laws of the slots: whatever is done to the clocks, to the machine and to the process, no two rounds come close.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::journal::{Journal, JournalEvent, JournalTiming, LeaseHolder, StepContext};
use macaque_core::schedule::timer::{ClockReading, SlotTimer, TimerConfig};
use proptest::prelude::*;

use super::samples::report;

/// A slot every minute.
const PERIOD: i64 = 60;
/// How long the Clock sleeps at most.
const NAP: u64 = 20;

/// StepKind happens to the machine.
#[derive(Debug, Clone, Copy)]
enum ClockEvent {
    /// Time passes.
    Run(u64),
    /// The wall clock is set.
    Jump(i64),
    /// The machine sleeps: the wall clock goes on, the monotonic clock does not.
    Suspend(u64),
    /// The process starts anew.
    Restart,
}

fn clock_events() -> impl Strategy<Value = Vec<ClockEvent>> {
    let clock_event = prop_oneof![
        5 => (1u64..200).prop_map(ClockEvent::Run),
        2 => (-4000i64..4000).prop_map(ClockEvent::Jump),
        1 => (1u64..4000).prop_map(ClockEvent::Suspend),
        1 => Just(ClockEvent::Restart),
    ];
    prop::collection::vec(clock_event, 1..24)
}

/// A machine with one macaque on it, and the journal that outlives both.
struct TestMachine {
    /// StepKind nobody can set: seconds since the beginning.
    truth: u64,
    monotonic: u64,
    wall: i64,
    timer: SlotTimer,
    since: Timestamp,
    journal: Journal,
    /// When rounds were begun, in truth, and their slots.
    fired: Vec<(u64, Timestamp)>,
    born: u64,
}

impl TestMachine {
    fn new() -> Self {
        let wall = 1_800_000_030;
        let now = clocks(wall, 0);
        let mut machine = Self {
            truth: 0,
            monotonic: 0,
            wall,
            timer: SlotTimer::new(now, TimerConfig::default()),
            since: now.wall,
            journal: Journal::new("uid"),
            fired: Vec::new(),
            born: 0,
        };
        machine.take(&JournalEvent::TakeOver);
        machine
    }

    fn apply(&mut self, clock_event: ClockEvent) {
        match clock_event {
            ClockEvent::Run(seconds) => self.run(seconds),
            ClockEvent::Jump(seconds) => self.wall += seconds,
            ClockEvent::Suspend(seconds) => {
                self.truth += seconds;
                self.wall += i64::try_from(seconds).unwrap();
            }
            ClockEvent::Restart => {
                let now = clocks(self.wall, self.monotonic);
                self.timer = SlotTimer::new(now, TimerConfig::default());
                self.since = now.wall;
                self.born = self.truth;
                self.take(&JournalEvent::TakeOver);
            }
        }
    }

    /// Looks as often as the Clock does.
    fn run(&mut self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let now = clocks(self.wall, self.monotonic);
            let look = self.timer.tick(now, next_after);
            if let Some(slot) = look.due {
                self.fire(slot);
            }
            let again = look.again.map_or(NAP, |again| again.as_secs().max(1));
            let nap = again.min(NAP).min(left);
            left -= nap;
            self.truth += nap;
            self.monotonic += nap;
            self.wall += i64::try_from(nap).unwrap();
        }
    }

    fn fire(&mut self, slot: Timestamp) {
        let claim = JournalEvent::Claim {
            slot,
            seed: 1,
            since: self.since,
        };
        if self.take(&claim) {
            self.take(&JournalEvent::Close(Box::new(report(slot, 0, ""))));
            self.fired.push((self.truth, slot));
        }
    }

    /// Takes a step; returns whether it changed the journal.
    fn take(&mut self, event: &JournalEvent) -> bool {
        let holder = LeaseHolder {
            process: format!("born-{}", self.born),
            incarnation: 1,
        };
        let limits = DisruptionLimits::default();
        let timing = JournalTiming::default();
        let context = StepContext {
            now: clocks(self.wall, self.monotonic).wall,
            skew: None,
            holder: &holder,
            keeps_recoveries: true,
            pause: None,
            count: 1,
            limits: &limits,
            recovery: &RecoveryPolicy::off(),
            timing: &timing,
        };
        let Ok(next) = self.journal.step(event, &context) else {
            return false;
        };
        let is_changed = next != self.journal;
        self.journal = next;
        is_changed
    }
}

fn clocks(wall: i64, monotonic: u64) -> ClockReading {
    ClockReading {
        wall: Timestamp::from_second(wall).unwrap(),
        monotonic: Duration::from_secs(monotonic),
    }
}

fn next_after(now: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second((now.as_second().div_euclid(PERIOD) + 1) * PERIOD).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_two_rounds_come_within_half_a_minute_whatever_the_clocks_do(clock_events in clock_events()) {
        let mut machine = TestMachine::new();
        let mut born = vec![0];
        for clock_event in clock_events {
            machine.apply(clock_event);
            if matches!(clock_event, ClockEvent::Restart) {
                born.push(machine.truth);
            }
        }

        for pair in machine.fired.windows(2) {
            let [(earlier, slot), (later, next)] = pair else { continue };
            prop_assert!(later - earlier >= 30, "{} s apart", later - earlier);
            prop_assert!(next > slot);
        }

        for (fired, _) in &machine.fired {
            let settling = born.iter().any(|born| fired >= born && fired - born < 30);
            prop_assert!(!settling, "nothing is due within half a minute of a start");
        }
    }
}

proptest! {
    #[test]
    fn a_slot_that_was_run_before_the_journal_was_emptied_is_not_run_again(
        emptied in 90u64..150, waits in 0u64..20, passes: bool,
    ) {
        let mut machine = TestMachine::new();
        machine.apply(ClockEvent::Run(emptied));
        let (_, last) = *machine.fired.last().unwrap();

        // Somebody puts the empty journal back, and a replica of the same age has read nothing since.
        machine.journal = Journal::new("uid");
        if passes {
            machine.take(&JournalEvent::TakeOver);
        }
        machine.wall += i64::try_from(waits).unwrap();
        machine.fired.clear();
        machine.fire(last);
        prop_assert!(machine.fired.is_empty());

        machine.take(&JournalEvent::TakeOver);
        machine.apply(ClockEvent::Run(120));
        prop_assert!(!machine.fired.is_empty(), "later slots are run");
    }
}

#[test]
fn with_clocks_that_run_evenly_every_slot_is_run() {
    let mut machine = TestMachine::new();
    machine.apply(ClockEvent::Run(3600));
    assert_eq!(machine.fired.len(), 60);
}

#[test]
fn after_a_downtime_one_late_slot_is_run_and_no_burst() {
    let mut machine = TestMachine::new();
    machine.apply(ClockEvent::Run(150));
    let before = machine.fired.len();
    machine.apply(ClockEvent::Suspend(3590));
    machine.apply(ClockEvent::Restart);
    machine.apply(ClockEvent::Run(45));

    assert_eq!(machine.fired.len(), before + 1);
    let (_, slot) = machine.fired.last().unwrap();
    let late = Timestamp::from_second(machine.wall)
        .unwrap()
        .duration_since(*slot);

    assert!(late <= SignedDuration::from_secs(60), "{late:?}");
}
