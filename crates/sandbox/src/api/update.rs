//! Replaces and patches objects, their status, and their scale.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::body_validation::{check_kind, check_namespace, read_dry_run};
use crate::api::conversion::{to_request_version, to_storage_version};
use crate::api::create::create_object;
use crate::api::field_validation::FieldValidation;
use crate::api::get::stored_object;
use crate::api::managed_fields::{self, FieldManager};
use crate::api::patch::ObjectPatch;
use crate::api::{defaults, field_types, scale, validation};
use crate::store::object;
use crate::store::resource::ApiResource;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

/// The message for a stale `resourceVersion` (`apiserver/pkg/registry/generic/registry/store.go`).
const OPTIMISTIC_LOCK_ERROR: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// The metadata that updates cannot change.
const IMMUTABLE_FIELDS: [&str; 8] = [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "generateName",
];

/// The kinds whose replacement must name the version that it replaces (`AllowUnconditionalUpdate`).
const VERSIONED_KINDS: [&str; 6] = [
    "CSIDriver",
    "CSINode",
    "CSIStorageCapacity",
    "Lease",
    "PodDisruptionBudget",
    "VolumeAttachment",
];

/// Answers a PUT of an object, its status or its scale.
pub(crate) fn replace(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let is_dry_run = read_dry_run(&request.query, "UpdateOptions")?;
    let field_validation = FieldValidation::read(&request.query, "UpdateOptions")?;
    let mut sent = request.json()?;
    if info.is_subresource("scale") {
        let known = stored_object(state, info)?;
        return update_scale(state, info, &known, &sent, &FieldManager::of(request), is_dry_run);
    }

    check_kind(&sent, info.resource)?;
    check_namespace(object::namespace(&sent), info)?;
    if object::name(&sent) != info.name() {
        return Err(StatusError::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            object::name(&sent),
            info.name()
        )));
    }
    let resource = info.resource;
    let unknown = field_types::take_unknown_fields(&mut sent, resource)?;
    let warnings = field_validation.judge_object(request, resource, &unknown)?;

    let known = stored_object(state, info)?;
    let sent = to_storage_version(resource, sent);
    check_version_is_stated(&sent, info)?;
    let manager = FieldManager::of(request);
    let stored = update(state, info, &known, sent, &manager, is_dry_run)?;
    let reply = reply(200, info, &stored, representation)?;
    Ok(reply.with_warnings(&warnings))
}

/// Answers a PATCH; a server-side apply of a missing object creates it.
pub(crate) fn patch(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let is_dry_run = read_dry_run(&request.query, "PatchOptions")?;
    let field_validation = FieldValidation::read(&request.query, "PatchOptions")?;
    let patch = ObjectPatch::read(request)?;
    let manager = match &patch {
        ObjectPatch::Apply(applied) => FieldManager::of(request).applying(applied),
        _ => FieldManager::of(request),
    };
    let resource = info.resource;

    let Some(known) = state.store.get(resource.kind, info.namespace(), info.name()) else {
        let ObjectPatch::Apply(mut object) = patch else {
            return Err(info.not_found());
        };
        let unknown = field_types::take_unknown_fields(&mut object, resource)?;
        let warnings = field_validation.judge_object(request, resource, &unknown)?;
        let created = create_object(state, info, object, &manager, is_dry_run)?;
        return Ok(reply(201, info, &created, representation)?.with_warnings(&warnings));
    };
    if info.is_subresource("scale") {
        let sent = patch.apply_to(&scale::scale_of(&known))?;
        return update_scale(state, info, &known, &sent, &manager, is_dry_run);
    }

    let mut patched = patch.apply_to(&to_request_version(resource, &known))?;
    let unknown = field_types::take_unknown_fields(&mut patched, resource)?;
    let warnings = field_validation.judge(request, &unknown, |report| {
        let shown = String::from_utf8_lossy(&request.body);
        let error = FieldError::invalid("patch", &format!("{shown:?}"), report);
        StatusError::invalid("", "", "", &[error])
    })?;

    let patched = to_storage_version(resource, patched);
    let stored = update(state, info, &known, patched, &manager, is_dry_run)?;
    let reply = reply(200, info, &stored, representation)?;
    Ok(reply.with_warnings(&warnings))
}

fn reply(
    code: u16,
    info: &RequestInfo,
    stored: &Arc<Value>,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let object = to_request_version(info.resource, stored);
    Ok(ApiReply::json(code, representation.object(&object)?))
}

