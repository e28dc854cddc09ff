//! `macaque schedule`: when the next rounds are due, and which of them a quiet time takes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::{Common, Output, Schedule};
use super::{deed, exit, format};

/// One slot, as it is printed.
#[derive(Serialize)]
struct Foretold {
    /// The instant, in UTC.
    slot: Timestamp,
    /// The same on the wall clock of the schedule's zone.
    local: String,
    /// Whether a round is due.
    round: bool,
    /// The quiet time that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<String>,
}

/// Prints the next slots; returns the process's exit code.
pub(super) fn run(common: &Common, schedule: &Schedule) -> i32 {
    let calendar = match deed::prepare_calendar(common) {
        Ok(calendar) => calendar,
        Err(code) => return code,
    };
    let from = schedule.from.unwrap_or_else(Timestamp::now);
    let slots = calendar
        .upcoming(from)
        .take(usize::from(schedule.number))
        .map(|slot| Foretold {
            slot: slot.instant,
            local: local(slot.instant, calendar.zone()),
            round: slot.quiet.is_none(),
            quiet: slot.quiet.map(|quiet| quiet.to_string()),
        });
    let slots: Vec<_> = slots.collect();
    match schedule.output {
        Output::Json => format::json(&slots),
        Output::Yaml => format::yaml(&slots),
        Output::Table => {
            let rows = slots.into_iter().map(|slot| {
                let what = slot
                    .quiet
                    .map_or_else(|| "round".to_owned(), |quiet| format!("quiet: {quiet}"));
                [slot.local, until(from, slot.slot), what]
            });
            format::say(&calendar);
            format::say(&format::table(["SLOT", "IN", "WHAT"], rows));
        }
    }
    exit::OK
}

/// `Mon 2026-11-23 09:30 CET`.
fn local(instant: Timestamp, zone: &TimeZone) -> String {
    instant
        .to_zoned(zone.clone())
        .strftime("%a %Y-%m-%d %H:%M %Z")
        .to_string()
}

/// The two largest units: `2d 3h`.
fn until(from: Timestamp, slot: Timestamp) -> String {
    let minutes = slot.duration_since(from).as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "<1m".to_owned(),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}
