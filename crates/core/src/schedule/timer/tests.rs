//! What a timer hands out as due and as missed, read as the Clock reads it, over starts, schedules, naps, jumps, changes
//! of the local time and quiet times.

use super::*;
use crate::schedule::{Calendar, QuietTimes, parse_timezone};

/// The longest nap between two readings, as the Clock takes them.
const NAP: Duration = Duration::from_secs(20);

/// What happens to a machine.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Time passes for this many seconds, and the timer is read as often as it asks for.
    Run(u64),
    /// Time passes for this many seconds, and nobody reads the timer.
    Hang(u64),
    /// The machine sleeps for this many seconds: the monotonic clock stands still.
    Suspend(i64),
    /// The wall clock is set, this many seconds ahead.
    Set(i64),
}

use Happening::{Hang, Run, Set, Suspend};

/// A machine, its timer, and what the timer handed out.
struct Machine {
    calendar: Calendar,
    now: ClockReading,
    timer: SlotTimer,
    due: Vec<Timestamp>,
    missed: Vec<MissedSlots>,
}

impl Machine {
    fn new(start: &str, calendar: Calendar, deadline: u64) -> Self {
        let now = ClockReading {
            wall: instant(start),
            monotonic: Duration::from_secs(1000),
        };
        let config = TimerConfig {
            deadline: Duration::from_secs(deadline),
            ..TimerConfig::default()
        };
        let mut machine = Self {
            calendar,
            now,
            timer: SlotTimer::new(now, config),
            due: Vec::new(),
            missed: Vec::new(),
        };
        machine.read();
        machine
    }

