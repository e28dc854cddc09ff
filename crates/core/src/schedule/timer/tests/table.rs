//! The table of what happens to a machine, and what its timer then hands out.

use super::Happening::{self, Hang, Run, Set, Suspend};
use super::calendar;
use crate::schedule::Calendar;

/// One row: a schedule, its deadline, a start, what happens then; and what is due and missed.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) calendar: Calendar,
    pub(super) deadline: u64,
    pub(super) start: &'static str,
    pub(super) happens: &'static [Happening],
    pub(super) due: &'static [&'static str],
    /// How many were missed in all, and the last of them.
    pub(super) missed: Option<(usize, &'static str)>,
}

pub(super) fn every_minute() -> Calendar {
    calendar("* * * * *", "UTC", &[])
}

/// Every row.
pub(super) fn table() -> Vec<Row> {
    let mut table = starts();
    table.extend(schedules());
    table.extend(disturbances());
    table
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
