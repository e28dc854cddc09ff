//! `macaque schedule --ics`: the schedule as an iCalendar file, on standard output.

use macaque_core::report::SkippedNamespace;
use macaque_core::rota::Rota;

use super::ScheduleArgs;
use crate::calendar_feed::{FeedSource, FeedTurns};
use crate::cli::args::GlobalArgs;
use crate::cli::output::{line, write_raw};
use crate::cli::{exit, setup};
use crate::platform::Platform;
use crate::preview::TurnScan;
use crate::settings::ValidSettings;
use crate::telemetry;

/// Writes every round; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &ScheduleArgs) -> i32 {
    let settings = match setup::load_schedule(global) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let cluster = setup::cluster_name(&settings.cluster);

    let source = FeedSource {
        calendar: &settings.calendar,
        turns: None,
        cluster: cluster.as_deref(),
        namespaces: &settings.namespaces,
        dry_run: settings.dry_run,
    };
    write(&source, args)
}

/// Writes the turns of the owners that were found; returns the process's exit code.
pub(super) fn run_with_owners(settings: &ValidSettings, scan: &TurnScan, args: &ScheduleArgs) -> i32 {
    let Some(calendar) = &settings.config.calendar else {
        return exit::USAGE;
    };
    let cluster = setup::cluster_name(&settings.cluster);
    let rota = Rota::of(&settings.config.disrupt, calendar);

    let source = FeedSource {
        calendar,
        turns: rota.map(|rota| FeedTurns {
            rota,
            owners: &scan.owners,
        }),
        cluster: cluster.as_deref(),
        namespaces: &settings.config.target.namespaces.to_string(),
        dry_run: settings.config.dry_run,
    };
    note_gaps(scan);
    if scan.listed == 0 && !scan.problems.is_empty() {
        return exit::CLUSTER;
    }
    write(&source, args)
}

fn write(source: &FeedSource<'_>, args: &ScheduleArgs) -> i32 {
    let from = match args.start(source.calendar) {
        Ok(from) => from,
        Err(code) => return code,
    };
    let text = source.text(from, args.feed_weeks(), Platform::system().now());
    write_raw(text.as_bytes());
    exit::OK
}

/// Says on standard error of what the turns are not known.
fn note_gaps(scan: &TurnScan) {
    for problem in &scan.problems {
        telemetry::print_note(&line(&format!("problem: {problem}")));
    }
    for SkippedNamespace { namespace, why } in &scan.skipped {
        telemetry::print_note(&line(&format!("skipped: namespace {namespace}: {why}")));
    }
}
