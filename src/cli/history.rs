//! `macaque history`: what was disrupted, and how it recovered.

mod cluster_reader;
pub(super) mod source;

use clap::Args;

use self::source::SourceArgs;
use super::args::GlobalArgs;
use super::exit;

/// The flags of `macaque history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    source: SourceArgs,
}

/// Runs the command; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &HistoryArgs) -> i32 {
    match source::load(global, &args.source) {
        Ok(_) => exit::OK,
        Err(code) => code,
    }
}
