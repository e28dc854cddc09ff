//! Where a command gets a history from: the cluster that macaque runs in, or a log.

use std::path::{Path, PathBuf};

use actix::System;
use clap::Args;
use macaque_core::config::TargetConfig;

pub(in crate::cli) use super::cluster_history::ClusterHistory;
use super::cluster_reader::ClusterReader;
pub(in crate::cli) use super::loaded_history::LoadedHistory;
use super::log_source;
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
    place: PlaceArgs,
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
    Ok(LoadedHistory::of_log(read, zone, Platform::system().now()))
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

/// Reads what the cluster knows, part by part.
///
/// # Errors
/// The exit code, after the problem was reported on standard error: no cluster is known.
pub(in crate::cli) fn read_cluster(settings: &CommandSettings) -> Result<ClusterHistory, i32> {
    System::new().block_on(async {
        let platform = Platform::system();
        let cluster = setup::connect(&settings.cluster, &platform).await?;
        let reader = ClusterReader::new(&cluster, &settings.config, &platform);
        Ok(Box::pin(reader.read()).await)
    })
}

/// Notes which of these namespaces are not in scope, as configured here; by labels, any may be.
pub(in crate::cli) fn note_out_of_scope(namespaces: &[String], target: &TargetConfig) {
    let is_by_labels = target.namespaces.selector().is_some();
    for name in namespaces {
        let is_named = is_by_labels || target.namespaces.contains(name);
        if target.excludes_namespace(name) || !is_named {
            telemetry::print_note(&format!(
                "{name} is not among the namespaces of target, as configured here"
            ));
        }
    }
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
