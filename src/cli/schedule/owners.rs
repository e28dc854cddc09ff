//! `macaque schedule --owners`: whose turn comes when. Reads the owners from the cluster, and writes nothing.

use actix::System;
use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionPace;
use macaque_core::duration::in_days;
use macaque_core::pod::PodOwner;
use macaque_core::report::SkippedNamespace;
use macaque_core::rota::{Rota, RotaOwner, Turn};
use macaque_core::schedule::Calendar;
use serde::Serialize;

use super::{ScheduleArgs, ics, local, until};
use crate::cli::args::GlobalArgs;
use crate::cli::output::{self, TableColumns, counted, line, names};
use crate::cli::{exit, progress, setup};
use crate::platform::Platform;
use crate::preview::{PreviewReader, ScopeTurns, TurnScan};
use crate::round::RoundConfig;
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;
use crate::telemetry;
use crate::text;

/// The turns of a scope, as they are printed.
#[derive(Serialize)]
struct TurnsView {
    schedule: String,
    every: String,
    /// How many turns a slot has.
    count: usize,
    from: Timestamp,
    to: Timestamp,
    /// How many owners have turns.
    owners: usize,
    /// How many of them have periods of a length of their own, by `macaque/every`.
    own_every: usize,
    /// How many turns the owners want in the period of `from`.
    wanted: usize,
    /// How many turns the slots of that period offer.
    offered: usize,
    /// How full that period is, in percent.
    percent: usize,
    /// The owners that find no slot in that period.
    without_slot: Vec<String>,
    /// The warning about a rota that is too full.
    #[serde(skip_serializing_if = "Option::is_none")]
    overload: Option<String>,
    turns: Vec<TurnRow>,
    problems: Vec<String>,
    skipped: Vec<SkippedNamespace>,
    warnings: Vec<String>,
}

/// One turn.
#[derive(Serialize)]
struct TurnRow {
    /// The instant of the slot, in UTC.
    slot: Timestamp,
    /// The instant on the wall clock of the schedule's zone.
    local: String,
    namespace: String,
    owner: PodOwner,
    every: String,
    period_end: Timestamp,
}

/// Lists the turns; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &ScheduleArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags()) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let calendar = match checked_calendar(&settings) {
        Ok(calendar) => calendar,
        Err(why) => {
            telemetry::print_error(why);
            return exit::USAGE;
        }
    };
    let from = match args.start(calendar) {
        Ok(from) => from,
        Err(code) => return code,
    };

    let config = setup::round_config(&settings);
    let scan = match System::new().block_on(read(&settings, &config)) {
        Ok(scan) => scan,
        Err(code) => return code,
    };
    if args.ics {
        return ics::run_with_owners(&settings, &scan, args);
    }
    let to = end(from, args.weeks());
    let Some(turns) = ScopeTurns::of(&config.disrupt, calendar, &scan.owners) else {
        return exit::USAGE;
    };
    let view = TurnsView::of(&turns, calendar, &scan, from, to);

    output::write_in(args.output, &view, |is_wide| page(&view, is_wide));
    if scan.listed == 0 && !scan.problems.is_empty() {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

/// The calendar in which owners have turns.
///
/// # Errors
/// The reason why no turn can be known, and what to do.
fn checked_calendar(settings: &ValidSettings) -> Result<&Calendar, &'static str> {
    match settings.config.disrupt.pace {
        DisruptionPace::Count => Err(
            "disrupt.pace is count: each round takes pods of anybody, so no owner has a turn; set disrupt.pace = \"rota\", \
             or leave out --owners",
        ),
        DisruptionPace::Chance { .. } => Err(
            "disrupt.pace is chance: turns are drawn when they come, so none can be known; set disrupt.pace = \
             \"rota\", or leave out --owners",
        ),
        DisruptionPace::Rota { .. } => settings.config.calendar.as_ref().ok_or(
            "schedule.cron is not set, so no owner has a turn: set it in the file, such as cron = \"*/30 9-16 * * \
             Mon-Fri\", or with MACAQUE_SCHEDULE__CRON",
        ),
    }
}

/// Lists the owners.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
async fn read(settings: &ValidSettings, config: &RoundConfig) -> Result<TurnScan, i32> {
    let platform = Platform::system();
    let cluster = setup::connect(&settings.cluster, &platform).await?;
    // Nothing asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(&platform);
    let reader = PreviewReader {
        cluster: &cluster,
        stop: &stop,
        platform: &platform,
    };
    let owners = progress::shown(cluster.progress(), &platform, reader.turn_owners(config)).await;
    owners.map_err(|end| {
        telemetry::print_error(&output::failure_text(end));
        exit::CLUSTER
    })
}