    fn apply(&mut self, happening: Happening) {
        match happening {
            Hang(seconds) => {
                self.pass(Duration::from_secs(seconds));
                self.read();
            }
            Suspend(seconds) | Set(seconds) => self.now.wall += SignedDuration::from_secs(seconds),
            Run(seconds) => {
                let mut left = Duration::from_secs(seconds);
                while !left.is_zero() {
                    let again = self.read().unwrap_or(NAP);
                    let nap = again.clamp(Duration::from_millis(1), NAP).min(left);
                    left -= nap;
                    self.pass(nap);
                }
                self.read();
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.wall += time;
        self.now.monotonic += time;
    }

    /// Reads the timer, and checks what holds for every reading.
    fn read(&mut self) -> Option<Duration> {
        let tick = self.timer.tick(self.now, |after| self.calendar.next_round(after));
        let now = self.now.wall;

        assert_eq!(
            tick.next,
            self.calendar.next_round(now),
            "the next slot is in the future"
        );
        if let Some(due) = tick.due {
            assert!(due <= now, "{due} is due at {now}");
            assert!(
                between(due, now) <= self.timer.config.deadline,
                "{due} is due at {now}"
            );
        }
        if let Some(missed) = tick.missed {
            assert!(missed.last < now, "{missed:?} at {now}");
        }

        self.due.extend(tick.due);
        self.missed.extend(tick.missed);
        tick.again
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn calendar(cron: &str, zone: &str, quiet: &[&str]) -> Calendar {
    Calendar::new(
        cron.parse().unwrap(),
        parse_timezone(zone).unwrap(),
        QuietTimes::parse(quiet).unwrap(),
    )
}

/// One row: a schedule, its deadline, a start, what happens then; and what is due and missed.
struct Row {
    name: &'static str,
    calendar: Calendar,
    deadline: u64,
    start: &'static str,
    happens: &'static [Happening],
    due: &'static [&'static str],
    /// How many were missed in all, and the last of them.
    missed: Option<(usize, &'static str)>,
}

fn every_minute() -> Calendar {
    calendar("* * * * *", "UTC", &[])
}

/// Starts, with and without a slot just before.
fn starts() -> Vec<Row> {
    let row = |name, start, happens, due, missed| Row {
        name,
        calendar: every_minute(),
        deadline: 60,
        start,
        happens,
        due,
        missed,
    };

    vec![
        row(
            "a healthy start just before a slot plays it and misses none",
            "2026-11-28T06:35:50Z",
            &[Run(60)],
            &["2026-11-28T06:36:00Z"],
            None,
        ),
        row(
            "a healthy start just after a slot plays it late and misses none",
            "2026-11-28T06:36:10Z",
            &[Run(40)],
            &["2026-11-28T06:36:00Z"],
            None,
        ),
        row(
            "a start between two slots within the deadline plays the later one; the earlier one was before it",
            "2026-11-28T06:36:40Z",
            &[Run(40)],
            &["2026-11-28T06:37:00Z"],
            None,
        ),
        row(
            "a start at the very instant of a slot misses none",
            "2026-11-28T06:36:00Z",
            &[Run(70)],
            &["2026-11-28T06:36:00Z", "2026-11-28T06:37:00Z"],
            None,
        ),
        row(
            "a steady run plays every slot",
            "2026-11-28T06:35:30Z",
            &[Run(150)],
            &[
                "2026-11-28T06:36:00Z",
                "2026-11-28T06:37:00Z",
                "2026-11-28T06:38:00Z",
            ],
            None,
        ),
    ]
}

/// Other schedules and deadlines.
fn schedules() -> Vec<Row> {
    let row = |name, calendar, deadline, start, happens, due, missed| Row {
        name,
        calendar,
        deadline,
        start,
        happens,
        due,
        missed,
    };
    let paris = |cron| calendar(cron, "Europe/Paris", &[]);

    vec![
        row(
            "an hourly slot of before the start that is too late is not missed by this process",
            calendar("36 * * * *", "UTC", &[]),
            60,
            "2026-11-28T06:36:40Z",
            &[Run(600)],
            &[],
            None,
        ),
        row(
            "a slot while the clocks settle is missed if the deadline is shorter",
            calendar("36 * * * *", "UTC", &[]),
            5,
            "2026-11-28T06:35:50Z",
            &[Run(600)],
            &[],
            Some((1, "2026-11-28T06:36:00Z")),
        ),
        row(
            "quiet slots are not missed",
            calendar("* * * * *", "UTC", &["Sat 06:36-06:40"]),
            60,
            "2026-11-28T06:34:50Z",
            &[Run(60), Hang(300)],
            &["2026-11-28T06:35:00Z", "2026-11-28T06:40:00Z"],
            None,
        ),
        row(
            "when the local time goes forward, the slot that it skips is not missed",
            paris("30 2 * * *"),
            60,
            "2026-03-29T00:00:00Z",
            &[Run(3 * 3600)],
            &[],
            None,
        ),
        row(
            "when the local time goes back, a slot that it repeats is due twice",
            paris("30 2 * * *"),
            60,
            "2026-10-25T00:00:00Z",
            &[Run(3 * 3600)],
            &["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
            None,
        ),
        row(
            "both of them are missed by a process that hangs",
            paris("30 2 * * *"),
            60,
            "2026-10-25T00:00:00Z",
            &[Hang(3 * 3600)],
            &[],
            Some((2, "2026-10-25T01:30:00Z")),
        ),
        row(
            "a slot that a later one supersedes within the deadline is missed",
            every_minute(),
            600,
            "2026-11-28T06:35:30Z",
            &[Hang(200)],
            &["2026-11-28T06:38:00Z"],
            Some((2, "2026-11-28T06:37:00Z")),
        ),
    ]
}

/// Delays and jumps of the clock.
fn disturbances() -> Vec<Row> {
    let row = |name, happens, due, missed| Row {
        name,
        calendar: every_minute(),
        deadline: 30,
        start: "2026-11-28T06:35:01Z",
        happens,
        due,
        missed,
    };

    vec![
        row(
            "a reading that is late but within the deadline",
            &[Run(50), Hang(25)],
            &["2026-11-28T06:36:00Z"],
            None,
        ),
        row(
            "a reading that is too late",
            &[Run(50), Hang(45)],
            &[],
            Some((1, "2026-11-28T06:36:00Z")),
        ),
        row(
            "a machine that slept misses what it slept through",
            &[Run(70), Suspend(600), Run(45)],
            &["2026-11-28T06:36:00Z"],
            Some((10, "2026-11-28T06:46:00Z")),
        ),
        row(
            "a clock that is set forward misses what it jumped over, and plays the last slot if it is in time",
            &[Run(70), Set(120), Run(70)],
            &["2026-11-28T06:36:00Z", "2026-11-28T06:39:00Z"],
            Some((2, "2026-11-28T06:38:00Z")),
        ),
        row(
            "a clock that is set back hands slots out again, and misses none that it handed out before",
            &[Run(130), Set(-60), Run(120)],
            &[
                "2026-11-28T06:36:00Z",
                "2026-11-28T06:37:00Z",
                "2026-11-28T06:37:00Z",
                "2026-11-28T06:38:00Z",
            ],
            None,
        ),
        row(
            "a clock that is set forward and back again misses no slot twice",
            &[Run(70), Set(3600), Run(31), Set(-3600), Hang(130), Run(60)],
            &["2026-11-28T06:36:00Z", "2026-11-28T06:39:00Z"],
            Some((60, "2026-11-28T07:36:00Z")),
        ),
    ]
}

#[test]
fn missed_is_only_what_passed_for_good_since_the_start_and_what_is_due_is_never_missed() {
    for row in starts().into_iter().chain(schedules()).chain(disturbances()) {
        let mut machine = Machine::new(row.start, row.calendar, row.deadline);
        for happening in row.happens {
            machine.apply(*happening);
        }

        let due: Vec<_> = row.due.iter().map(|due| instant(due)).collect();
        assert_eq!(machine.due, due, "{}", row.name);

        let count = machine.missed.iter().map(|missed| missed.count).sum();
        let missed = machine.missed.last().map(|missed| (count, missed.last));
        let expected = row.missed.map(|(count, last)| (count, instant(last)));
        assert_eq!(missed, expected, "{}", row.name);
    }
}

#[test]
fn after_a_long_downtime_the_missed_slots_are_counted_once_and_up_to_a_bound() {
    let mut machine = Machine::new("2026-11-28T06:35:01Z", every_minute(), 30);
    machine.apply(Run(70));
    machine.apply(Suspend(7 * 24 * 3600));
    machine.apply(Run(200));

    let [missed] = machine.missed[..] else {
        panic!("{:?}", machine.missed)
    };
    assert!(missed.or_more && missed.count == MAX_COUNTED, "{missed:?}");
    let due = &machine.due[1..];
    let expected = [
        "2026-12-05T06:37:00Z",
        "2026-12-05T06:38:00Z",
        "2026-12-05T06:39:00Z",
    ];
    assert_eq!(due, expected.map(instant));
}
