//! The flags as typed, and which settings they stand for.

mod pause;

use std::path::PathBuf;

use crate::settings::FlagSetting;
use clap::{Args as Flags, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(super) use self::pause::{HomeArgs, PauseArgs, ResumeArgs};
use super::plan::PlanArgs;
pub(super) use super::start_time::StartTime;
use super::why::WhyArgs;

const EXIT_CODES: &str = "\
Exit codes:
  0   done; once: at least one pod was disrupted (in dry run: would have been)
  1   no answer, no permission, an unknown outcome; once: interrupted; check: a failure was found
  2   usage or configuration
  3   once: every victim tried was refused or gone before; budgets: one must be mended
  4   once: no pod was eligible
  70  run: an actor failed more often than it may
  75  run: told to stop, and notifications were left undelivered; or told to stop twice

Every setting can stand in a TOML file, in the environment (MACAQUE_DISRUPT__COUNT for disrupt.count) or, for the
common ones, in a flag; flags win over the environment, and the environment over the file. MACAQUE_CONFIG names the
file as --config does; MACAQUE_POD_NAME and MACAQUE_POD_NAMESPACE say which pod macaque is.";

/// A chaos monkey for Kubernetes: on a schedule it evicts or deletes random pods, and says truthfully what happened.
#[derive(Debug, Parser)]
#[command(name = "macaque", version, after_help = EXIT_CODES, subcommand_help_heading = "Commands")]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten, next_help_heading = "Options of run")]
    pub(super) scope: ScopeArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Flags of every command that looks at a cluster; before the command's name they mean the same.
#[derive(Debug, Clone, Default, Flags)]
pub(super) struct GlobalArgs {
    /// The TOML file with the settings [default: /etc/macaque/macaque.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The kubeconfig to use instead of the cluster around macaque, or kubectl's own
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<String>,
    /// The kubeconfig's context to use
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// How log lines look: auto, text or json
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// The least severe log lines: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

/// What to do; without a command, `run`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Disrupt pods on the schedule, until told to stop (the default)
    Run(RunArgs),
    /// Play one round now, and say by the exit code how it went
    Once(OnceArgs),
    /// Show what the next round would do and to whom, with the chances; disrupts nothing
    Plan(PlanArgs),
    /// Explain what macaque makes of one pod, or of the pods of one owner; disrupts nothing
    Why(WhyArgs),
    /// Examine the configuration, the connection and the permissions; disrupts nothing
    Check(CheckArgs),
    /// Examine the PodDisruptionBudgets in scope: which allow no eviction, and what mends them
    Budgets(BudgetsArgs),
    /// Print the least Roles for the configuration in use, for `kubectl apply -f -`
    Rbac(RbacArgs),
    /// Stop all replicas from disrupting anybody, until resumed or for a while
    Pause(PauseArgs),
    /// Let all replicas disrupt again
    Resume(ResumeArgs),
    /// Show when the next rounds are due, and which of them a quiet time takes
    Schedule(ScheduleArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Serve an embedded Kubernetes API with a small shop in it, for trying macaque and kubectl
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// Watch macaque at work on the embedded sandbox; needs no cluster
    #[cfg(feature = "sandbox")]
    Demo(DemoArgs),
}

/// `macaque run`.
#[derive(Debug, Flags)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

/// Flags that say on whom and how.
#[derive(Debug, Clone, Default, Flags)]
pub(super) struct ScopeArgs {
    /// The namespace to look in; repeat it, or separate several by commas
    #[arg(
        short,
        long,
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "all_namespaces"
    )]
    namespace: Vec<String>,
    /// Look in all namespaces (needs a ClusterRole)
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only pods with these labels, as `kubectl -l` takes them
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,
    /// How to disrupt: evict (budgets and webhooks are asked) or delete (nobody is)
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// How many victims a round
    #[arg(long, value_name = "NUMBER")]
    count: Option<String>,
    /// Whether to stop short of disrupting: `--dry-run`, or `--dry-run=false` to arm
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<String>,
}

/// `macaque once`.
#[derive(Debug, Flags)]
pub(super) struct OnceArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// The seed of the draw, to repeat a round's choice [default: a random one]
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// How to print the report
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: OutputFormat,
}

/// `macaque check`.
#[derive(Debug, Flags)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// How to print the findings
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: OutputFormat,
}

/// `macaque budgets`.
#[derive(Debug, Flags)]
pub(super) struct BudgetsArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// How to print what was found
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: OutputFormat,
}

/// `macaque rbac`.
#[derive(Debug, Flags)]
pub(super) struct RbacArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// The service account to grant them to; the Roles are named after it
    #[arg(long, value_name = "NAME", default_value = "macaque")]
    pub(super) service_account: String,
    /// Where the service account is [default: where macaque runs, else the first namespace]
    #[arg(long, value_name = "NAME")]
    pub(super) service_account_namespace: Option<String>,
    /// Also what the commands need that read budgets: plan, why and budgets; rounds do not
    #[arg(long)]
    pub(super) preview: bool,
}

/// `macaque schedule`.
#[derive(Debug, Flags)]
pub(super) struct ScheduleArgs {
    /// The TOML file with the settings [default: /etc/macaque/macaque.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// How many slots to show
    #[arg(short, long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) number: u16,
    /// Show the slots from then on: 2026-12-24 or 2026-12-24T15:00 in the schedule's time zone, or the instant
    /// 2026-12-24T15:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<StartTime>,
    /// How to print the slots
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: OutputFormat,
}

/// `macaque sandbox`.
#[cfg(feature = "sandbox")]
#[derive(Debug, Flags)]
pub(super) struct SandboxArgs {
    /// The loopback address to listen on; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) listen: std::net::SocketAddr,
    /// Where to write the kubeconfig
    #[arg(long, value_name = "FILE", default_value = "sandbox.kubeconfig")]
    pub(super) write_kubeconfig: PathBuf,
}

/// `macaque demo`.
#[cfg(feature = "sandbox")]
#[derive(Debug, Flags)]
pub(super) struct DemoArgs {
    /// How many rounds to show
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) rounds: u16,
    /// The time from one round to the next, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) every: u64,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For programs and people
    Yaml,
}

impl GlobalArgs {
    /// Nothing but the file with the settings.
    pub(super) fn of_file(config: Option<PathBuf>) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// These flags, and those of `before` that are not among them.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            config: self.config.or(before.config),
            kubeconfig: self.kubeconfig.or(before.kubeconfig),
            context: self.context.or(before.context),
            log_format: self.log_format.or(before.log_format),
            log_level: self.log_level.or(before.log_level),
        }
    }

    /// What the first flag is called that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let config = self.config.as_ref().map(|_| "--config");
        config.or_else(|| self.flags().first().map(|flag| flag.name))
    }

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
