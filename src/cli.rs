//! The command line: flags as typed, and which command they ask for. Parsing does nothing yet; each command has a
//! file of its own.

mod args;
mod budgets;
mod check;
mod deed;
#[cfg(feature = "sandbox")]
mod demo;
mod foretell;
mod format;
mod once;
mod plan;
mod rbac;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod why;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use args::{Args, Command};

/// The process's exit codes, as `macaque --help` and the README list them.
pub mod exit {
    /// The command did what it was asked; `once`: at least one pod was disrupted, or spared in dry run.
    pub const OK: i32 = 0;
    /// The cluster could not be reached, did not permit it, or the outcome is unknown.
    pub const CLUSTER: i32 = 1;
    /// Usage or configuration.
    pub const USAGE: i32 = 2;
    /// `once`: every victim tried was refused, or gone before.
    pub const REFUSED: i32 = 3;
    /// `budgets`: a budget needs mending. The same code: the API server says no to a disruption.
    pub const FOUND: i32 = REFUSED;
    /// `once`: no pod was eligible.
    pub const IDLE: i32 = 4;
}

/// Runs the command line `args` (with the program's name first); returns the process's exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // A closed pipe is no reason to fail while printing help.
            let _ = error.print();
            return error.exit_code();
        }
    };
    match args.command.unwrap_or_default() {
        Command::Run(scope) => run::run(&args.common, &scope),
        Command::Once(once) => once::run(&args.common, &once),
        Command::Plan(plan) => plan::run(&args.common, &plan),
        Command::Why(why) => why::run(&args.common, &why),
        Command::Check(check) => check::run(&args.common, &check),
        Command::Budgets(budgets) => budgets::run(&args.common, &budgets),
        Command::Rbac(rbac) => rbac::run(&args.common, &rbac),
        Command::Schedule(schedule) => foretell::run(&args.common, &schedule),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "macaque", &mut script);
            format::raw(&script);
            exit::OK
        }
        #[cfg(feature = "sandbox")]
        Command::Sandbox(flags) => sandbox::run(&flags),
        #[cfg(feature = "sandbox")]
        Command::Demo(flags) => demo::run(&flags),
    }
}
