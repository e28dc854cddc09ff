//! Tracks which field manager changed each field of a ConfigMap last, in `metadata.managedFields`.
//!
//! The rules are those of `apimachinery/pkg/util/managedfields`: a request's manager gets the fields whose values it
//! changes, and everybody else loses them; entries without fields vanish; an object that nobody owns anything of stays
//! so, unless a request brings entries of its own. What a real server does beyond that, and this one does not: it merges
//! the oldest of more than ten entries, and refuses an apply that conflicts.

mod entry;
mod field_set;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::entry::OwnerEntry;
use self::field_set::{FieldSet, fields_of};
use crate::store::object;
use crate::store::resource::ApiResource;
use crate::wire::request::ApiRequest;

/// The longest name of a manager (`FieldManagerMaxLength`).
const LONGEST_NAME: usize = 128;
/// Who owns, once somebody applies, what nobody owned before (`skipNonAppliedManager`).
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Who writes an object, and how.
#[derive(Debug)]
pub(crate) struct FieldManager {
    name: String,
    /// What it applies, in a server-side apply.
    applied: Option<Value>,
}

impl FieldManager {
    /// Who sends a request: whom `fieldManager` names, else its client.
    pub(crate) fn of(request: &ApiRequest) -> Self {
        let named = request.query.get("fieldManager");
        let name = if named.is_empty() {
            prefix_of_user_agent(&request.user_agent)
        } else {
            named.to_owned()
        };
        Self { name, applied: None }
    }

    /// This manager in a server-side apply of `object`.
    pub(crate) fn applying(self, object: &Value) -> Self {
        Self {
            applied: Some(object.clone()),
            ..self
        }
    }

    fn entry(&self, fields: FieldSet) -> OwnerEntry {
        let operation = if self.applied.is_some() { "Apply" } else { "Update" };
        OwnerEntry::new(&self.name, operation, fields)
    }
}

/// Tracks the write of `after` over `before`, if the fields of its kind are tracked.
pub(crate) fn track(
    resource: &ApiResource,
    before: Option<&Value>,
    after: &mut Value,
    manager: &FieldManager,
    now: Timestamp,
) {
    if resource.kind != "ConfigMap" {
        return;
    }
    let now = object::format_time(now);
    let sent = object::metadata(after).remove("managedFields");
    let mut owners = owners_to_begin_with(sent.as_ref(), before);

    if owners.is_empty()
        && let Some(before) = before
    {
        if manager.applied.is_none() {
            return;
        }
        let fields = fields_of(before).into_keys().collect();
        let mut entry = OwnerEntry::new(BEFORE_FIRST_APPLY, "Update", fields);
        entry.set_time(&now);
        owners.push(entry);
    }

    let (changed, removed) = changes(before, after);
    for owner in &mut owners {
        owner.lose(&changed, &removed);
    }
    match &manager.applied {
        None => take(&mut owners, manager.entry(changed), &now),
        Some(applied) => {
            // Who applies owns what it names, and not the maps and lists around it.
            let mut applied = fields_of(applied);
            applied.retain(|_, value| !value.is_null());
            let applied = applied.into_keys().collect();
            let mut entry = manager.entry(applied);
            let known = owners.iter().position(|owner| owner.is_of(&entry));
            let known = known.map(|known| owners.swap_remove(known));
            // An apply that changes no value changes no time either.
            let is_changed = !changed.is_empty() || !removed.is_empty();
            if is_changed {
                entry.set_time(&now);
            } else if let Some(known) = &known {
                entry.keep_time(known);
            }
            owners.push(entry);
        }
    }

    owners.retain(OwnerEntry::has_fields);
    owners.sort_by(OwnerEntry::compare);
    if !owners.is_empty() {
        let entries: Vec<_> = owners.iter().map(OwnerEntry::encode).collect();
        object::metadata(after).insert("managedFields".to_owned(), json!(entries));
    }
}

/// Adds the fields of `taken` to those that its manager owns.
fn take(owners: &mut Vec<OwnerEntry>, mut taken: OwnerEntry, now: &str) {
    if !taken.has_fields() {
        return;
    }
    taken.set_time(now);
    match owners.iter_mut().find(|owner| owner.is_of(&taken)) {
        Some(owner) => owner.merge(taken),
        None => owners.push(taken),
    }
}

/// The owners before the write: those that the request brings, or the stored ones; none if the request resets them
/// (`decodeLiveOrNew`).
fn owners_to_begin_with(sent: Option<&Value>, before: Option<&Value>) -> Vec<OwnerEntry> {
    let is_reset = match sent {
        Some(Value::Array(entries)) => entries.is_empty() || entries[..] == [json!({})],
        _ => false,
    };
    if is_reset {
        return Vec::new();
    }

    let brought = sent.and_then(entry::decode).unwrap_or_default();
    if !brought.is_empty() {
        return brought;
    }
    let stored = before.and_then(|before| entry::decode(&before["metadata"]["managedFields"]));
    stored.unwrap_or_default()
}

/// The fields that were added or have another value, and those that are gone.
fn changes(before: Option<&Value>, after: &Value) -> (FieldSet, FieldSet) {
    let before = before.map(fields_of).unwrap_or_default();
    let after = fields_of(after);
    let changed = after
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(*value));
    let removed = before.keys().filter(|field| !after.contains_key(*field));
    (
        changed.map(|(field, _)| field.clone()).collect(),
        BTreeSet::from_iter(removed.cloned()),
    )
}

/// The part of a User-Agent before the first slash, without characters that cannot be printed (`prefixFromUserAgent`).
fn prefix_of_user_agent(user_agent: &str) -> String {
    let prefix = user_agent.split('/').next().unwrap_or_default();
    let mut name = String::new();
    for character in prefix.chars().filter(|character| !character.is_control()) {
        if name.len() + character.len_utf8() > LONGEST_NAME {
            break;
        }
        name.push(character);
    }
    name
}
