//! The command line: flags as typed, and which command they ask for. Parsing does nothing yet; each command has a
//! file of its own.

mod args;
mod budgets;
mod check;
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
mod start_time;
mod why;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use args::{Cli, Command, GlobalArgs, ScopeArgs};

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
    let args = match Cli::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // A closed pipe is no reason to fail while printing help.
            let _ = error.print();
            return error.exit_code();
        }
    };
    let Cli {
        common: before,
        scope,
        command,
    } = args;
    let Some(command) = command else {
        return run::run(&before, &scope);
    };
    if let Err(error) = misplaced(&before, &scope, &command) {
        let _ = error.print();
        return error.exit_code();
    }
    match command {
        Command::Run(run) => run::run(&run.common.or(before), &run.scope),
        Command::Once(once) => once::run(&once.common.clone().or(before), &once),
        Command::Plan(plan) => plan::run(&plan.common.clone().or(before), &plan),
        Command::Why(why) => why::run(&why.common.clone().or(before), &why),
        Command::Check(check) => check::run(&check.common.clone().or(before), &check),
        Command::Budgets(budgets) => budgets::run(&budgets.common.clone().or(before), &budgets),
        Command::Rbac(rbac) => rbac::run(&rbac.common.clone().or(before), &rbac),
        Command::Pause(pause) => pause::pause(&pause.common.clone().or(before), &pause),
        Command::Resume(resume) => pause::resume(&resume.common.clone().or(before), &resume),
        Command::Schedule(schedule) => {
            let config = schedule.config.clone().or(before.config);
            schedule::run(config, &schedule)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "macaque", &mut script);
            output::raw(&script);
            exit::OK
        }
        #[cfg(feature = "sandbox")]
        Command::Sandbox(flags) => sandbox::run(&flags),
        #[cfg(feature = "sandbox")]
        Command::Demo(flags) => demo::run(&flags),
    }
}

/// A flag before the name of a command that does not know it, or not there: no flag is ignored.
fn misplaced(before: &GlobalArgs, scope: &ScopeArgs, command: &Command) -> Result<(), clap::Error> {
    let stray = match command {
        Command::Run(_)
        | Command::Once(_)
        | Command::Plan(_)
        | Command::Why(_)
        | Command::Check(_)
        | Command::Budgets(_)
        | Command::Rbac(_)
        | Command::Pause(_)
        | Command::Resume(_) => None,
        Command::Schedule(_) => before.flags().first().map(|flag| flag.name),
        Command::Completions { .. } => before.given(),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(_) | Command::Demo(_) => before.given(),
    };
    let of_run = scope.flags().first().map(|flag| flag.name);
    let words = match (stray, of_run) {
        (Some(flag), _) => format!("the command does not know '{flag}'\n"),
        (None, Some(flag)) => format!("'{flag}' belongs behind the command's name\n"),
        (None, None) => return Ok(()),
    };
    Err(Cli::command().error(ErrorKind::ArgumentConflict, words))
}
