//! Finds the fields of an eviction that no server knows: a warning, or a refusal when the client asked for one.

use serde_json::Value;

use crate::wire::request::QueryParameters;
use crate::wire::status_error::{FieldError, StatusError};

/// What a client wants done about unknown fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    pub(crate) fn of(query: &QueryParameters) -> Result<Self, StatusError> {
        match query.get("fieldValidation") {
            "" | "Warn" => Ok(Self::Warn),
            "Ignore" => Ok(Self::Ignore),
            "Strict" => Ok(Self::Strict),
            other => {
                let body = format!(
                    "Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                );
                let error = FieldError {
                    reason: "FieldValueNotSupported",
                    field: "fieldValidation",
                    body,
                };
                Err(StatusError::invalid("meta.k8s.io", "CreateOptions", "", &[error]))
            }
        }
    }
}

const EVICTION: &[&str] = &["apiVersion", "kind", "metadata", "deleteOptions"];
const METADATA: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];
const DELETE_OPTIONS: &[&str] = &[
    "apiVersion",
    "kind",
    "gracePeriodSeconds",
    "preconditions",
    "orphanDependents",
    "propagationPolicy",
    "dryRun",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
];
const PRECONDITIONS: &[&str] = &["uid", "resourceVersion"];

/// The warnings for an eviction's unknown fields, or the refusal of them.
pub(crate) fn check_eviction(
    eviction: &Value,
    validation: FieldValidation,
) -> Result<Vec<String>, StatusError> {
    let parts = [
        ("", "", EVICTION),
        ("/metadata", "metadata.", METADATA),
        ("/deleteOptions", "deleteOptions.", DELETE_OPTIONS),
        (
            "/deleteOptions/preconditions",
            "deleteOptions.preconditions.",
            PRECONDITIONS,
        ),
    ];
    let mut unknown = Vec::new();
    for (pointer, prefix, known) in parts {
        let fields = eviction
            .pointer(pointer)
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let strangers = fields
            .map(|(field, _)| field.as_str())
            .filter(|field| !known.contains(field));
        unknown.extend(strangers.map(|field| format!("unknown field \"{prefix}{field}\"")));
    }
    match validation {
        FieldValidation::Ignore => Ok(Vec::new()),
        FieldValidation::Warn => Ok(unknown),
        FieldValidation::Strict if unknown.is_empty() => Ok(Vec::new()),
        FieldValidation::Strict => {
            let version = eviction["apiVersion"]
                .as_str()
                .unwrap_or("policy/v1")
                .trim_start_matches("policy/");
            Err(StatusError::bad_request(format!(
                "Eviction in version {version:?} cannot be handled as a Eviction: strict decoding error: {}",
                unknown.join(", ")
            )))
        }
    }
}