/// The instant `weeks` later, or the last one there is.
fn end(from: Timestamp, weeks: u8) -> Timestamp {
    let weeks = SignedDuration::from_hours(24 * 7 * i64::from(weeks));
    from.checked_add(weeks).unwrap_or(Timestamp::MAX)
}

impl TurnsView {
    fn of(
        turns: &ScopeTurns<'_>,
        calendar: &Calendar,
        scan: &TurnScan,
        from: Timestamp,
        to: Timestamp,
    ) -> Self {
        let rota = turns.rota();
        let load = rota.load(&scan.owners, from);
        let unplaced = load.unplaced.iter();
        let row = |turn: Turn| TurnRow {
            slot: turn.slot,
            local: local(turn.slot, calendar.zone()),
            namespace: turn.owner.namespace,
            owner: turn.owner.owner,
            every: in_days(turn.every),
            period_end: turn.period_end,
        };

        Self {
            schedule: calendar.to_string(),
            every: in_days(rota.every),
            count: rota.capacity,
            from,
            to,
            owners: scan.owners.len(),
            own_every: scan
                .owners
                .iter()
                .filter(|owner| has_own_every(owner, &rota))
                .count(),
            wanted: load.wanted,
            offered: load.offered,
            percent: load.percent(),
            without_slot: unplaced.map(ToString::to_string).collect(),
            overload: load.warning(),
            turns: turns.between(from, to).into_iter().map(row).collect(),
            problems: scan.problems.clone(),
            skipped: scan.skipped.clone(),
            warnings: scan.warnings.clone(),
        }
    }
}

/// The turns for people.
fn page(view: &TurnsView, is_wide: bool) -> String {
    let mut parts = vec![format!("{}\n{}", view.schedule, load(view))];

    if !view.turns.is_empty() {
        let table = TableColumns::new(is_wide)
            .column("SLOT", |turn: &TurnRow| turn.local.clone())
            .wide("UTC", |turn| turn.slot.to_string())
            .column("IN", |turn| until(view.from, turn.slot))
            .column("NAMESPACE", |turn| turn.namespace.clone())
            .column("OWNER", |turn| turn.owner.to_string())
            .column("EVERY", |turn| turn.every.clone())
            .wide("PERIOD END", |turn| turn.period_end.to_string())
            .table(&view.turns);
        parts.push(table);
    }

    let remarks = remarks(view);
    if !remarks.is_empty() {
        parts.push(remarks.join("\n"));
    }
    parts.join("\n\n")
}

/// Whether an owner has periods of another length than the rota's.
fn has_own_every(owner: &RotaOwner, rota: &Rota<'_>) -> bool {
    owner
        .every
        .is_some_and(|every| every != rota.every && rota.accepts(every))
}

/// How full the rota is: `every 10d each of 12 owners has a turn (3 of them as often as macaque/every says), at most 1 in
/// a slot; …`.
fn load(view: &TurnsView) -> String {
    let own = match view.own_every {
        0 => String::new(),
        own => format!(" ({own} of them as often as macaque/every says)"),
    };
    format!(
        "every {} each of {} has a turn{own}, at most {} in a slot; this period: {} of {} taken ({} %)",
        view.every,
        text::count(view.owners, "owner"),
        view.count,
        view.wanted,
        text::count(view.offered, "turn"),
        view.percent,
    )
}

fn remarks(view: &TurnsView) -> Vec<String> {
    let mut remarks = Vec::new();
    if view.owners == 0 {
        remarks.push(
            "no owner has a turn: no pod in scope is eligible, or will be (macaque plan says why)".to_owned(),
        );
    } else if view.turns.is_empty() {
        remarks.push("no turn comes in this time (--weeks lists more)".to_owned());
    }

    remarks.extend(view.overload.iter().map(|warning| format!("warning: {warning}")));
    if !view.without_slot.is_empty() {
        remarks.push(line(&format!(
            "no turn in this period: {}",
            names(&view.without_slot)
        )));
    }

    let labelled = |label: &str, texts: &[String]| -> Vec<String> {
        let texts = texts.iter();
        texts.map(|text| line(&format!("{label}: {text}"))).collect()
    };
    remarks.extend(view.skipped.iter().map(|skipped| {
        let SkippedNamespace { namespace, why } = skipped;
        line(&format!("skipped: namespace {namespace}: {why}"))
    }));
    remarks.extend(counted(labelled("problem", &view.problems)));
    remarks.extend(labelled("warning", &view.warnings));
    remarks
}
