//! `macaque config`: the schema of the configuration file, and the settings in use. Needs no cluster.

pub(super) mod toml;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use super::args::{GlobalArgs, ScopeArgs};
use super::{all_but, exit, output, setup};
use crate::settings::{ListedSetting, SettingsListing, config_schema};

/// The flags of `macaque config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    action: ConfigAction,
}

#[derive(Debug, Subcommand)]
enum ConfigAction {
    /// Print the JSON Schema of the configuration file, for editors
    #[command(args = all_but(&[]))]
    Schema,
    /// Print the settings in use as a configuration file; secrets are not shown, and their files not read
    Print(PrintArgs),
}

/// The flags of `macaque config print`.
#[derive(Debug, Args)]
struct PrintArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Say where each value was set: by default, in the file, in the environment or by a flag
    #[arg(long)]
    origins: bool,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: ConfigFormat,
}

/// How settings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ConfigFormat {
    // A configuration file.
    #[default]
    Toml,
    // For programs.
    Json,
}

/// A setting with its origin, as JSON has it.
#[derive(Serialize)]
struct OriginRow {
    key: String,
    /// Absent if it is or may be a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    origin: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Runs the action; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &ConfigArgs) -> i32 {
    match &args.action {
        ConfigAction::Schema => output::json(&config_schema()),
        ConfigAction::Print(args) => match setup::list_settings(global, args.scope.flags()) {
            Ok(listing) => print(&listing, args),
            Err(code) => return code,
        },
    }
    exit::OK
}

fn print(listing: &SettingsListing, args: &PrintArgs) {
    match (args.output, args.origins) {
        (ConfigFormat::Toml, origins) => output::write(&toml::file(listing, origins).trim_end()),
        (ConfigFormat::Json, false) => output::json(&tree(listing)),
        (ConfigFormat::Json, true) => output::json(&rows(listing)),
    }
}

/// The settings as the file nests them, without secrets.
fn tree(listing: &SettingsListing) -> Value {
    let mut tree = json!({});
    for setting in &listing.settings {
        if let Some(value) = &setting.value {
            within(&mut tree, setting.section)[setting.name] = value.clone();
        }
    }
    for table in &listing.tables {
        let fields = table
            .fields
            .iter()
            .filter_map(|field| Some((field.name.to_owned(), field.value.clone()?)));
        let fields = Value::Object(fields.collect());
        let tables = within(&mut tree, table.section);
        match tables.as_array_mut() {
            Some(tables) => tables.push(fields),
            None => *tables = json!([fields]),
        }
    }
    tree
}

/// The value at a dotted path, or the tree itself if that is empty.
fn within<'a>(tree: &'a mut Value, path: &str) -> &'a mut Value {
    let names = path.split('.').filter(|name| !name.is_empty());
    names.fold(tree, |tree, name| &mut tree[name])
}

fn rows(listing: &SettingsListing) -> Vec<OriginRow> {
    let row = |key: String, setting: &ListedSetting| OriginRow {
        key,
        value: setting.value.clone(),
        origin: origin(setting).to_owned(),
        overrides: setting.overridden.clone(),
        note: setting.note.clone(),
    };
    let settings = listing.settings.iter().map(|setting| match setting.section {
        "" => row(setting.name.to_owned(), setting),
        section => row(format!("{section}.{}", setting.name), setting),
    });
    let fields = listing.tables.iter().flat_map(|table| {
        let path = format!("{}[{}]", table.section, table.number);
        let rows = table
            .fields
            .iter()
            .map(|field| row(format!("{path}.{}", field.name), field));
        rows.collect::<Vec<_>>()
    });
    settings.chain(fields).collect()
}

/// Where a setting was set.
fn origin(setting: &ListedSetting) -> &str {
    setting.origin.as_deref().unwrap_or("default")
}
