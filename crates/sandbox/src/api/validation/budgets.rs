//! Validates PodDisruptionBudgets (`pkg/apis/policy/validation`).

use serde_json::{Value, json};

use crate::api::validation::fields::{amount_error, beyond_whole_error, choice_error};
use crate::api::validation::selectors;
use crate::wire::status_error::FieldError;

/// The errors of a budget's spec.
pub(super) fn spec_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let limits = [&spec["minAvailable"], &spec["maxUnavailable"]];
    if limits.iter().all(|limit| !limit.is_null()) {
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid("spec", &shown(spec), why));
    }

    for (limit, path) in limits
        .into_iter()
        .zip(["spec.minAvailable", "spec.maxUnavailable"])
    {
        errors.extend(amount_error(limit, path));
        errors.extend(beyond_whole_error(limit, path));
    }
    errors.extend(selectors::errors(&spec["selector"], "spec.selector"));
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    errors.extend(choice_error(
        spec,
        "spec",
        "unhealthyPodEvictionPolicy",
        &policies,
    ));
    errors
}

/// The spec as the server shows it: by the names that the fields have in its own code.
fn shown(spec: &Value) -> String {
    let field = |name: &str, field: &str| format!("{name:?}:{}", json!(spec[field]));
    let fields = [
        field("MinAvailable", "minAvailable"),
        field("Selector", "selector"),
        field("MaxUnavailable", "maxUnavailable"),
        field("UnhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy"),
    ];
    format!("{{{}}}", fields.join(","))
}
