//! `macaque schedule`: the next scheduled rounds, and those skipped by quiet times; or whose turn comes when.

mod ics;
mod owners;

use std::str::FromStr;

use clap::{ArgGroup, Args};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use macaque_core::icalendar::MOST_WEEKS;
use macaque_core::schedule::Calendar;
use serde::Serialize;

use super::args::{GlobalArgs, OutputFormat, ScopeArgs, small_number};
use super::output::{TableColumns, line};
use super::{exit, output, setup};
use crate::platform::Platform;
use crate::telemetry;

/// The flags of `macaque schedule`.
#[derive(Debug, Args)]
// `-n` is the number of slots here, and has been since before there were owners to list.
#[command(mut_arg("namespace", |arg| arg.short(None)))]
#[command(group(ArgGroup::new("by_weeks").args(["owners", "ics"]).multiple(true)))]
pub(super) struct ScheduleArgs {
    /// Number of slots to list
    #[arg(short, long, value_name = "NUMBER", default_value_t = 10, value_parser = slot_number, allow_negative_numbers = true)]
    number: u16,
    /// List whose turn comes when, with disrupt.pace = "rota"; reads the owners in scope from the cluster
    #[arg(long, conflicts_with = "number")]
    owners: bool,
    /// Write an iCalendar file (RFC 5545) to standard output, of whole days: with --owners the turns, else the rounds
    #[arg(long, conflicts_with_all = ["number", "output"])]
    ics: bool,
    /// Number of weeks of turns to list, or of the calendar [default: 2, with --ics 8]
    #[arg(long, value_name = "NUMBER", requires = "by_weeks", value_parser = weeks, allow_negative_numbers = true)]
    weeks: Option<u8>,
    #[command(flatten)]
    scope: ScopeArgs,
    /// List the slots from this time: 2026-12-24 or 2026-12-24T15:00 in the schedule's time zone, or the instant
    /// 2026-12-24T15:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<StartTime>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// The time from which slots are listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum StartTime {
    /// A time on the wall clock of the schedule's zone.
    Local(DateTime),
    /// An instant, which needs no zone.
    Instant(Timestamp),
}

/// One slot, as it is printed.
#[derive(Serialize)]
pub(super) struct SlotRow {
    /// The instant, in UTC.
    pub(super) slot: Timestamp,
    /// The instant on the wall clock of the schedule's zone.
    pub(super) local: String,
    /// Whether a round is due.
    pub(super) round: bool,
    /// The quiet time that covers the slot.
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

/// Lists the next slots, or turns; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &ScheduleArgs) -> i32 {
    if let Some(why) = args.too_many_weeks() {
        telemetry::print_error(&why);
        return exit::USAGE;
    }
    if args.owners {
        return owners::run(global, args);
    }
    if args.ics {
        return ics::run(global, args);
    }

    let calendar = match setup::load_calendar(global) {
        Ok(calendar) => calendar,
        Err(code) => return code,
    };
    let from = match args.start(&calendar) {
        Ok(from) => from,
        Err(code) => return code,
    };

    // A slot at that very time is shown too.
    let before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let slots: Vec<_> = slots(&calendar, before).take(usize::from(args.number)).collect();
    let page = |is_wide| page(&calendar, from, &slots, usize::from(args.number), is_wide);
    output::write_in(args.output, &slots, page);
    exit::OK
}

/// The slots for people.
fn page(calendar: &Calendar, from: Timestamp, slots: &[SlotRow], wanted: usize, is_wide: bool) -> String {
    let mut parts = vec![line(&calendar.to_string())];
    if !slots.is_empty() {
        let table = TableColumns::new(is_wide)
            .column("SLOT", |slot: &SlotRow| slot.local.clone())
            .wide("UTC", |slot| slot.slot.to_string())
            .column("IN", |slot| until(from, slot.slot))
            .result("WHAT", |slot| match &slot.quiet {
                Some(quiet) => format!("quiet: {quiet}"),
                None => "round".to_owned(),
            })
            .table(slots);
        parts.push(table);
    }
    if slots.len() < wanted {
        parts.push("no more slots before 2101".to_owned());
    }
    parts.join("\n")
}

/// Parses a number of slots. Elsewhere `-n` is short for `--namespace`.
fn slot_number(text: &str) -> Result<u16, String> {
    let is_number = text.parse::<f64>().is_ok();
    let hint = if is_number {
        ""
    } else {
        "; -n is short for --number here: write --namespace for a namespace"
    };
    small_number(text).map_err(|right| format!("{right}{hint}"))
}

/// Parses a number of weeks.
fn weeks(text: &str) -> Result<u8, &'static str> {
    let number = text.parse().ok().filter(|number| (1..=52).contains(number));
    number.ok_or("write a whole number from 1 to 52")
}

/// The instant on the wall clock of `zone`: `Mon 2026-11-23 09:30 CET`.
pub(super) fn local(instant: Timestamp, zone: &TimeZone) -> String {
    instant
        .to_zoned(zone.clone())
        .strftime("%a %Y-%m-%d %H:%M %Z")
        .to_string()
}

/// The time from `from` to `slot` in its two largest units: `2d 3h`.
pub(super) fn until(from: Timestamp, slot: Timestamp) -> String {
    let minutes = slot.duration_since(from).as_mins();
    let days = minutes / 1440;
    let hours = minutes / 60 % 24;
    let minutes = minutes % 60;

    match (days, hours, minutes) {
        (0, 0, 0) => "<1m".to_owned(),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

impl ScheduleArgs {
    /// A flag that was given and means something for owners only, if none are listed.
    pub(super) fn unused_flag(&self, global: &GlobalArgs) -> Option<&'static str> {
        // A context may name the cluster, whose name a calendar has.
        let of_cluster = if self.ics { Vec::new() } else { global.flags() };
        let given = [of_cluster, self.scope.flags()].concat();
        let first = given.first().filter(|_| !self.owners);
        first.map(|flag| flag.name)
    }

    /// The instant from which slots or turns are listed.
    ///
    /// # Errors
    /// The exit code, after the problem was reported on standard error.
    fn start(&self, calendar: &Calendar) -> Result<Timestamp, i32> {
        let Some(from) = self.from else {
            return Ok(Platform::system().now());
        };
        from.instant(calendar.zone()).map_err(|error| {
            telemetry::print_error(&format!("--from: {error}"));
            exit::USAGE
        })
    }

    /// How many weeks of turns are listed.
    fn weeks(&self) -> u8 {
        self.weeks.unwrap_or(2)
    }

    /// How many weeks a calendar has.
    fn feed_weeks(&self) -> u8 {
        self.weeks.unwrap_or(MOST_WEEKS)
    }

    /// The reason why a calendar cannot have as many weeks as were asked for.
    fn too_many_weeks(&self) -> Option<String> {
        let weeks = self.weeks.filter(|weeks| self.ics && *weeks > MOST_WEEKS)?;
        Some(format!(
            "--weeks: a calendar has at most {MOST_WEEKS} weeks, and {weeks} were asked for"
        ))
    }
}

impl FromStr for StartTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = || text.parse().map(Self::Instant);
        text.parse().map(Self::Local).or_else(|_| instant()).map_err(|_: jiff::Error| {
            "write a date such as 2026-12-24, a local time such as 2026-12-24T15:00, or an instant such as \
             2026-12-24T15:00:00Z"
        })
    }
}

impl StartTime {
    /// The instant in `zone`, or an error if it is out of range.
    pub(super) fn instant(self, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::Local(local) => Ok(zone.to_ambiguous_zoned(local).compatible()?.timestamp()),
            Self::Instant(instant) => Ok(instant),
        }
    }
}
