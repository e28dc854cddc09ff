//! Answers POST pods/eviction in the order in which a real server judges one.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::budget_policy::{self, EvictionPermission};
use crate::api::delete;
use crate::api::delete_options::{self, DeleteOptions};
use crate::api::field_validation;
use crate::api::update;
use crate::store::object;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::request::Request;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

/// Judges the request and, when it is permitted, deletes the pod.
pub(crate) fn answer(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
) -> Result<ApiReply, StatusError> {
    let queried = request.query.all("dryRun");
    delete_options::dry_run(&request.query, "CreateOptions")?;
    let validation = field_validation::FieldValidation::of(&request.query)?;
    let eviction = request.json()?;
    check_kind(&eviction)?;
    let warnings = field_validation::check_eviction(&eviction, validation)?;
    let options = DeleteOptions::from_json(&eviction["deleteOptions"]).map_err(|failure| {
        let version = eviction["apiVersion"]
            .as_str()
            .unwrap_or("policy/v1")
            .trim_start_matches("policy/");
        let message = format!(
            "Eviction in version {version:?} cannot be handled as a Eviction: {}",
            failure
                .message
                .replace("DeleteOptions.", "DeleteOptions.deleteOptions.")
        );
        StatusError::bad_request(message)
    })?;
    update::check_namespace(object::namespace(&eviction), target)?;
    update::admit_creation(state, target, target.name())?;
    let options = check_eviction(&eviction, target, options, &queried)?;
    evict(state, target, options)?;
    let status =
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    Ok(ApiReply::json(201, status).warn(&warnings))
}

/// Both versions of the policy API name the same Eviction; a body that names none is taken for one.
fn check_kind(eviction: &Value) -> Result<(), StatusError> {
    let (version, kind) = (
        object::text(eviction, "/apiVersion"),
        object::text(eviction, "/kind"),
    );
    if matches!(version, "" | "policy/v1" | "policy/v1beta1") && matches!(kind, "" | "Eviction") {
        return Ok(());
    }
    let bare = version.rsplit('/').next().unwrap_or_default();
    Err(StatusError::bad_request(format!(
        "{kind} in version {bare:?} cannot be handled as a Eviction: no kind {kind:?} is registered for version \
         {version:?} in scheme \"pkg/runtime/scheme.go:111\""
    )))
}

/// The checks between admission and the pod itself, and the dry run of query and body made one.
fn check_eviction(
    eviction: &Value,
    target: &RequestInfo,
    mut options: DeleteOptions,
    queried: &[String],
) -> Result<DeleteOptions, StatusError> {
    if object::name(eviction) != target.name() {
        return Err(StatusError::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let ignoring = "ignoreStoreReadErrorWithClusterBreakingPotential";
    if eviction["deleteOptions"][ignoring] == json!(true) {
        let body =
            "Invalid value: true: can not be set for pod eviction, try after removing the option".to_owned();
        let field = "deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential";
        let error = FieldError {
            reason: "FieldValueInvalid",
            field,
            body,
        };
        return Err(StatusError::invalid(
            "policy",
            "Eviction",
            target.name(),
            &[error],
        ));
    }
    if options.dry_run.is_empty() {
        options.dry_run = queried.to_vec();
    } else if !queried.is_empty() && queried != options.dry_run {
        let message = format!(
            "Non-matching dry-run options in request and content: [{}] and [{}]",
            queried.join(" "),
            options.dry_run.join(" ")
        );
        return Err(StatusError::new(500, "", message));
    }
    Ok(options)
}

/// From the pod to its end. The budget is spent before the preconditions are looked at, as the real server does.
fn evict(
    state: &mut ClusterState,
    target: &RequestInfo,
    mut options: DeleteOptions,
) -> Result<(), StatusError> {
    let resource = target.resource;
    let pod = state
        .store
        .get(resource.kind, target.namespace(), target.name())
        .ok_or_else(|| resource.not_found(target.name()))?;
    let budgets = state
        .store
        .list("PodDisruptionBudget", target.namespace.as_deref());
    let permission = budget_policy::judge(&pod, &budgets)?;
    if options.is_dry_run() {
        return delete::delete(state, resource, &pod, &options).map(drop);
    }
    let now = state.now();
    if let EvictionPermission::SpendsDisruption(budget) = permission {
        state.store.put(
            "PodDisruptionBudget",
            budget_policy::spent(&budget, target.name(), now),
        );
    }
    // Only here an empty precondition counts as none.
    let stated = DeleteOptions {
        uid: options.uid.clone().filter(|uid| !uid.is_empty()),
        resource_version: options
            .resource_version
            .clone()
            .filter(|version| !version.is_empty()),
        ..DeleteOptions::default()
    };
    stated.check_preconditions(("", "Pod"), &pod)?;
    let terminating = state.store.put(resource.kind, targeted(&pod, now));
    if options.resource_version.is_some() {
        options.resource_version = Some(object::resource_version(&terminating).to_owned());
    }
    delete::delete(state, resource, &terminating, &options).map(drop)
}

/// The pod with the condition by which its controllers know why it goes.
fn targeted(pod: &Value, now: Timestamp) -> Value {
    let mut pod = pod.clone();
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    });
    object::set_condition(&mut pod, condition, now);
    pod
}
