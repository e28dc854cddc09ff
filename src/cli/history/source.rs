//! Where a command gets a history from: the cluster that macaque runs in, or a log.

use std::path::PathBuf;

use actix::System;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::history::History;
use macaque_core::journal::Journal;

use super::cluster_reader::ClusterReader;
use crate::cli::args::GlobalArgs;
use crate::cli::{exit, setup};
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
    pub(in crate::cli) place: PlaceArgs,
}

impl SourceArgs {
    /// Whether the history comes from a log.
    pub(in crate::cli) fn is_log(&self) -> bool {
        self.from.is_some()
    }
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
    if args.from.is_some() {
        telemetry::print_error("--from: not yet");
        return Err(exit::USAGE);
    }

    load_with(&settings_of_place(global, &args.place)?)
}

/// Loads the history of the macaque with these settings.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
pub(in crate::cli) fn load_with(settings: &CommandSettings) -> Result<LoadedHistory, i32> {
    let zone = settings.zone.clone();
    let ClusterHistory {
        history,
        journal,
        now,
        warnings,
    } = read_cluster(settings)?;
    let history = history.map_err(|fault| fault.report())?;
    Ok(LoadedHistory {
        history,
        journal,
        now,
        zone,
        warnings,
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
pub(in crate::cli) fn settings_of_place(global: &GlobalArgs, place: &PlaceArgs) -> Result<CommandSettings, i32> {
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

impl HistoryFault {
    /// Reports the reason on standard error; returns the exit code.
    pub(in crate::cli) fn report(&self) -> i32 {
        telemetry::print_error(&self.words);
        self.code
    }
}
