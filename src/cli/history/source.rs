//! Where a command gets a history from: the cluster that macaque runs in, or a log.

use std::path::{Path, PathBuf};

use actix::System;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::history::{History, HistoryGap};
use macaque_core::journal::Journal;

use super::cluster_reader::ClusterReader;
use super::log_source;
use crate::cli::args::GlobalArgs;
use crate::cli::{exit, setup};
use crate::history::last_instant;
use crate::platform::Platform;
use crate::settings::{CommandSettings, is_object_name};
use crate::telemetry;

/// The flag that names the namespace that macaque runs in.
const PLACE_FLAG: &str = "--macaque-namespace";

/// The error if the namespace that macaque runs in is not known.
const NO_NAMESPACE: &str =
    "the namespace that macaque runs in is not known (name it with --macaque-namespace)";

/// The flag that says where the journal and the history are.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct PlaceArgs {
    /// Namespace that macaque runs in [default: the one this process runs in, else the context's]
    #[arg(long, value_name = "NAME")]
    macaque_namespace: Option<String>,
}

/// The flags that say where a history comes from.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct SourceArgs {
    /// Read a log of macaque in JSON instead of the cluster; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "macaque_namespace")]
    from: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// A history that was read, from the cluster or from a log.
#[derive(Debug, Clone)]
pub(in crate::cli) struct LoadedHistory {
    /// What happened. What the journal holds beyond the stored history is in it.
    pub(in crate::cli) history: History,
    /// The journal, or why it is not known; a log holds none.
    pub(in crate::cli) journal: Result<Journal, String>,
    /// What the history is complete up to: when it was read or, of a log, the last instant in it.
    pub(in crate::cli) now: Timestamp,
    /// The time zone of the schedule, in which times are printed.
    pub(in crate::cli) zone: TimeZone,
    /// The disruptions that are known to be missing, oldest first.
    pub(in crate::cli) gaps: Vec<HistoryGap>,
    /// Whether it was read out of a log.
    pub(in crate::cli) is_log: bool,
    /// What a reader has to know, in words: each is for standard error.
    pub(in crate::cli) warnings: Vec<String>,
}

/// What a cluster knows of what happened; each part may be missing.
#[derive(Debug, Clone)]
pub(in crate::cli) struct ClusterHistory {
    /// What happened, or why that is not known. What the journal holds beyond the stored history is in it.
    pub(in crate::cli) history: Result<History, HistoryFault>,
    /// The journal, or why it cannot be read.
    pub(in crate::cli) journal: Result<Journal, String>,
    /// When reading began: nothing that came later need be in it.
    pub(in crate::cli) now: Timestamp,
    /// What a reader has to know, in words.
    pub(in crate::cli) warnings: Vec<String>,
}

/// The reason why there is no history, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct HistoryFault {
    /// The reason, and what to do, in words.
    pub(in crate::cli) words: String,
    /// The exit code of a command that can do nothing without a history.
    pub(in crate::cli) code: i32,
}

/// Loads the history that `args` ask for, and starts the log.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
pub(in crate::cli) fn load(global: &GlobalArgs, args: &SourceArgs) -> Result<LoadedHistory, i32> {
    if let Some(file) = &args.from {
        return load_log(global, file);
    }

    load_with(&settings_of_place(global, &args.place)?)
}

/// Loads the history of the macaque with these settings.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
pub(in crate::cli) fn load_with(settings: &CommandSettings) -> Result<LoadedHistory, i32> {
    let read = read_cluster(settings)?;
    LoadedHistory::of_cluster(read, settings.zone.clone()).map_err(|fault| fault.report())
}

/// Loads the history that a log holds, and starts the log of this process.
fn load_log(global: &GlobalArgs, file: &Path) -> Result<LoadedHistory, i32> {
    let unused = global
        .flags()
        .into_iter()
        .find(|flag| flag.key.starts_with("cluster."));
    if let Some(flag) = unused {
        telemetry::print_error(&format!(
            "{} is not used with --from, which needs no cluster",
            flag.name
        ));
        return Err(exit::USAGE);
    }

    let zone = setup::load_zone(global)?;
    let read = log_source::read(file).map_err(|why| {
        telemetry::print_error(&format!("--from: {why}"));
        exit::USAGE
    })?;
    telemetry::print_note(&format!("{}: {}", log_source::name(file), read.counts));
    let warnings = read.counts.warnings();
    let history = read.history;
    Ok(LoadedHistory {
        journal: Err("a log holds no journal".to_owned()),
        now: last_instant(&history).unwrap_or_else(|| Platform::system().now()),
        zone,
        gaps: log_source::gaps(&history),
        is_log: true,
        warnings,
        history,
    })
}