fn update_scale(
    state: &mut ClusterState,
    info: &RequestInfo,
    known: &Arc<Value>,
    scale: &Value,
    manager: &FieldManager,
    is_dry_run: bool,
) -> Result<ApiReply, StatusError> {
    let scaled = scale::apply_scale(known, scale)?;
    let stored = update(state, info, known, scaled, manager, is_dry_run)?;
    Ok(ApiReply::json(200, scale::scale_of(&stored)))
}

/// Replaces `known` with `sent`, except for the fields that this request may not change.
fn update(
    state: &mut ClusterState,
    info: &RequestInfo,
    known: &Arc<Value>,
    mut sent: Value,
    manager: &FieldManager,
    is_dry_run: bool,
) -> Result<Arc<Value>, StatusError> {
    let resource = info.resource;
    check_versions(&sent, known, info)?;

    if info.is_subresource("status") {
        // Of the metadata, controllers change the annotations together with the status.
        let annotations = sent["metadata"]["annotations"].take();
        let status = sent["status"].take();
        sent = Value::clone(known);
        sent["status"] = status;
        match annotations {
            Value::Null => object::metadata(&mut sent).remove("annotations"),
            annotations => object::metadata(&mut sent).insert("annotations".to_owned(), annotations),
        };
    } else {
        keep_server_owned_fields(&mut sent, known, resource);
        complete_and_validate(&mut sent, known, resource)?;
    }
    managed_fields::track(resource, Some(known), &mut sent, manager, state.now());
    if is_dry_run {
        return Ok(Arc::new(sent));
    }

    // An object that was kept only by its finalizers is removed with the last of them.
    let has_lost_finalizers = object::has_finalizers(known) && !object::has_finalizers(&sent);
    let is_finished = object::is_terminating(&sent)
        && has_lost_finalizers
        && object::number(&sent, "/metadata/deletionGracePeriodSeconds") == 0;
    if is_finished && let Some(last) = state.store.remove(resource.kind, &sent) {
        return Ok(last);
    }
    Ok(state.store.put(resource.kind, sent))
}

/// Refuses a replacement without a version, for the kinds that must not be replaced unseen.
fn check_version_is_stated(sent: &Value, info: &RequestInfo) -> Result<(), StatusError> {
    let resource = info.resource;
    if !VERSIONED_KINDS.contains(&resource.kind) || !object::resource_version(sent).is_empty() {
        return Ok(());
    }
    let error = FieldError::invalid("metadata.resourceVersion", "0", "must be specified for an update");
    Err(StatusError::invalid(
        resource.group,
        resource.plural,
        info.name(),
        &[error],
    ))
}

/// Compares the UID and version of a sent object, if it has any, with those of the stored one.
fn check_versions(sent: &Value, known: &Value, info: &RequestInfo) -> Result<(), StatusError> {
    let uid = object::uid(sent);
    if !uid.is_empty() && uid != object::uid(known) {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            object::uid(known)
        );
        return Err(info.conflict(&why));
    }

    let version = object::resource_version(sent);
    if !version.is_empty() && version != object::resource_version(known) {
        return Err(info.conflict(OPTIMISTIC_LOCK_ERROR));
    }
    Ok(())
}

fn keep_server_owned_fields(sent: &mut Value, known: &Value, resource: &ApiResource) {
    let metadata = object::metadata(sent);
    for field in IMMUTABLE_FIELDS {
        match &known["metadata"][field] {
            Value::Null => metadata.remove(field),
            value => metadata.insert(field.to_owned(), value.clone()),
        };
    }
    sent["apiVersion"] = known["apiVersion"].clone();
    sent["kind"] = known["kind"].clone();

    if resource.has_status_subresource()
        && let Some(fields) = sent.as_object_mut()
    {
        match &known["status"] {
            Value::Null => fields.remove("status"),
            status => fields.insert("status".to_owned(), status.clone()),
        };
    }
}

/// Fills in the defaults of a changed object, refuses it if it is invalid, and counts the change of its spec.
fn complete_and_validate(sent: &mut Value, known: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    if resource.kind == "Secret" {
        defaults::complete_spec(sent, resource.kind);
    }
    if sent["spec"] == known["spec"] {
        return validation::check_update(sent, known, resource);
    }

    // Compared with their defaults, because an object that a test applied may lack them.
    let [mut complete, mut complete_known] = [sent.clone(), known.clone()];
    defaults::complete_spec(&mut complete, resource.kind);
    defaults::complete_spec(&mut complete_known, resource.kind);
    validation::check_update(&complete, &complete_known, resource)?;
    defaults::complete_update(sent, known, resource.kind);

    // The generation counts the changes of the spec.
    if let Some(generation) = known.pointer("/metadata/generation").and_then(Value::as_i64)
        && sent["spec"] != known["spec"]
    {
        sent["metadata"]["generation"] = json!(generation + 1);
    }
    Ok(())
}
