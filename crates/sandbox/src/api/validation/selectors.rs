//! Validates label selectors (`apimachinery/pkg/apis/meta/v1/validation`).

use serde_json::Value;

use crate::api::validation::fields::items;
use crate::api::validation::metadata::{invalid, label_map_errors};
use crate::api::validation::names;
use crate::selectors::labels::LabelSelector;
use crate::store::object;
use crate::wire::status_error::FieldError;

/// The errors of a label selector; an absent one has none.
pub(super) fn errors(selector: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = label_map_errors(&selector["matchLabels"], &format!("{path}.matchLabels"));
    for (path, requirement) in items(selector, path, "matchExpressions") {
        errors.extend(requirement_errors(requirement, &path));
    }
    errors
}

fn requirement_errors(requirement: &Value, path: &str) -> Vec<FieldError> {
    let operator = object::text(requirement, "/operator");
    let values = object::list(requirement, "/values");

    let mut errors = Vec::new();
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.push(FieldError::required(format!("{path}.values")).because(why));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(format!("{path}.values"), why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            let why = "not a valid selector operator";
            errors.push(FieldError::invalid(
                format!("{path}.operator"),
                &format!("{other:?}"),
                why,
            ));
        }
    }

    let key = object::text(requirement, "/key");
    errors.extend(invalid(&format!("{path}.key"), key, &names::key_errors(key)));
    for (path, value) in items(requirement, path, "values") {
        let value = value.as_str().unwrap_or_default();
        errors.extend(invalid(&path, value, &names::value_errors(value)));
    }
    errors
}

/// Whether a selector has no requirements.
pub(super) fn is_empty(selector: &Value) -> bool {
    let has_labels = selector["matchLabels"]
        .as_object()
        .is_some_and(|labels| !labels.is_empty());
    !has_labels && object::list(selector, "/matchExpressions").is_empty()
}

/// Whether a selector matches the labels of a template; `None` if the selector is invalid.
pub(super) fn matches(selector: &Value, template: &Value) -> Option<bool> {
    let selector = Some(selector).filter(|selector| !selector.is_null());
    let selector = LabelSelector::from_object(selector).ok()?;
    Some(selector.is_some_and(|selector| selector.matches(object::labels(template))))
}
