//! `macaque report`.

use clap::Args;

use super::args::GlobalArgs;
use super::exit;

/// The flags of `macaque report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {}

/// Runs the command; returns the process's exit code.
pub(super) fn run(_global: &GlobalArgs, _args: &ReportArgs) -> i32 {
    exit::OK
}
