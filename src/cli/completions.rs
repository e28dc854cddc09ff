//! `macaque completions`: a completion script for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use super::{exit, output};

/// The flags of `macaque completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell that will read the script
    shell: Shell,
}

/// Prints the script; returns the process's exit code.
pub(super) fn run(args: &CompletionsArgs) -> i32 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "macaque", &mut script);
    output::write_raw(&script);
    exit::OK
}
