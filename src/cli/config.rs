//! `macaque config`: the schema of the configuration file.

use clap::{Args, Subcommand};

use super::all_but;
use super::{exit, output};
use crate::settings::config_schema;

/// The flags of `macaque config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    action: ConfigAction,
}

#[derive(Debug, Subcommand)]
enum ConfigAction {
    /// Print the JSON Schema of the configuration file, for editors
    #[command(args = all_but(&[]))]
    Schema,
}

/// Runs the action; returns the process's exit code.
pub(super) fn run(args: &ConfigArgs) -> i32 {
    match args.action {
        ConfigAction::Schema => output::json(&config_schema()),
    }
    exit::OK
}
