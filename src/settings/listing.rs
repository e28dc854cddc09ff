//! The settings in use, each with its value and with where that was set. A secret has no value here.

use ::config::{Value as GivenSetting, ValueKind};
use macaque_core::guard::RecoveredGuard;
use serde_json::{Map, Value, json};

use super::decoder::SettingsDecoder;
use super::given_table::GivenTable;
use super::keys::{KeyKind, SettingKey, keys};
use super::layer::SettingsLayer;
use super::mistake::SettingMistakes;
use super::secret::is_path;
use super::sources::SettingsSources;
use super::table_fields::{FieldType, TableField};
use super::{CommandSettings, decode_view, finish, notify, process, schedule};
use crate::k8s::ContextNamespace;

/// What stands for a namespace where none is known: a file is listed on any machine.
const ANY_NAMESPACE: &str = "default";

/// The settings in use.
#[derive(Debug, Clone)]
pub struct SettingsListing {
    /// Those of the table of keys, in its order, without those that are absent.
    pub settings: Vec<ListedSetting>,
    /// The tables of which a file may hold several.
    pub tables: Vec<ListedTable>,
}

/// One setting in use.
#[derive(Debug, Clone)]
pub struct ListedSetting {
    /// The section: `disrupt` of `disrupt.count`, empty for a key at the top.
    pub section: &'static str,
    /// The name within the section.
    pub name: &'static str,
    /// The value; `None` if it is or may be a secret.
    pub value: Option<Value>,
    /// Where it was set; `None` is the default.
    pub origin: Option<String>,
    /// Where it was set too, but did not count; the last of these would count next.
    pub overridden: Vec<String>,
    /// What an empty value means here, or what would be required.
    pub note: Option<String>,
}

/// One table of `[[guards.prometheus]]`, or of another kind.
#[derive(Debug, Clone)]
pub struct ListedTable {
    /// The section.
    pub section: &'static str,
    /// The number of the table among those of its section, from 1.
    pub number: usize,
    /// Its fields.
    pub fields: Vec<ListedSetting>,
}

impl ListedSetting {
    /// Whether it is the setting with this path.
    fn is(&self, path: &str) -> bool {
        path.strip_prefix(self.section)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|name| name == self.name)
    }
}

/// Lists the settings in use, or returns every mistake. The files of secrets are not read, and no namespace is needed.
pub fn list_settings(sources: &SettingsSources) -> Result<SettingsListing, SettingMistakes> {
    let given = sources;
    let mut sources = sources.clone();
    if sources.account_namespace().is_none() {
        sources.service_account_namespace = Some(ANY_NAMESPACE.to_owned());
    }
    let layers = sources.layers();

    let mut decoder = SettingsDecoder::new(layers.clone());
    let view = decode_view(&mut decoder, &sources);
    let notify = notify::check_keys(&mut decoder);
    let digest = schedule::decode_digest(&mut decoder);
    let metrics = process::decode_metrics(&mut decoder);
    let health = process::decode_health(&mut decoder);
    let status = process::decode_status(&mut decoder);
    let all = || {
        notify?;
        digest?;
        metrics?;
        health?;
        status?;
        view
    };
    let view = finish(all(), decoder)?;

    let settings = keys().iter().filter_map(|key| listed(key, &layers, &view));
    let mut settings: Vec<_> = settings.collect();
    let unset =
        |setting: &&mut ListedSetting| setting.is("target.namespaces") && setting.value == Some(json!([]));
    let is_by_labels = view.config.target.namespaces.selector().is_some();
    if let Some(namespaces) = settings.iter_mut().find(unset).filter(|_| !is_by_labels) {
        namespaces.note = Some(unset_namespaces(given, &view));
    }

    let tables = layers.iter().flat_map(|layer| &layer.tables);
    Ok(SettingsListing {
        settings,
        tables: tables.map(listed_table).collect(),
    })
}

