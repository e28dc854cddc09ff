//! Deletes objects: pods with grace, what has finalizers in two steps, everything else at once.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::api::delete_options::DeleteOptions;
use crate::store::object;
use crate::store::resource::ApiResource;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::Request;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// What a deletion left behind.
#[derive(Debug)]
pub(crate) struct DeletionResult {
    pub(crate) object: Arc<Value>,
    pub(crate) at_once: bool,
}

/// Answers a DELETE of one object.
pub(crate) fn answer(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
    form: Representation,
) -> Result<ApiReply, StatusError> {
    let options = read_options(request)?;
    options.validate()?;
    let resource = target.resource;
    let object = state
        .store
        .get(resource.kind, target.namespace(), target.name())
        .ok_or_else(|| resource.not_found(target.name()))?;
    let deleted = delete(state, resource, &object, &options)?;
    let accepted = !deleted.at_once && options.orphan_dependents == Some(false);
    let code = if accepted { 202 } else { 200 };
    let body = if matches!(resource.kind, "Pod" | "Namespace" | "Service" | "ServiceAccount") {
        form.object(&resource.presented(&deleted.object))?
    } else {
        let mut details =
            json!({ "name": target.name(), "kind": resource.plural, "uid": object::uid(&object) });
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
    };
    Ok(ApiReply::json(code, body))
}

/// SandboxOptions in the body hide those in the query altogether: `?dryRun=All` beside a body is not a dry run.
pub(crate) fn read_options(request: &Request) -> Result<DeleteOptions, StatusError> {
    if request.body.is_empty() {
        return DeleteOptions::from_query(&request.query);
    }
    let body = request.json()?;
    let (version, kind) = (object::text(&body, "/apiVersion"), object::text(&body, "/kind"));
    if !matches!(kind, "" | "DeleteOptions") {
        let scheme = "pkg/runtime/scheme.go:111";
        let why = format!("no kind {kind:?} is registered for version {version:?} in scheme {scheme:?}");
        return Err(StatusError::bad_request(why));
    }
    DeleteOptions::from_json(&body)
}

/// Deletes an object whose options are to be checked now, as the last step of an eviction or of a DELETE.
pub(crate) fn delete(
    state: &mut ClusterState,
    resource: &'static ApiResource,
    object: &Arc<Value>,
    options: &DeleteOptions,
) -> Result<DeletionResult, StatusError> {
    options.validate()?;
    options.check_preconditions((resource.group, resource.kind), object)?;
    let marked = match resource.kind {
        "Pod" => begin_pod_deletion(state, object, options),
        "Namespace" => begin_namespace_deletion(state, object),
        _ if object::has_finalizers(object) => mark(state, object, 0),
        _ => Value::clone(object),
    };
    let graceful = object::number(&marked, "/metadata/deletionGracePeriodSeconds") > 0;
    let at_once = !graceful && !object::has_finalizers(&marked) && resource.kind != "Namespace";
    if options.is_dry_run() {
        return Ok(DeletionResult {
            object: Arc::new(marked),
            at_once,
        });
    }
    if options.propagation_policy.as_deref() == Some("Orphan") || options.orphan_dependents == Some(true) {
        orphan_dependents(state, object::uid(object));
    }
    if !at_once {
        return Ok(DeletionResult {
            object: state.store.put(resource.kind, marked),
            at_once,
        });
    }
    let last = state
        .store
        .remove(resource.kind, object)
        .unwrap_or_else(|| object.clone());
    let mut shown = marked;
    shown["metadata"]["resourceVersion"] = last["metadata"]["resourceVersion"].clone();
    Ok(DeletionResult {
        object: Arc::new(shown),
        at_once,
    })
}

/// A pod's deletion: graceful, unless nothing runs yet or any more; a second one may only hurry the first.
fn begin_pod_deletion(state: &ClusterState, pod: &Value, options: &DeleteOptions) -> Value {
    let requested = options
        .grace_period_seconds
        .map(|seconds| if seconds < 0 { 1 } else { seconds });
    if object::is_terminating(pod) {
        return shorten_grace_period(state, pod, requested);
    }
    let in_spec = pod
        .pointer("/spec/terminationGracePeriodSeconds")
        .and_then(Value::as_i64)
        .unwrap_or(30);
    let idle = object::text(pod, "/spec/nodeName").is_empty() || object::is_terminal(pod);
    mark(
        state,
        pod,
        if idle {
            0
        } else {
            requested.unwrap_or(in_spec).max(0)
        },
    )
}

/// Shortens the grace of a pod that is terminating already; a longer one changes nothing.
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
    metadata.insert(
        "deletionTimestamp".to_owned(),
        json!(object::format_time(sooner.max(now))),
    );
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(period));
    pod
}

fn begin_namespace_deletion(state: &ClusterState, namespace: &Value) -> Value {
    let mut namespace = mark(state, namespace, 0);
    object::metadata(&mut namespace).remove("deletionGracePeriodSeconds");
    namespace["status"]["phase"] = json!("Terminating");
    namespace
}

/// Sets the deletion time of an object that had none.
fn mark(state: &ClusterState, object: &Value, grace: i64) -> Value {
    let mut object = object.clone();
    if object::is_terminating(&object) {
        return object;
    }
    let now = state.now();
    let due = now.checked_add(SignedDuration::from_secs(grace)).unwrap_or(now);
    let metadata = object::metadata(&mut object);
    metadata.insert("deletionTimestamp".to_owned(), json!(object::format_time(due)));
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(grace));
    if let Some(generation) = metadata.get("generation").and_then(Value::as_i64) {
        metadata.insert("generation".to_owned(), json!(generation + 1));
    }
    object
}

fn orphan_dependents(state: &mut ClusterState, owner: &str) {
    let owned = |owners: &Value| {
        owners
            .as_array()
            .is_some_and(|list| list.iter().any(|o| o["uid"] == *owner))
    };
    let dependents: Vec<(&'static str, Value)> = state
        .store
        .all_objects()
        .filter(|(_, object)| owned(&object["metadata"]["ownerReferences"]))
        .map(|(kind, object)| (kind, Value::clone(object)))
        .collect();
    for (kind, mut dependent) in dependents {
        if let Some(owners) = dependent["metadata"]["ownerReferences"].as_array_mut() {
            owners.retain(|reference| reference["uid"] != *owner);
        }
        state.store.put(kind, dependent);
    }
}
