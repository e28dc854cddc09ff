//! Answers POST pods/eviction.
//!
//! The order of the checks, and every message, is that of `pkg/registry/core/pod/storage/eviction.go`: a budget is
//! spent before the preconditions are checked, and the delete options are validated last.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::admission::admit_creation;
use crate::api::body_validation::{check_namespace, read_dry_run};
use crate::api::budget_policy::{self, EvictionPermission};
use crate::api::delete::delete_object;
use crate::api::delete_options::DeleteOptions;
use crate::api::field_validation::{FieldValidation, unknown_eviction_fields};
use crate::api::get::stored_object;
use crate::store::object;
use crate::store::state::ClusterState;
use crate::wire::reply::{ApiReply, success_status};
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

/// Checks an eviction and, if it is permitted, deletes the pod.
pub(crate) fn evict(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
) -> Result<ApiReply, StatusError> {
    let queried = request.query.all("dryRun");
    read_dry_run(&request.query, "CreateOptions")?;
    let validation = FieldValidation::read(&request.query, "CreateOptions")?;

    let eviction = request.json()?;
    check_kind(&eviction)?;
    let warnings = unknown_eviction_fields(request, &eviction, validation)?;
    let options = read_delete_options(&eviction)?;
    check_namespace(object::namespace(&eviction), info)?;

    admit_creation(state, info, info.name())?;
    check_eviction(&eviction, info)?;
    let options = merge_dry_runs(options, &queried)?;
    evict_pod(state, info, options)?;

    let mut status = success_status();
    status["code"] = json!(201);
    Ok(ApiReply::json(201, status).with_warnings(&warnings))
}

/// Accepts the Eviction of both versions of the policy API; a body may leave out its kind and version.
fn check_kind(eviction: &Value) -> Result<(), StatusError> {
    let api_version = object::text(eviction, "/apiVersion");
    let kind = object::text(eviction, "/kind");
    let is_known = matches!(api_version, "" | "policy/v1" | "policy/v1beta1");
    if is_known && matches!(kind, "" | "Eviction") {
        return Ok(());
    }

    let version = api_version.rsplit('/').next().unwrap_or_default();
    Err(StatusError::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a Eviction: no kind {kind:?} is registered for version \
         {api_version:?} in scheme \"pkg/runtime/scheme.go:111\""
    )))
}

fn read_delete_options(eviction: &Value) -> Result<DeleteOptions, StatusError> {
    DeleteOptions::from_json(&eviction["deleteOptions"]).map_err(|error| {
        let version = version_of(eviction);
        // Go names the field by its path from the Eviction.
        let why = error
            .message
            .replace("DeleteOptions.", "DeleteOptions.deleteOptions.");
        StatusError::bad_request(format!(
            "Eviction in version {version:?} cannot be handled as a Eviction: {why}"
        ))
    })
}

/// The version that an Eviction names: `v1`.
fn version_of(eviction: &Value) -> &str {
    let api_version = eviction["apiVersion"].as_str().unwrap_or("policy/v1");
    api_version.trim_start_matches("policy/")
}

/// The checks between admission and the pod itself.
fn check_eviction(eviction: &Value, info: &RequestInfo) -> Result<(), StatusError> {
    if object::name(eviction) != info.name() {
        let message = "name in URL does not match name in Eviction object";
        return Err(StatusError::bad_request(message));
    }

    let ignores_read_errors = "ignoreStoreReadErrorWithClusterBreakingPotential";
    if eviction["deleteOptions"][ignores_read_errors] == json!(true) {
        let field = "deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential";
        let why = "can not be set for pod eviction, try after removing the option";
        let error = FieldError::invalid(field, "true", why);
        return Err(StatusError::invalid("policy", "Eviction", info.name(), &[error]));
    }
    Ok(())
}

/// Merges the `dryRun` of query and body; if they differ, refuses with an error without a reason.
fn merge_dry_runs(mut options: DeleteOptions, queried: &[String]) -> Result<DeleteOptions, StatusError> {
    if options.dry_run.is_empty() {
        options.dry_run = queried.to_vec();
        return Ok(options);
    }
    if queried.is_empty() || queried == options.dry_run {
        return Ok(options);
    }

    let message = format!(
        "Non-matching dry-run options in request and content: [{}] and [{}]",
        queried.join(" "),
        options.dry_run.join(" ")
    );
    Err(StatusError::new(500, "", message))
}

/// Checks the budgets, spends a disruption, and deletes the pod.
fn evict_pod(
    state: &mut ClusterState,
    info: &RequestInfo,
    mut options: DeleteOptions,
) -> Result<(), StatusError> {
    let resource = info.resource;
    let pod = stored_object(state, info)?;
    let budgets = state.store.list("PodDisruptionBudget", info.namespace.as_deref());
    let permission = budget_policy::permit_eviction(&pod, &budgets)?;
    if options.is_dry_run() {
        return delete_object(state, resource, &pod, &options).map(drop);
    }

    let now = state.now();
    if let EvictionPermission::SpendsDisruption(budget) = permission {
        let spent = budget_policy::spend_disruption(&budget, info.name(), now);
        state.store.put("PodDisruptionBudget", spent);
    }
    preconditions_of(&options).check_preconditions("", "Pod", &pod)?;

    // The condition changes the pod's version, so a version precondition that was met must be updated to it.
    let terminating = state.store.put(resource.kind, with_disruption_target(&pod, now));
    if options.resource_version.is_some() {
        options.resource_version = Some(object::resource_version(&terminating).to_owned());
    }
    delete_object(state, resource, &terminating, &options).map(drop)
}

/// The options reduced to their preconditions. Only an eviction treats empty ones as absent.
fn preconditions_of(options: &DeleteOptions) -> DeleteOptions {
    let non_empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    DeleteOptions {
        uid: non_empty(&options.uid),
        resource_version: non_empty(&options.resource_version),
        ..DeleteOptions::default()
    }
}

/// The pod with the condition that explains its deletion to controllers.
fn with_disruption_target(pod: &Value, now: Timestamp) -> Value {
    let mut pod = pod.clone();
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    });
    object::set_condition(&mut pod, condition, now);
    pod
}
