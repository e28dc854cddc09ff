//! The table of scenarios, by what they are about.

mod admitted;
mod allowed;
mod around;
mod budgets;
mod changes;
mod consent;
mod doubts;
mod exemptions;
mod guards;
mod journals;
pub(crate) mod objects;
mod rare;
mod recoveries;
mod targets;

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
        guards::table(),
        around::table(),
        targets::table(),
        consent::table(),
        journals::table(),
        recoveries::table(),
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
