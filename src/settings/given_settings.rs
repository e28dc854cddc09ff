//! The settings as their sources give them, before they are decoded: so two readings are compared key by key.

use std::collections::BTreeMap;
use std::fmt;

use ::config::{Value, ValueKind};

use super::given_table::GivenTable;
use super::keys::keys;
use super::table_fields::TableKind;

/// The value of every key, and the tables of which a file may hold several.
#[derive(Clone, PartialEq)]
pub struct GivenSettings {
    values: BTreeMap<&'static str, Value>,
    tables: BTreeMap<&'static str, Vec<GivenTableFields>>,
}

/// The fields of one table.
type GivenTableFields = Vec<(&'static str, Value)>;

impl GivenSettings {
    /// The settings of a merged tree, in which `find` finds a path, and these tables.
    pub(super) fn new<'a>(find: impl Fn(&str) -> Option<&'a Value>, tables: &[GivenTable]) -> Self {
        let values = keys().iter().filter_map(|key| Some((key.path, find(key.path)?)));
        let of_kind = |kind: TableKind| {
            let tables = tables.iter().filter(move |table| table.kind == kind);
            let fields = |table: &GivenTable| {
                let fields = table.fields.iter();
                fields
                    .map(|(name, value)| (*name, without_origin(value)))
                    .collect()
            };
            (kind.section(), tables.map(fields).collect())
        };

        Self {
            values: values
                .map(|(path, value)| (path, without_origin(value)))
                .collect(),
            tables: TableKind::ALL.into_iter().map(of_kind).collect(),
        }
    }

    /// What differs between these settings and `new`: keys in the order of the table of keys, then sections of tables,
    /// such as `guards.prometheus`.
    pub fn changed(&self, new: &Self) -> Vec<&'static str> {
        let keys = keys().iter().map(|key| key.path);
        let keys = keys.filter(|path| self.values.get(path) != new.values.get(path));
        let sections = TableKind::ALL.into_iter().map(TableKind::section);
        let sections = sections.filter(|section| self.tables.get(section) != new.tables.get(section));
        keys.chain(sections).collect()
    }
}

impl fmt::Debug for GivenSettings {
    /// Shows which keys are set, not their values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// A value without the lines that it and its parts were read from: these differ where only a comment was added.
fn without_origin(value: &Value) -> Value {
    let kind = match &value.kind {
        ValueKind::Array(entries) => ValueKind::Array(entries.iter().map(without_origin).collect()),
        ValueKind::Table(entries) => {
            let entries = entries.iter();
            ValueKind::Table(
                entries
                    .map(|(name, value)| (name.clone(), without_origin(value)))
                    .collect(),
            )
        }
        kind => kind.clone(),
    };
    Value::new(None, kind)
}
