//! `macaque schedule`: when the next rounds are due, and which of them a quiet time takes.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::telemetry;
use macaque_core::schedule::Calendar;

use super::args::{OutputFormat, ScheduleArgs};
use super::{exit, output, setup};

/// One slot, as it is printed.
#[derive(Serialize)]
pub(super) struct SlotRow {
    /// The instant, in UTC.
    pub(super) slot: Timestamp,
    /// The same on the wall clock of the schedule's zone.
    pub(super) local: String,
    /// Whether a round is due.
    pub(super) round: bool,
    /// The quiet time that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quiet: Option<String>,
}

/// The slots of `calendar` after `from`, as they are printed.
pub(super) fn slots(calendar: &Calendar, from: Timestamp) -> impl Iterator<Item = SlotRow> {
    calendar.upcoming(from).map(|slot| SlotRow {
        slot: slot.instant,
        local: local(slot.instant, calendar.zone()),
        round: slot.quiet.is_none(),
        quiet: slot.quiet.map(|quiet| quiet.to_string()),
    })
}

/// Prints the next slots; returns the process's exit code.
pub(super) fn run(config: Option<PathBuf>, schedule: &ScheduleArgs) -> i32 {
    let calendar = match setup::prepare_calendar(config) {
        Ok(calendar) => calendar,
        Err(code) => return code,
    };
    let from = match schedule.from.map(|from| from.instant(calendar.zone())) {
        None => Timestamp::now(),
        Some(Ok(from)) => from,
        Some(Err(error)) => {
            telemetry::complain(&format!("--from: {error}"));
            return exit::USAGE;
        }
    };
    // A slot at that very time is shown too.
    let before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let slots: Vec<_> = slots(&calendar, before)
        .take(usize::from(schedule.number))
        .collect();
    match schedule.output {
        OutputFormat::Json => output::json(&slots),
        OutputFormat::Yaml => output::yaml(&slots),
        OutputFormat::Table => {
            let all = slots.len() == usize::from(schedule.number);
            let rows = slots.into_iter().map(|slot| {
                let what = slot
                    .quiet
                    .map_or_else(|| "round".to_owned(), |quiet| format!("quiet: {quiet}"));
                [slot.local, until(from, slot.slot), what]
            });
            output::say(&calendar);
            let rows: Vec<_> = rows.collect();
            if !rows.is_empty() {
                output::say(&output::table(["SLOT", "IN", "WHAT"], rows));
            }
            if !all {
                output::say(&"no further slot before 2101");
            }
        }
    }
    exit::OK
}

/// Why no round would ever be due after `now`, if that is so; and what to do about it.
pub(super) fn silence(calendar: &Calendar, now: Timestamp) -> Option<(&'static str, &'static str)> {
    match (calendar.next_round(now), calendar.next_slot(now)) {
        (Some(_), _) => None,
        (None, Some(_)) => Some((
            "no round would ever be due: quiet times take every slot",
            "leave some time in schedule.quiet, or mend schedule.cron",
        )),
        (None, None) => Some((
            "no round would ever be due: there is no slot before 2101",
            "mend schedule.cron",
        )),
    }
}

/// `Mon 2026-11-23 09:30 CET`.
fn local(instant: Timestamp, zone: &TimeZone) -> String {
    instant
        .to_zoned(zone.clone())
        .strftime("%a %Y-%m-%d %H:%M %Z")
        .to_string()
}

/// The two largest units: `2d 3h`.
pub(super) fn until(from: Timestamp, slot: Timestamp) -> String {
    let minutes = slot.duration_since(from).as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "<1m".to_owned(),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}
