//! Deletes objects: pods after their grace period, objects with finalizers in two steps, all others at once.
//!
//! The steps are those of `apiserver/pkg/registry/rest/delete.go` and, for pods, of
//! `pkg/registry/core/pod/strategy.go`.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::api::admission;
use crate::api::conversion::to_request_version;
use crate::api::delete_options::DeleteOptions;
use crate::api::get::stored_object;
use crate::api::list_options::SelectionPredicate;
use crate::store::object;
use crate::store::resource::ApiResource;
use crate::store::state::ClusterState;
use crate::wire::reply::{ApiReply, success_status};
use crate::wire::representation::Representation;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// The default grace period of a pod, in seconds.
const DEFAULT_GRACE_PERIOD: i64 = 30;

/// The kinds whose deletion is answered with the object; all others are answered with a `Status`.
const RETURNED_KINDS: [&str; 4] = ["Pod", "Namespace", "Service", "ServiceAccount"];

/// The result of a deletion.
#[derive(Debug)]
pub(crate) struct DeletionResult {
    /// The object after the deletion.
    pub(crate) object: Arc<Value>,
    /// Whether the object is gone; otherwise it is terminating.
    pub(crate) removed: bool,
}

/// Answers a DELETE of one object.
pub(crate) fn delete(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let options = DeleteOptions::read(request)?;
    options.validate()?;
    let resource = info.resource;
    admission::admit_deletion(info)?;
    let object = stored_object(state, info)?;
    let deleted = delete_object(state, resource, &object, &options)?;

    // Only `orphanDependents`, the older of the two options for a cascade, is answered with 202 (`handlers/delete.go`).
    let is_accepted = !deleted.removed && options.orphan_dependents == Some(false);
    let code = if is_accepted { 202 } else { 200 };
    if RETURNED_KINDS.contains(&resource.kind) {
        let object = to_request_version(resource, &deleted.object);
        return Ok(ApiReply::json(code, representation.object(&object)?));
    }
    Ok(ApiReply::json(code, deletion_status(info, &object)))
}

/// The `Status` that names a deleted object.
fn deletion_status(info: &RequestInfo, object: &Value) -> Value {
    let mut details =
        json!({ "name": info.name(), "kind": info.resource.plural, "uid": object::uid(object) });
    if !info.resource.group.is_empty() {
        details["group"] = json!(info.resource.group);
    }

    let mut status = success_status();
    status["details"] = details;
    status
}

/// Deletes the selected objects of a collection, and answers with the list of them.
pub(crate) fn delete_collection(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
) -> Result<ApiReply, StatusError> {
    let predicate = SelectionPredicate::read(info, request)?;
    let options = DeleteOptions::read(request)?;
    let resource = info.resource;

    let objects = state.store.list(resource.kind, info.namespace.as_deref());
    let mut deleted = Vec::new();
    for object in objects.iter().filter(|object| predicate.matches(object)) {
        deleted.push(delete_object(state, resource, object, &options)?.object);
    }
    deleted.sort_by(|a, b| object::name(a).cmp(object::name(b)));

    let metadata = json!({ "resourceVersion": state.store.revision().to_string() });
    let items = deleted.iter().map(|object| &**object);
    let list = Representation::Full.list(resource.kind, &resource.api_version(), items, metadata)?;
    Ok(ApiReply::json(200, list))
}

/// Deletes an object, as the last step of a DELETE, of an eviction or of a controller's decision.
///
/// The options are checked here and not earlier, because an eviction spends its budget first.
pub(crate) fn delete_object(
    state: &mut ClusterState,
    resource: &'static ApiResource,
    object: &Arc<Value>,
    options: &DeleteOptions,
) -> Result<DeletionResult, StatusError> {
    options.validate()?;
    options.check_preconditions(resource.group, resource.kind, object)?;

    let terminating = match resource.kind {
        "Pod" => begin_pod_deletion(state, object, options),
        "Namespace" => begin_namespace_deletion(state, object),
        _ if object::has_finalizers(object) => set_deletion_time(state, object, 0),
        _ => Value::clone(object),
    };
    let is_graceful = object::number(&terminating, "/metadata/deletionGracePeriodSeconds") > 0;
    let removed = !is_graceful && !object::has_finalizers(&terminating) && resource.kind != "Namespace";

    if options.is_dry_run() {
        let object = Arc::new(terminating);
        return Ok(DeletionResult { object, removed });
    }

    if options.orphans_dependents() {
        orphan_dependents(state, object::uid(object));
    }
    if !removed {
        let object = state.store.put(resource.kind, terminating);
        return Ok(DeletionResult { object, removed });
    }

    // The answer shows the object as terminating, under the revision of its removal.
    let last = state.store.remove(resource.kind, object);
    let last = last.unwrap_or_else(|| object.clone());
    let mut shown = terminating;
    shown["metadata"]["resourceVersion"] = last["metadata"]["resourceVersion"].clone();
    Ok(DeletionResult {
        object: Arc::new(shown),
        removed,
    })
}

