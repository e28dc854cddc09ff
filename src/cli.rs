//! The command line: one file a command, by its name; docs/cli.md lists the commands and the exit codes.
//!
//! A new command is one file, and here one `mod` line and one arm, and one variant of [`Command`].

mod args;
mod budgets;
mod check;
mod completions;
#[cfg(feature = "sandbox")]
mod demo;
mod once;
mod output;
mod pause;
mod plan;
mod rbac;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schedule;
mod setup;
mod why;

use std::ffi::OsString;

use args::{Cli, Command};
use run::RunArgs;

/// The process's exit codes, as docs/cli.md lists them.
pub mod exit {
    /// The command did what it was asked; `once`: at least one pod was disrupted, or would have been in a dry run.
    pub const OK: i32 = 0;
    /// The cluster did not respond or did not permit it, or the outcome is unknown.
    pub const CLUSTER: i32 = 1;
    /// Wrong usage or configuration.
    pub const USAGE: i32 = 2;
    /// `once`: all attempts were refused or the pods were already gone, or the journal allowed none.
    pub const REFUSED: i32 = 3;
    /// `budgets`: a budget needs fixing. The code is that of a refusal: the API server would refuse an eviction.
    pub const FOUND: i32 = REFUSED;
    /// `once`: no pod was eligible.
    pub const IDLE: i32 = 4;
}

/// Runs the command line `args` (with the program's name first); returns the process's exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let cli = match Cli::from_args(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is no reason to fail while printing help.
            let _ = error.print();
            return error.exit_code();
        }
    };

    let Cli {
        global,
        scope,
        command,
    } = cli;
    match command.unwrap_or(Command::Run(RunArgs { scope })) {
        Command::Run(args) => run::run(&global, &args),
        Command::Once(args) => once::run(&global, &args),
        Command::Plan(args) => plan::run(&global, &args),
        Command::Why(args) => why::run(&global, &args),
        Command::Check(args) => check::run(&global, &args),
        Command::Budgets(args) => budgets::run(&global, &args),
        Command::Rbac(args) => rbac::run(&global, &args),
        Command::Pause(args) => pause::run(&global, &args),
        Command::Resume(args) => pause::resume(&global, &args),
        Command::Schedule(args) => schedule::run(&global, &args),
        Command::Completions(args) => completions::run(&args),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::run(&args),
        #[cfg(feature = "sandbox")]
        Command::Demo(args) => demo::run(&args),
    }
}