/// What it means that no namespace is set.
fn unset_namespaces(sources: &SettingsSources, view: &CommandSettings) -> String {
    if let Some(own) = sources.account_namespace() {
        return format!("not set: in use is {own}, in which macaque runs");
    }
    match sources.context_namespace(&view.cluster) {
        Ok(Some(ContextNamespace { context, namespace })) => format!(
            "not set: commands take {namespace}, of the kubeconfig's context {context}; `macaque run` requires it"
        ),
        Ok(None) | Err(_) => "not set: `macaque run` requires it".to_owned(),
    }
}

/// The setting as it is in use, unless it is absent.
fn listed(key: &SettingKey, layers: &[SettingsLayer], view: &CommandSettings) -> Option<ListedSetting> {
    let mut given: Vec<_> = layers
        .iter()
        .filter_map(|layer| layer.values.get(key.path))
        .collect();
    let in_use = given.pop()?;
    let overridden = given
        .into_iter()
        .filter_map(|value| value.origin().map(str::to_owned));
    let raised = in_use
        .origin()
        .is_none()
        .then(|| default_in_use(key, view))
        .flatten();
    let is_shown = is_shown(key, in_use);
    Some(ListedSetting {
        section: key.section(),
        name: key.name(),
        value: is_shown.then(|| raised.unwrap_or_else(|| json_of(in_use))),
        origin: in_use.origin().map(str::to_owned),
        overridden: overridden.collect(),
        note: None,
    })
}

/// A default that depends on other settings: written down, the plain one would be refused beside them.
fn default_in_use(key: &SettingKey, view: &CommandSettings) -> Option<Value> {
    let config = &view.config;
    match key.path {
        "disrupt.attempts" => Some(json!(config.disrupt.attempts)),
        "guards.recovered" if config.guards.recovered == RecoveredGuard::Off => Some(json!("off")),
        "guards.strikes" => Some(json!(config.guards.strikes)),
        _ => None,
    }
}

/// Whether a value is no secret, and cannot be one that was set to the key of its file.
fn is_shown(key: &SettingKey, value: &GivenSetting) -> bool {
    key.kind != KeyKind::Secret && (!key.path.ends_with("_file") || is_file(value))
}

fn is_file(value: &GivenSetting) -> bool {
    match &value.kind {
        ValueKind::String(text) => text.is_empty() || is_path(text),
        ValueKind::Table(files) => files.values().all(is_file),
        _ => false,
    }
}

fn listed_table(table: &GivenTable) -> ListedTable {
    let fields = table.fields.iter().map(|(name, value)| {
        let is_shown = table
            .kind
            .field(name)
            .is_some_and(|field| is_field_shown(field, value));
        ListedSetting {
            section: table.kind.section(),
            name,
            value: is_shown.then(|| json_of(value)),
            origin: value.origin().map(str::to_owned),
            overridden: Vec::new(),
            note: None,
        }
    });
    ListedTable {
        section: table.kind.section(),
        number: table.number,
        fields: fields.collect(),
    }
}

/// Whether the value of a field is none that may be a secret: that of a header, or of the query of a URL.
fn is_field_shown(field: &TableField, value: &GivenSetting) -> bool {
    let has_query = matches!(&value.kind, ValueKind::String(text) if text.contains('?'));
    match field.value {
        FieldType::Secret => false,
        _ if field.name == "headers" => false,
        _ if field.name == "url" => !has_query,
        _ if field.name == "token_file" || field.name == "url_file" || field.is_table() => is_file(value),
        _ => true,
    }
}

fn json_of(value: &GivenSetting) -> Value {
    match &value.kind {
        ValueKind::Boolean(value) => json!(value),
        ValueKind::I64(number) => json!(number),
        ValueKind::Float(number) => json!(number),
        ValueKind::String(text) => json!(text),
        ValueKind::Array(elements) => elements.iter().map(json_of).collect(),
        ValueKind::Table(rows) => {
            let mut rows: Vec<_> = rows
                .iter()
                .map(|(name, value)| (name.clone(), json_of(value)))
                .collect();
            rows.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(rows.into_iter().collect::<Map<_, _>>())
        }
        // The layers hold no other kinds.
        ValueKind::Nil | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => Value::Null,
    }
}
