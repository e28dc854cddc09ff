//! Validates Jobs (`pkg/apis/batch/validation`).

use serde_json::Value;

use crate::api::validation::fields::negative_numbers;
use crate::api::validation::pods;
use crate::store::object;
use crate::wire::status_error::FieldError;

const COUNTS: [&str; 5] = [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
];

/// The errors of a Job's spec.
pub(super) fn spec_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = negative_numbers(spec, "spec", &COUNTS);
    errors.extend(pods::template_errors(&spec["template"], "spec.template"));

    // The default of a template, Always, is not permitted.
    let policy = object::text(&spec["template"], "/spec/restartPolicy");
    if matches!(policy, "" | "Always") {
        let why = "valid values: \"OnFailure\", \"Never\"";
        errors.push(FieldError::required("spec.template.spec.restartPolicy").because(why));
    }
    errors
}

/// The errors of changes that a Job does not permit.
pub(super) fn update_errors(spec: &Value, known: &Value) -> Vec<FieldError> {
    // The completions of an indexed Job may change together with its parallelism.
    let is_elastic = spec["completionMode"] == "Indexed" && spec["completions"] == spec["parallelism"];
    let is_permitted = |field: &str| match field {
        "completions" => is_elastic,
        // The template of a suspended Job may change.
        "template" => known["suspend"] == true,
        _ => false,
    };

    let fields = ["completions", "selector", "template", "completionMode"].into_iter();
    let changed = fields.filter(|field| spec[*field] != known[*field] && !is_permitted(field));
    changed
        .map(|field| {
            FieldError::invalid(
                format!("spec.{field}"),
                &spec[field].to_string(),
                "field is immutable",
            )
        })
        .collect()
}
