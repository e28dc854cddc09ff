//! `macaque history`.

use clap::Args;

use super::args::GlobalArgs;
use super::exit;

/// The flags of `macaque history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {}

/// Runs the command; returns the process's exit code.
pub(super) fn run(_global: &GlobalArgs, _args: &HistoryArgs) -> i32 {
    exit::OK
}