/// Loads what the cluster knows, part by part, and the time zone of the schedule; starts the log.
///
/// # Errors
/// The exit code, after the problem was reported on standard error: the settings have mistakes, or no cluster is known.
pub(in crate::cli) fn load_from_cluster(
    global: &GlobalArgs,
    place: &PlaceArgs,
) -> Result<(ClusterHistory, TimeZone), i32> {
    let settings = settings_of_place(global, place)?;
    let read = read_cluster(&settings)?;
    Ok((read, settings.zone))
}

/// Loads the settings of the macaque at this place.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(in crate::cli) fn settings_of_place(
    global: &GlobalArgs,
    place: &PlaceArgs,
) -> Result<CommandSettings, i32> {
    let named = place.macaque_namespace.as_ref();
    if let Some(name) = named.filter(|name| !is_object_name(name)) {
        telemetry::print_error(&format!("{PLACE_FLAG}: {name:?} is not a valid namespace name"));
        return Err(exit::USAGE);
    }

    let named = named.cloned().or_else(setup::own_namespace);
    let from_context = || setup::context_namespace(global, NO_NAMESPACE, PLACE_FLAG);
    let namespace = named.map_or_else(from_context, Ok)?;
    setup::load_settings_at(global, Vec::new(), &namespace)
}

fn read_cluster(settings: &CommandSettings) -> Result<ClusterHistory, i32> {
    System::new().block_on(async {
        let platform = Platform::system();
        let cluster = setup::connect(&settings.cluster, &platform).await?;
        let reader = ClusterReader::new(&cluster, &settings.config, &platform);
        Ok(Box::pin(reader.read()).await)
    })
}

impl SourceArgs {
    /// Whether the history is read out of a log.
    pub(in crate::cli) fn is_log(&self) -> bool {
        self.from.is_some()
    }

    /// Where macaque runs, if no log is read.
    pub(in crate::cli) fn place(&self) -> &PlaceArgs {
        &self.place
    }
}

impl LoadedHistory {
    /// The history that was read from a cluster.
    ///
    /// # Errors
    /// The reason why there is none.
    pub(super) fn of_cluster(read: ClusterHistory, zone: TimeZone) -> Result<Self, HistoryFault> {
        let history = read.history?;
        let gaps = match &read.journal {
            Ok(journal) => history.gaps(journal),
            Err(_) => log_source::gaps(&history),
        };
        let within = |gap: HistoryGap| HistoryGap {
            to: gap.to.min(read.now),
            ..gap
        };
        Ok(Self {
            gaps: gaps.into_iter().map(within).collect(),
            history,
            journal: read.journal,
            now: read.now,
            zone,
            is_log: false,
            warnings: read.warnings,
        })
    }

    /// Notes a newer state of the journal, which was read at `now`.
    pub(super) fn note_journal(&mut self, journal: Journal, now: Timestamp) {
        self.history.note_journal(&journal, now);
        self.journal = Ok(journal);
        self.now = now;
    }

    /// Where the history begins: nothing is known of what was before. `None` if it is empty.
    pub(in crate::cli) fn begins(&self) -> Option<Timestamp> {
        let covered = self.journal.as_ref().ok();
        let covered = covered.and_then(|journal| self.history.covered_since(journal));
        let covered = covered.or_else(|| self.history.numbered_since());
        let entries = self.history.entries().iter().map(|entry| entry.at);
        let rounds = self.history.rounds().iter().map(|round| round.slot);
        entries.chain(rounds).chain(covered).min()
    }

    /// What the history was read from, in a word.
    pub(in crate::cli) fn source(&self) -> &'static str {
        if self.is_log { "log" } else { "history" }
    }

    /// Prints the warnings on standard error.
    pub(in crate::cli) fn print_warnings(&self) {
        for warning in &self.warnings {
            telemetry::print_note(warning);
        }
    }
}

impl HistoryFault {
    /// Reports the reason on standard error; returns the exit code.
    pub(in crate::cli) fn report(&self) -> i32 {
        telemetry::print_error(&self.words);
        self.code
    }
}
