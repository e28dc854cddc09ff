//! The command line: one file for each command, by its name. docs/cli.md lists the commands and the exit codes.
//!
//! A new command is one file, and here one `mod` line, one variant of `Command` and one arm. No flag is ignored: what a
//! command does not use is a usage error.

mod args;
mod blame;
mod budgets;
mod check;
mod color;
mod complete;
mod completions;
mod config;
#[cfg(feature = "sandbox")]
mod demo;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod history;
mod interrupt;
mod man;
mod migrate;
mod notify;
mod once;
mod output;
mod pause;
mod plan;
mod progress;
mod rbac;
mod report;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schedule;
mod setup;
mod why;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::args::{GlobalArgs, ScopeArgs};
use self::color::ColorWhen;
use crate::program;

/// What follows the flags. Clap wraps each line at the terminal's width and keeps its indentation, so a line that hangs
/// begins with the spaces that it hangs by.
const AFTER_HELP: &str = "\
Exit codes:
  0   done
      once: at least one pod was disrupted, or picked in a dry run
  1   no response, no permission, no such object, or an unknown outcome
      standard output could not be written
      once: failed or interrupted
      check: a failure was found
      notify test: a channel did not take the sample
      blame: nobody can tell
  2   wrong usage or configuration
  3   once: all refused or already gone
      once: the journal allowed none
      budgets: a budget needs fixing
      report: an owner recovered late or not in time
      migrate: a restriction has no equal
      blame: yes or maybe
  4   once: no pod was eligible
  5   once --wait: a victim did not recover in time
  6   once: a guard held back
  7   once: a guard could not answer
  70  run: too many internal failures
  75  run: stopped with undelivered reports
      run: stopped by a second signal

Every setting can be set in a TOML file or in the environment (MACAQUE_DISRUPT__COUNT sets disrupt.count), and the \
common ones by flags. Flags override the environment, and the environment overrides the file. MACAQUE_CONFIG names the \
file, as --config does; MACAQUE_POD_NAME and MACAQUE_POD_NAMESPACE name the pod that macaque runs in.";

/// The flags whose value is optional, and therefore joined to them.
const JOINED: [&str; 4] = ["--dry-run", "--wait", "--watch", "-w"];

/// The process's exit codes, as docs/cli.md lists them.
pub mod exit {
    /// The command did what it was asked; `once`: at least one pod was disrupted, or picked in a dry run.
    pub const OK: i32 = 0;
    /// The cluster did not respond, did not permit it or has no such object, the outcome is unknown, or the round failed;
    /// or standard output cannot be written. `blame`: what is known does not suffice for an answer.
    pub const CLUSTER: i32 = 1;
    /// Wrong usage or configuration.
    pub const USAGE: i32 = 2;
    /// `once`: all attempts were refused or the pods were already gone, or the journal allowed none.
    pub const REFUSED: i32 = 3;
    /// `budgets`: a budget needs fixing. The code is that of a refusal: the API server would refuse an eviction.
    /// `report`: an owner recovered late or not in time. `migrate`: a restriction of the other tool has no equal.
    /// `blame`: it was macaque, or may have been.
    pub const FOUND: i32 = REFUSED;
    /// `once`: no pod was eligible.
    pub const IDLE: i32 = 4;
    /// `once --wait`: a victim did not recover, not within the expected time, or not within the time to wait.
    pub const UNRECOVERED: i32 = 5;
    /// `once`: nothing was disrupted, because a guard held it back.
    pub const HELD: i32 = 6;
    /// `once`: nothing was disrupted, because a guard could not answer.
    pub const UNANSWERED: i32 = 7;

    /// The code of a command that would end with `code`: if its output is incomplete, nobody may rely on it.
    pub(super) fn of_output(code: i32) -> i32 {
        if super::output::is_incomplete() {
            CLUSTER
        } else {
            code
        }
    }
}

/// A chaos monkey for Kubernetes: evicts or deletes random pods on a schedule, and reports what the API server answered
#[derive(Debug, Parser)]
#[command(name = "macaque", version, after_help = AFTER_HELP, subcommand_help_heading = "Commands")]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(flatten, next_help_heading = "Options of `run`")]
    scope: ScopeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The commands; without one, `run`. A command that does not use every global flag says so by [`all_but`].
