//! `macaque blame`.

use clap::Args;

use super::args::GlobalArgs;
use super::exit;

/// The flags of `macaque blame`.
#[derive(Debug, Args)]
pub(super) struct BlameArgs {}

/// Runs the command; returns the process's exit code.
pub(super) fn run(_global: &GlobalArgs, _args: &BlameArgs) -> i32 {
    exit::OK
}