/// Begins a pod's deletion, without grace if no container of it is running.
fn begin_pod_deletion(state: &ClusterState, pod: &Value, options: &DeleteOptions) -> Value {
    // A negative period means at once, for which the API uses one second.
    let requested = options
        .grace_period_seconds
        .map(|seconds| if seconds < 0 { 1 } else { seconds });
    if object::is_terminating(pod) {
        return shorten_grace_period(state, pod, requested);
    }

    let is_not_running = object::text(pod, "/spec/nodeName").is_empty() || object::is_terminal(pod);
    if is_not_running {
        return set_deletion_time(state, pod, 0);
    }

    let in_spec = pod
        .pointer("/spec/terminationGracePeriodSeconds")
        .and_then(Value::as_i64);
    let period = requested.or(in_spec).unwrap_or(DEFAULT_GRACE_PERIOD);
    set_deletion_time(state, pod, period.max(0))
}

/// Shortens the grace period of a pod that is already terminating; a longer period changes nothing.
fn shorten_grace_period(state: &ClusterState, pod: &Value, requested: Option<i64>) -> Value {
    let current = object::number(pod, "/metadata/deletionGracePeriodSeconds");
    let Some(mut period) = requested.filter(|seconds| *seconds < current) else {
        return pod.clone();
    };

    let now = state.now();
    let due = object::parse_time(object::text(pod, "/metadata/deletionTimestamp")).unwrap_or(now);
    let sooner = due
        .checked_sub(SignedDuration::from_secs(current - period))
        .unwrap_or(now);
    if sooner < now && period != 0 {
        period = 1;
    }

    let mut pod = pod.clone();
    let metadata = object::metadata(&mut pod);
    let due = object::format_time(sooner.max(now));
    metadata.insert("deletionTimestamp".to_owned(), json!(due));
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(period));
    pod
}

/// Begins the deletion of a namespace; the garbage collector removes the namespace once it is empty.
fn begin_namespace_deletion(state: &ClusterState, namespace: &Value) -> Value {
    let mut namespace = set_deletion_time(state, namespace, 0);
    object::metadata(&mut namespace).remove("deletionGracePeriodSeconds");
    namespace["status"]["phase"] = json!("Terminating");
    namespace
}

/// Sets the deletion time of an object, unless it already has one.
fn set_deletion_time(state: &ClusterState, object: &Value, grace_period: i64) -> Value {
    let mut object = object.clone();
    if object::is_terminating(&object) {
        return object;
    }

    let now = state.now();
    let due = now.checked_add(SignedDuration::from_secs(grace_period));
    let due = object::format_time(due.unwrap_or(now));
    let metadata = object::metadata(&mut object);
    metadata.insert("deletionTimestamp".to_owned(), json!(due));
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(grace_period));
    if let Some(generation) = metadata.get("generation").and_then(Value::as_i64) {
        metadata.insert("generation".to_owned(), json!(generation + 1));
    }
    object
}

/// Removes the references to an owner from its dependents, so that they are not deleted with it.
fn orphan_dependents(state: &mut ClusterState, owner: &str) {
    let is_dependent = |object: &Value| {
        let owners = object::list(object, "/metadata/ownerReferences");
        owners.iter().any(|reference| reference["uid"] == *owner)
    };
    let dependents: Vec<(&'static str, Value)> = state
        .store
        .all_objects()
        .filter(|(_, object)| is_dependent(object))
        .map(|(kind, object)| (kind, Value::clone(object)))
        .collect();

    for (kind, mut dependent) in dependents {
        if let Some(owners) = dependent["metadata"]["ownerReferences"].as_array_mut() {
            owners.retain(|reference| reference["uid"] != *owner);
        }
        state.store.put(kind, dependent);
    }
}
