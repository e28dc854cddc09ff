//! The flags that several commands share, and the settings that they stand for.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use macaque_core::duration::parse_duration;

use super::color::ColorWhen;
use crate::settings::FlagSetting;

/// The global flags, before or after a command's name; a command hides those that it does not use.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalArgs {
    /// TOML file with the settings [default: /etc/macaque/macaque.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Kubeconfig to use [default: $KUBECONFIG, else the service account in a cluster, else ~/.kube/config]
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
    /// When to colour what is printed for people: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: ColorWhen,
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
    /// How to disrupt: evict (honours budgets) or delete (does not check budgets)
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Victims per round
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    count: Option<String>,
    /// Whose pods a round may take: count (anybody's), rota or chance (those of owners whose turn it is)
    #[arg(long, value_name = "PACE")]
    pace: Option<String>,
    /// Only report which pods are picked; `--dry-run=false` enables disruption
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<String>,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    // For people.
    #[default]
    Table,
    // For people, with more columns.
    Wide,
    // For programs.
    Json,
    // For people and programs.
    Yaml,
}

impl OutputFormat {
    /// Whether people read it.
    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }
}

/// Parses the format of a command whose table has no more columns than it shows.
pub(super) fn format_without_wide() -> impl TypedValueParser<Value = OutputFormat> {
    let is_known = |format: &&OutputFormat| **format != OutputFormat::Wide;
    let known = OutputFormat::value_variants().iter().filter(is_known);
    let names = known.filter_map(ValueEnum::to_possible_value);
    PossibleValuesParser::new(names).try_map(|name| OutputFormat::from_str(&name, false))
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
            color: _,
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
            pace,
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
            flag("disrupt.pace", "--pace", pace),
            flag("dry_run", "--dry-run", dry_run),
        ];

        namespaces.chain(others.into_iter().flatten()).collect()
    }
}

/// Parses a number from 1 to 1000, of rounds or slots.
pub(super) fn small_number(text: &str) -> Result<u16, &'static str> {
    let number = text.parse().ok().filter(|number| (1..=1000).contains(number));
    number.ok_or("write a whole number from 1 to 1000")
}

/// Parses a duration with its unit, such as the `example`.
pub(super) fn duration(text: &str, example: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| {
        let right = match error.remedies().as_slice() {
            [] => format!("a number with its unit, such as {example}"),
            remedies => remedies.join(" or "),
        };
        format!("it {}: write {right}", error.fault())
    })
}

/// Parses a seed, as reports print it.
pub(super) fn seed(text: &str) -> Result<u64, &'static str> {
    text.parse()
        .map_err(|_| "write a whole number from 0 to 18446744073709551615, such as the seed of a report")
}

fn flag(key: &'static str, name: &'static str, value: &Option<String>) -> Option<FlagSetting> {
    let value = value.clone()?;
    Some(FlagSetting { key, value, name })
}
