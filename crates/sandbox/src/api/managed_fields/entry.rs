//! One entry of `metadata.managedFields`.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::field_set::{self, FieldSet};
use crate::store::object;

/// What a manager owns by one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnerEntry {
    manager: String,
    operation: String,
    api_version: String,
    subresource: String,
    /// When it last changed what it owns; empty if that is not known.
    time: String,
    fields: FieldSet,
}

impl OwnerEntry {
    pub(super) fn new(manager: &str, operation: &str, fields: FieldSet) -> Self {
        Self {
            manager: manager.to_owned(),
            operation: operation.to_owned(),
            api_version: "v1".to_owned(),
            subresource: String::new(),
            time: String::new(),
            fields,
        }
    }

    /// Whether both entries are of the same manager and operation, and so one.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        let version = |entry: &Self| match entry.operation.as_str() {
            "Apply" => String::new(),
            _ => entry.api_version.clone(),
        };
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && version(self) == version(other)
    }

    pub(super) fn set_time(&mut self, time: &str) {
        time.clone_into(&mut self.time);
    }

    pub(super) fn keep_time(&mut self, known: &Self) {
        self.set_time(&known.time);
    }

    pub(super) fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Takes away what another has changed, and what is gone.
    pub(super) fn lose(&mut self, changed: &FieldSet, removed: &FieldSet) {
        self.fields
            .retain(|field| !changed.contains(field) && !removed.contains(field));
    }

    /// Adds what the same manager has just changed.
    pub(super) fn merge(&mut self, taken: Self) {
        self.fields.extend(taken.fields);
        self.time = taken.time;
    }

    /// The order of a server: applies first, then by time (`sortEncodedManagedFields`).
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let key = |entry: &Self| {
            (
                entry.operation.clone(),
                object::parse_time(&entry.time).map_or(0, |time| time.as_second()),
                entry.manager.clone(),
                entry.api_version.clone(),
                entry.subresource.clone(),
            )
        };
        key(self).cmp(&key(other))
    }

    pub(super) fn encode(&self) -> Value {
        let mut entry = json!({
            "operation": self.operation, "apiVersion": self.api_version,
            "fieldsType": "FieldsV1", "fieldsV1": field_set::encode(&self.fields),
        });
        let texts = [
            ("manager", &self.manager),
            ("time", &self.time),
            ("subresource", &self.subresource),
        ];
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            entry[name] = json!(text);
        }
        entry
    }
}

/// Reads the entries of a list; `None` if one is not valid (`DecodeManagedFields`).
pub(super) fn decode(entries: &Value) -> Option<Vec<OwnerEntry>> {
    entries.as_array()?.iter().map(decode_entry).collect()
}

fn decode_entry(entry: &Value) -> Option<OwnerEntry> {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let operation = text("operation");
    let is_valid = matches!(operation.as_str(), "Apply" | "Update")
        && !text("apiVersion").is_empty()
        && text("fieldsType") == "FieldsV1";
    is_valid.then(|| OwnerEntry {
        manager: text("manager"),
        operation,
        api_version: text("apiVersion"),
        subresource: text("subresource"),
        time: text("time"),
        fields: field_set::decode(&entry["fieldsV1"]),
    })
}
