//! `macaque __complete`, which is hidden: completes the words after `kubectl macaque`, in the form that kubectl reads.

use std::ffi::OsString;
use std::iter;

use clap::{Args, CommandFactory as _};
use clap_complete::engine::{self, CompletionCandidate};

use super::Cli;
use super::{exit, output};

/// What ends the candidates: files are none, unless they are among them (Cobra's `ShellCompDirectiveNoFileComp`).
const NO_FILES: &str = ":4";

/// The words of the line so far.
#[derive(Debug, Args)]
pub(super) struct CompleteArgs {
    /// Words after the program's name; the last is to be completed, and may be empty
    #[arg(last = true)]
    words: Vec<OsString>,
}

/// Prints the candidates for the last word, one a line; returns the process's exit code.
pub(super) fn run(args: &CompleteArgs) -> i32 {
    let mut words: Vec<_> = iter::once("macaque".into()).chain(args.words.clone()).collect();
    if args.words.is_empty() {
        words.push(OsString::new());
    }
    let last = words.len() - 1;
    let directory = std::env::current_dir().ok();
    // What cannot be completed has no candidates.
    let candidates = engine::complete(&mut Cli::command(), words, last, directory.as_deref());

    let shown = candidates.unwrap_or_default();
    let shown = shown.iter().filter(|candidate| !candidate.is_hide_set());
    let lines: Vec<_> = shown.map(line).chain([NO_FILES.to_owned()]).collect();
    output::write_raw(format!("{}\n", lines.join("\n")).as_bytes());
    exit::OK
}

/// A candidate, and after a tab what it means.
fn line(candidate: &CompletionCandidate) -> String {
    let value = output::line(&candidate.get_value().to_string_lossy());
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    match help.lines().next() {
        Some(help) => format!("{value}\t{help}"),
        None => value,
    }
}
