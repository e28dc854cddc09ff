//! The table of scenarios, by what they are about.

mod admitted;
mod allowed;
mod budgets;
mod changes;
mod doubts;
mod exemptions;
pub(crate) mod objects;
mod rare;

use serde_json::Value;

use crate::scenario::Scenario;

/// Every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    let tables = [
        allowed::table(),
        budgets::table(),
        admitted::table(),
        changes::table(),
        doubts::table(),
        rare::table(),
        exemptions::table(),
    ];
    tables.into_iter().flatten().collect()
}

/// An object changed by a merge of `change`.
pub(crate) fn with(mut object: Value, change: Value) -> Value {
    merge(&mut object, change);
    object
}

fn merge(object: &mut Value, change: Value) {
    match change {
        Value::Object(change) if object.is_object() => {
            for (key, value) in change {
                merge(&mut object[key], value);
            }
        }
        change => *object = change,
    }
}
