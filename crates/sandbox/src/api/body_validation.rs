//! Checks that a body fits its path, and reads whether a write is a dry run.

use serde_json::{Value, json};

use crate::store::object;
use crate::store::resource::ApiResource;
use crate::wire::request::QueryParameters;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

/// Refuses an object whose kind or version differs from that of its path; an object may leave both out.
pub(crate) fn check_kind(object: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    let api_version = object::text(object, "/apiVersion");
    let kind = object::text(object, "/kind");
    let fits = |stated: &str, expected: &str| stated.is_empty() || stated == expected;
    if fits(api_version, &resource.api_version()) && fits(kind, resource.kind) {
        return Ok(());
    }

    let version = api_version.rsplit('/').next().unwrap_or_default();
    Err(StatusError::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a {}: no kind {kind:?} is registered for version \
         {api_version:?}",
        resource.kind
    )))
}

/// Refuses a namespace other than that of the path.
pub(crate) fn check_namespace(stated: &str, info: &RequestInfo) -> Result<(), StatusError> {
    if stated.is_empty() || stated == info.namespace() {
        return Ok(());
    }
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    Err(StatusError::bad_request(message))
}

/// Reads from the query whether a write is a dry run; `options_kind` is the kind that an error names.
pub(crate) fn read_dry_run(query: &QueryParameters, options_kind: &str) -> Result<bool, StatusError> {
    let values = query.all("dryRun");
    match dry_run_error(&values) {
        Some(error) => Err(StatusError::invalid("meta.k8s.io", options_kind, "", &[error])),
        None => Ok(!values.is_empty()),
    }
}

/// The error of `dryRun` values other than `All`.
pub(crate) fn dry_run_error(values: &[String]) -> Option<FieldError> {
    let shown = json!(values).to_string();
    let is_invalid = values.iter().any(|value| value != "All");
    is_invalid.then(|| FieldError::not_supported("dryRun", &shown, "\"All\""))
}