#[derive(Debug, Subcommand)]
enum Command {
    /// Run rounds on the schedule until stopped (the default)
    Run(run::RunArgs),
    /// Run one round now; the exit code reports the result
    Once(once::OnceArgs),
    /// Predict the next round: the candidates, their budgets and chances; disrupts nothing
    Plan(plan::PlanArgs),
    /// Explain why a pod, or the pods of an owner, can or cannot be picked; disrupts nothing
    Why(why::WhyArgs),
    /// Check the configuration, the connection and the permissions; disrupts nothing
    Check(check::CheckArgs),
    /// Check the PodDisruptionBudgets in scope: which allow no eviction, and how to fix them
    Budgets(budgets::BudgetsArgs),
    /// Print the least-privilege Roles for the configuration in use, for `kubectl apply -f -`
    Rbac(rbac::RbacArgs),
    /// Pause all replicas, until resumed or for a duration
    Pause(pause::PauseArgs),
    /// End a pause; also accepts a journal that was restored from a backup
    Resume(pause::ResumeArgs),
    /// List what was disrupted, and how it recovered
    History(history::HistoryArgs),
    /// Sum up each owner: disruptions, refusals, recoveries, and who never had a turn
    Report(report::ReportArgs),
    /// Answer whether macaque was the cause of what happened at some time
    Blame(blame::BlameArgs),
    /// Send a sample to the channels, and print what each answered; needs no cluster
    #[command(args = all_but(&["config", "kubeconfig", "context"]))]
    Notify(notify::NotifyArgs),
    /// Print the configuration that does what chaoskube, kube-monkey or the Go macaque was configured to do
    #[command(args = all_but(&[]))]
    Migrate(migrate::MigrateArgs),
    /// List the next scheduled rounds and those skipped by quiet times, or whose turn comes when
    Schedule(schedule::ScheduleArgs),
    /// Print the schema of the configuration file, or the settings in use; needs no cluster
    Config(config::ConfigArgs),
    /// Print a shell completion script
    #[command(args = all_but(&[]))]
    Completions(completions::CompletionsArgs),
    /// Print the manual page of macaque or of a command, for `man -l -`
    #[command(args = all_but(&[]))]
    Man(man::ManArgs),
    /// Complete the last of some words, for kubectl
    #[command(name = "__complete", hide = true, args = all_but(&[]))]
    Complete(complete::CompleteArgs),
    /// Serve an in-memory Kubernetes API with a small shop, for trying out macaque and kubectl
    #[cfg(feature = "sandbox")]
    #[command(args = all_but(&[]))]
    Sandbox(sandbox::SandboxArgs),
    /// Watch macaque evict pods of the in-memory Kubernetes API; needs no cluster
    #[cfg(feature = "sandbox")]
    #[command(args = all_but(&[]))]
    Demo(demo::DemoArgs),
}

/// Runs the command line `args` (with the program's name first); returns the process's exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let args: Vec<_> = args.into_iter().collect();
    if let Some(path) = args.first() {
        program::set_called_by(path);
    }
    ColorWhen::of(&args).decide();
    let cli = match Cli::from_args(args) {
        Ok(cli) => cli,
        Err(error) => {
            let printed = error.print();
            // A closed standard error is no reason to fail.
            if !error.use_stderr() {
                output::note(printed);
            }
            return exit::of_output(error.exit_code());
        }
    };
    exit::of_output(run_command(cli))
}

