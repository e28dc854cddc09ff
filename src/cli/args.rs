//! The flags that several commands share, and the list of commands. No flag is ignored: what a command does not use is
//! a usage error.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::settings::FlagSetting;

const EXIT_CODES: &str = "\
Exit codes:
  0   done; once: at least one pod was disrupted, or would have been in a dry run
  1   no response, no permission, unknown outcome; once: interrupted; check: a failure was found
  2   wrong usage or configuration
  3   once: all refused or already gone, or the journal allowed none; budgets: a budget needs fixing
  4   once: no pod was eligible
  70  run: too many internal failures
  75  run: stopped with undelivered reports, or stopped by a second signal

Every setting can be set in a TOML file or in the environment (MACAQUE_DISRUPT__COUNT sets disrupt.count), and the \
common ones by flags. Flags override the environment, and the environment overrides the file. MACAQUE_CONFIG names the \
file, as --config does; MACAQUE_POD_NAME and MACAQUE_POD_NAMESPACE name the pod that macaque runs in.";

/// A chaos monkey for Kubernetes: evicts or deletes random pods on a schedule, and reports what the API server answered
#[derive(Debug, Parser)]
#[command(name = "macaque", version, after_help = EXIT_CODES, subcommand_help_heading = "Commands")]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(flatten, next_help_heading = "Options of `run`")]
    pub(super) scope: ScopeArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The commands; without one, `run`. A command that does not use every global flag says so by [`all_but`].
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run rounds on the schedule until stopped (the default)
    Run(super::run::RunArgs),
    /// Run one round now; the exit code reports the result
    Once(super::once::OnceArgs),
    /// Predict the next round: the candidates, their budgets and chances; disrupts nothing
    Plan(super::plan::PlanArgs),
    /// Explain why a pod, or the pods of an owner, can or cannot be picked; disrupts nothing
    Why(super::why::WhyArgs),
    /// Check the configuration, the connection and the permissions; disrupts nothing
    Check(super::check::CheckArgs),
    /// Check the PodDisruptionBudgets in scope: which allow no eviction, and how to fix them
    Budgets(super::budgets::BudgetsArgs),
    /// Print the least-privilege Roles for the configuration in use, for `kubectl apply -f -`
    Rbac(super::rbac::RbacArgs),
    /// Pause all replicas, until resumed or for a duration
    Pause(super::pause::PauseArgs),
    /// End a pause; also accepts a journal that was restored from a backup
    Resume(super::pause::ResumeArgs),
    /// List the next scheduled rounds and those skipped by quiet times
    #[command(args = all_but(&["config"]))]
    Schedule(super::schedule::ScheduleArgs),
    /// Print a shell completion script
    #[command(args = all_but(&[]))]
    Completions(super::completions::CompletionsArgs),
    /// Serve an in-memory Kubernetes API with a small shop, for trying out macaque and kubectl
    #[cfg(feature = "sandbox")]
    #[command(args = all_but(&[]))]
    Sandbox(super::sandbox::SandboxArgs),
    /// Watch macaque evict pods of the in-memory Kubernetes API; needs no cluster
    #[cfg(feature = "sandbox")]
    #[command(args = all_but(&[]))]
    Demo(super::demo::DemoArgs),
}

/// Flags of every command that reads a cluster, before its name or after it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalArgs {
    /// TOML file with the settings [default: /etc/macaque/macaque.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Kubeconfig to use [default: the service account in a cluster, else kubectl's default]
    #[arg(long, global = true, value_name = "FILE")]
    kubeconfig: Option<String>,
    /// Context in the kubeconfig [default: its current context]
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Log format: auto, text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Lowest level to log: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

/// Flags that say which pods are disrupted, and how.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ScopeArgs {
    /// Namespace in scope; repeat the flag, or separate names by commas
    #[arg(
        short,
        long,
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "all_namespaces"
    )]
    namespace: Vec<String>,
    /// All namespaces in scope (needs a ClusterRole)
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only pods with these labels, as in `kubectl -l`
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,
    /// How to disrupt: evict (honours budgets) or delete (asks no budget)
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Victims per round
    #[arg(long, value_name = "NUMBER")]
    count: Option<String>,
    /// Only report what would be disrupted; `--dry-run=false` enables disruption
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<String>,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    // For people.
    #[default]
    Table,
    // For programs.
    Json,
    // For both.
    Yaml,
}

impl Cli {
    /// Parses the command line, with the program's name first.
    ///
    /// # Errors
    /// The help or the version that was asked for; or a usage error, also for a flag that the command does not use.
    pub(super) fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(args)?;
        let unused = unused_flag(&command, &matches);
        let cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;

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

/// The global flags, but for those in `used`, as a command refuses them: accepted nowhere, and not in its help.
fn all_but(used: &[&str]) -> Vec<Arg> {
    let global = GlobalArgs::augment_args(clap::Command::new("global"));
    let unused = global
        .get_arguments()
        .filter(|arg| !used.contains(&arg.get_id().as_str()));
    unused.map(|arg| arg.clone().global(false).hide(true)).collect()
}

/// The first flag given, before or after the command's name, that the command does not use; and the command's name.
fn unused_flag(command: &clap::Command, matches: &ArgMatches) -> Option<(String, String)> {
    let (name, given) = matches.subcommand()?;
    let hidden = command.find_subcommand(name)?.get_arguments();
    let mut unused = hidden.filter(|arg| arg.is_hide_set());
    let is_given = |arg: &&Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let flag = unused.find(is_given)?.get_long()?;
    Some((format!("--{flag}"), name.to_owned()))
}

impl GlobalArgs {
    /// The settings that these flags stand for.
    pub(super) fn flags(&self) -> Vec<FlagSetting> {
        let Self {
            config: _,
            kubeconfig,
            context,
            log_format,
            log_level,
        } = self;

        [
            flag("cluster.kubeconfig", "--kubeconfig", kubeconfig),
            flag("cluster.context", "--context", context),
            flag("log.format", "--log-format", log_format),
            flag("log.level", "--log-level", log_level),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl ScopeArgs {
    /// The settings that these flags stand for.
    pub(super) fn flags(&self) -> Vec<FlagSetting> {
        let Self {
            namespace,
            all_namespaces,
            selector,
            method,
            count,
            dry_run,
        } = self;
        let namespaces = namespace.iter().map(|name| FlagSetting {
            key: "target.namespaces",
            value: name.clone(),
            name: "--namespace",
        });
        let all = all_namespaces.then(|| "*".to_owned());
        let others = [
            flag("target.namespaces", "--all-namespaces", &all),
            flag("target.selector", "--selector", selector),
            flag("disrupt.method", "--method", method),
            flag("disrupt.count", "--count", count),
            flag("dry_run", "--dry-run", dry_run),
        ];

        namespaces.chain(others.into_iter().flatten()).collect()
    }
}

fn flag(key: &'static str, name: &'static str, value: &Option<String>) -> Option<FlagSetting> {
    let value = value.clone()?;
    Some(FlagSetting { key, value, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
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
                _ => None,
            };
            for arg in &global {
                let flag = format!("--{}=value", arg.get_long().unwrap());
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
