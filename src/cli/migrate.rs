//! `macaque migrate`: prints the configuration that does what another tool was configured to do. Connects to nothing.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{exit, output};
use crate::migrate::{self, OldSources, OldTool, OldValue, OldVariable, UnreadPart};
use crate::settings;
use crate::telemetry;

/// The flags of `macaque migrate`.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// Tool to migrate from
    #[arg(value_enum)]
    tool: ToolName,
    /// Arguments of chaoskube or the Go macaque, as its container or a shell has them
    #[arg(
        long,
        value_name = "ARGS",
        allow_hyphen_values = true,
        conflicts_with = "file"
    )]
    args: Option<String>,
    /// Kubernetes manifest with the tool's container or, of kube-monkey, its TOML file or the ConfigMap with it; `-`:
    /// standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// File with the tool's environment variables, NAME=VALUE a line [default for macaque: the environment]
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

/// The tools by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ToolName {
    // linki/chaoskube.
    Chaoskube,
    // asobti/kube-monkey.
    KubeMonkey,
    // The Go tool of this name.
    Macaque,
}

impl From<ToolName> for OldTool {
    fn from(name: ToolName) -> Self {
        match name {
            ToolName::Chaoskube => Self::Chaoskube,
            ToolName::KubeMonkey => Self::KubeMonkey,
            ToolName::Macaque => Self::Macaque,
        }
    }
}

/// Prints the configuration, and on standard error what has no equal; returns the process's exit code.
pub(super) fn run(args: &MigrateArgs) -> i32 {
    let tool = OldTool::from(args.tool);
    let migration = sources(args, tool).and_then(|sources| {
        let migrated = tool.migrate(&sources);
        migrated.map_err(|mistakes| mistakes.to_string())
    });
    let migration = match migration {
        Ok(migration) => migration,
        Err(mistakes) => {
            telemetry::print_errors(&mistakes);
            return exit::USAGE;
        }
    };

    output::write(&migration.to_toml());
    telemetry::print_errors(&migration.summary());
    if migration.lost_restrictions().next().is_some() {
        exit::FOUND
    } else {
        exit::OK
    }
}

/// What the tool was configured with.
fn sources(args: &MigrateArgs, tool: OldTool) -> Result<OldSources, String> {
    let mut sources = match (&args.args, &args.file) {
        (Some(_), _) if tool == OldTool::KubeMonkey => {
            return Err(
                "--args: kube-monkey takes no settings as arguments: use --file or --env-file".to_owned(),
            );
        }
        (Some(text), _) => OldSources {
            args: words(text, tool)?,
            ..OldSources::default()
        },
        (None, Some(file)) => from_file(file, tool)?,
        (None, None) => OldSources::default(),
    };

    if let Some(file) = &args.env_file {
        let text = read("--env-file", file)?;
        let variables = migrate::read_env_file(&text).map_err(|mistakes| {
            let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })?;
        sources = sources.with_env(variables);
        sources.unread.retain(|part| *part != UnreadPart::EnvFrom);
    } else if tool == OldTool::Macaque && args.file.is_none() {
        sources = sources.with_env(own_environment());
    }
    if tool == OldTool::KubeMonkey && sources.file.is_none() {
        sources.unread.push(UnreadPart::ConfigFile);
    }
    Ok(sources)
}

/// The arguments, without the program's name if it comes first.
fn words(text: &str, tool: OldTool) -> Result<Vec<String>, String> {
    let words = migrate::split_words(text);
    let mut words = words.ok_or("--args: a quote is not closed: close it, or write \\ before it")?;
    let is_program = |word: &String| word.rsplit('/').next() == Some(tool.name());
    if words.first().is_some_and(is_program) {
        words.remove(0);
    }
    Ok(words)
}

/// The sources in a manifest or, of kube-monkey, in its TOML file.
fn from_file(file: &Path, tool: OldTool) -> Result<OldSources, String> {
    let text = read("--file", file)?;
    if text.trim().is_empty() {
        return Err(format!("--file: {} is empty", file.display()));
    }
    match migrate::read_manifest(&text, tool) {
        Some(Ok(sources)) => Ok(sources),
        Some(Err(wrong)) => Err(format!("--file: {} {wrong}", file.display())),
        None if tool == OldTool::KubeMonkey => Ok(OldSources {
            file: Some(text),
            ..OldSources::default()
        }),
        None => Err(format!(
            "--file: {} is not a Kubernetes manifest: name one with the container of {}, or use --args",
            file.display(),
            tool.title()
        )),
    }
}

/// The Go macaque's variables in the environment of this process.
fn own_environment() -> Vec<OldVariable> {
    settings::environment()
        .into_iter()
        .filter(|(name, _)| migrate::is_go_variable(name))
        .map(|(name, value)| OldVariable {
            name,
            value: OldValue::Text(value),
        })
        .collect()
}

fn read(flag: &str, file: &Path) -> Result<String, String> {
    let read = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    read.map_err(|error| {
        format!(
            "{flag}: cannot read {}: {error}: name a file that can be read",
            file.display()
        )
    })
}