fn run_command(cli: Cli) -> i32 {
    let Cli {
        global,
        scope,
        command,
    } = cli;
    match command.unwrap_or(Command::Run(run::RunArgs { scope })) {
        Command::Run(args) => run::run(&global, &args),
        Command::Once(args) => once::run(&global, &args),
        Command::Plan(args) => plan::run(&global, &args),
        Command::Why(args) => why::run(&global, &args),
        Command::Check(args) => check::run(&global, &args),
        Command::Budgets(args) => budgets::run(&global, &args),
        Command::Rbac(args) => rbac::run(&global, &args),
        Command::Pause(args) => pause::run(&global, &args),
        Command::Resume(args) => pause::resume(&global, &args),
        Command::History(args) => history::run(&global, &args),
        Command::Report(args) => report::run(&global, &args),
        Command::Blame(args) => blame::run(&global, &args),
        Command::Notify(args) => notify::run(&global, &args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Schedule(args) => schedule::run(&global, &args),
        Command::Config(args) => config::run(&global, &args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Complete(args) => complete::run(&args),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::run(&args),
        #[cfg(feature = "sandbox")]
        Command::Demo(args) => demo::run(&args),
    }
}

impl Cli {
    /// Parses the command line, with the program's name first.
    ///
    /// # Errors
    /// The help or the version that was asked for; or a usage error, including a flag that the command does not use.
    fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command().bin_name(program::name());
        let args: Vec<_> = args.into_iter().collect();
        let matches = command.try_get_matches_from_mut(&args);
        let matches = matches.map_err(|error| with_joined_value(error, &args))?;
        let unused = unused_flag(&command, &matches);
        let cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;

        let of_schedule = match &cli.command {
            Some(Command::Schedule(args)) => args.unused_flag(&cli.global),
            _ => None,
        };
        if let Some(flag) = of_schedule {
            let words = format!("unexpected argument '{flag}': 'schedule' does not use it without --owners");
            return Err(command.error(ErrorKind::UnknownArgument, words));
        }
        if let Some((flag, name)) = unused {
            let words = format!("unexpected argument '{flag}': '{name}' does not use it");
            let subcommand = command.find_subcommand(&name).cloned();
            let mut command = subcommand.unwrap_or(command);
            return Err(command.error(ErrorKind::UnknownArgument, words));
        }
        if cli.command.is_some()
            && let Some(flag) = cli.scope.flags().first()
        {
            let words = format!("put '{}' after the command's name", flag.name);
            return Err(command.error(ErrorKind::ArgumentConflict, words));
        }
        Ok(cli)
    }
}

/// The error with a tip, if a flag whose value is optional has it as a word of its own: `--dry-run false`.
fn with_joined_value(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    let unknown = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
    let Some(ContextValue::String(word)) = unknown.into_iter().find_map(|kind| error.get(kind)) else {
        return error;
    };
    let is_split =
        |pair: &&[OsString]| JOINED.iter().any(|flag| pair[0] == *flag) && pair[1] == word.as_str();
    let split = args.windows(2).find(is_split);
    let tip = split.map(|pair| format!("write '{}={word}'", pair[0].display()));
    if let Some(tip) = tip {
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// The global flags that a command does not use, hidden from its help; [`unused_flag`] refuses them.
fn all_but(used: &[&str]) -> Vec<Arg> {
    let global = GlobalArgs::augment_args(clap::Command::new("global"));
    let is_used = |arg: &&Arg| arg.get_id() == "color" || used.contains(&arg.get_id().as_str());
    let unused = global.get_arguments().filter(|arg| !is_used(arg));
    unused.map(|arg| arg.clone().global(false).hide(true)).collect()
}

/// The first flag given, before or after the command's name, that the command does not use; and the command's name.
fn unused_flag(command: &clap::Command, matches: &ArgMatches) -> Option<(String, String)> {
    let (name, given) = matches.subcommand()?;
    let subcommand = command.find_subcommand(name)?;
    if let Some((flag, action)) = unused_flag(subcommand, given) {
        return Some((flag, format!("{name} {action}")));
    }
    let mut unused = subcommand.get_arguments().filter(|arg| arg.is_hide_set());
    let is_given = |arg: &&Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let flag = unused.find(is_given)?.get_long()?;
    Some((format!("--{flag}"), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    /// The help of macaque and of each command, at a width.
    fn helps(width: usize) -> Vec<String> {
        let mut command = Cli::command().term_width(width);
        command.build();
        let subcommands = command.get_subcommands_mut();
        let mut helps: Vec<_> = subcommands
            .map(|command| command.clone().term_width(width).render_help().to_string())
            .collect();
        helps.push(command.render_help().to_string());
        helps
    }

    #[test]
    fn no_help_is_wider_than_the_terminal_unless_one_word_is() {
        for width in [40, 60, 72, 80, 90, 97, 98, 100, 120, 200] {
            for help in helps(width) {
                for line in help.lines().filter(|line| line.trim().contains(' ')) {
                    let is_usage = line.starts_with("Usage:") || line.trim_start().starts_with('-');
                    assert!(
                        line.chars().count() <= width || is_usage,
                        "{width}: {line:?}\n{help}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_follows_the_flags_is_wrapped_once_and_keeps_its_indentation() {
        for width in [40, 60, 72, 80, 90, 97, 98, 100, 120, 200] {
            let help = helps(width).pop().unwrap();
            let (_, after) = help.split_once("Exit codes:\n").unwrap();
            let mut lines = after.trim_end().lines();

            for source in AFTER_HELP.lines().skip(1) {
                let indent = indentation(source);
                let mut line = lines.next().unwrap();
                let mut whole = line.to_owned();
                while whole.len() < source.len() {
                    let next = lines.next().unwrap();
                    let word = next.trim_start().split(' ').next().unwrap();
                    assert_eq!(indentation(next), indent, "{width}: {next:?}\n{help}");
                    assert!(
                        line.len() + 1 + word.len() > width,
                        "{width}: {word:?} had room before\n{help}"
                    );

                    whole = format!("{whole} {}", next.trim_start());
                    line = next;
                }
                assert_eq!(whole, source, "{width}");
            }
            assert_eq!(lines.next(), None, "{width}");
        }
    }

    fn indentation(line: &str) -> usize {
        line.len() - line.trim_start().len()
    }

    #[test]
    fn every_global_flag_works_before_and_after_a_command_that_uses_it_and_is_refused_by_any_other() {
        let global = GlobalArgs::augment_args(clap::Command::new("global"));
        let global: Vec<_> = global.get_arguments().collect();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let required = match name {
                "why" => Some("shop/web"),
                "completions" => Some("bash"),
                "migrate" => Some("chaoskube"),
                "notify" => Some("test"),
                "config" => Some("print"),
                "schedule" => Some("--owners"),
                _ => None,
            };
            for arg in &global {
                let value = if arg.get_id() == "color" { "never" } else { "value" };
                let flag = format!("--{}={value}", arg.get_long().unwrap());
                let before = ["macaque", &flag, name].into_iter().chain(required);
                let after = ["macaque", name].into_iter().chain(required).chain([&*flag]);
                let is_used = !command.get_arguments().any(|own| own.get_id() == arg.get_id());
                for args in [before.collect::<Vec<_>>(), after.collect()] {
                    let parsed = Cli::from_args(args.iter().map(OsString::from));
                    assert_eq!(parsed.is_ok(), is_used, "{args:?}: {parsed:?}");
                    if let Err(error) = parsed {
                        assert_eq!(error.exit_code(), 2);
                    }
                }
            }
        }
    }
}
