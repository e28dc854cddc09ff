//! What a timer hands out as due and as missed, read as the Clock reads it, over starts, schedules, naps, jumps, changes
//! of the local time and quiet times.

mod table;

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

use self::Happening::{Hang, Run, Set, Suspend};

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

#[test]
fn missed_is_only_what_passed_for_good_since_the_start_and_what_is_due_is_never_missed() {
    for row in table::table() {
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
    let mut machine = Machine::new("2026-11-28T06:35:01Z", table::every_minute(), 30);
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

/// The slots that are due if the timer goes over to `*/5` at `change`, and from `0 12 * * *`.
fn due_after_change(change: &str, happenings: &[Happening]) -> Vec<String> {
    let mut machine = Machine::new("2026-11-28T11:58:00Z", calendar("0 12 * * *", "UTC", &[]), 60);
    let until = instant(change).duration_since(machine.now.wall);
    machine.apply(Run(until.as_secs().unsigned_abs()));

    machine.calendar = calendar("*/5 * * * *", "UTC", &[]);
    machine.timer.change_schedule();
    for happening in happenings {
        machine.apply(*happening);
    }
    assert_eq!(
        machine.missed,
        [],
        "no slot of the new schedule is missed from before the change"
    );
    machine.due.iter().map(ToString::to_string).collect()
}

#[test]
fn after_a_change_of_the_schedule_no_slot_is_due_twice_and_none_from_before_the_change() {
    let noon = "2026-11-28T12:00:00Z";
    let table: [(&str, &[Happening], &[&str]); 4] = [
        // The slot at noon is in both schedules.
        ("2026-11-28T12:00:00Z", &[Run(240)], &[noon]),
        (
            "2026-11-28T12:00:20Z",
            &[Run(300)],
            &[noon, "2026-11-28T12:05:00Z"],
        ),
        // 12:05 was no slot when it passed, though it is within the deadline.
        ("2026-11-28T12:05:10Z", &[Run(240)], &[noon]),
        (
            "2026-11-28T12:05:10Z",
            &[Set(-400), Run(60), Run(400)],
            &[noon, noon, "2026-11-28T12:05:00Z"],
        ),
    ];

    for (change, happenings, due) in table {
        assert_eq!(
            due_after_change(change, happenings),
            due,
            "{change} {happenings:?}"
        );
    }
}

#[test]
fn of_two_readings_it_is_known_how_much_time_may_have_passed_and_whether_the_clocks_disagree() {
    let reading = |wall, monotonic| ClockReading {
        wall: Timestamp::from_second(wall).unwrap(),
        monotonic: Duration::from_secs(monotonic),
    };
    let earlier = reading(1000, 50);
    for (later, longest, disagrees) in [
        (reading(1060, 110), 60, false),
        (reading(1061, 110), 61, false),
        // The machine slept, or the clock was set ahead.
        (reading(4660, 110), 3660, true),
        // The clock was set back.
        (reading(500, 110), 60, true),
    ] {
        assert_eq!(
            later.longest_since(earlier),
            Duration::from_secs(longest),
            "{later:?}"
        );
        assert_eq!(later.disagrees_since(earlier), disagrees, "{later:?}");
    }
}
