//! Creates, replaces and patches objects.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::defaults;
use crate::api::delete_options::dry_run;
use crate::api::events;
use crate::api::field_types;
use crate::api::patch;
use crate::api::scale;
use crate::store::object;
use crate::store::resource::ApiResource;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::Request;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// Answers a POST to a collection.
pub(crate) fn create(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
    form: Representation,
) -> Result<ApiReply, StatusError> {
    let dry = dry_run(&request.query, "CreateOptions")?;
    let object = request.json()?;
    check_kind(&object, target.resource)?;
    let object = insert(state, target, object, dry)?;
    Ok(ApiReply::json(
        201,
        form.object(&target.resource.presented(&object))?,
    ))
}

/// What a client sends is not its to say.
const SERVER_SET_FIELDS: [&str; 5] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
];

/// Admits, completes and stores a new object.
fn insert(
    state: &mut ClusterState,
    target: &RequestInfo,
    object: Value,
    dry: bool,
) -> Result<Arc<Value>, StatusError> {
    let resource = target.resource;
    field_types::check(&object, resource)?;
    let mut object = resource.stored(object);
    check_namespace(object::namespace(&object), target)?;
    name_if_asked(state, &mut object);
    let name = object::name(&object).to_owned();
    admit_creation(state, target, &name)?;
    check_new(&object, target)?;
    if state
        .store
        .get(resource.kind, target.namespace(), &name)
        .is_some()
    {
        return Err(StatusError::already_exists(
            resource.group,
            resource.plural,
            &name,
        ));
    }
    let metadata = object::metadata(&mut object);
    for owned in SERVER_SET_FIELDS {
        metadata.remove(owned);
    }
    if let Some(namespace) = &target.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    defaults::complete(&mut object, resource);
    state.set_creation_metadata(&mut object);
    Ok(if dry {
        Arc::new(object)
    } else {
        state.store.put(resource.kind, object)
    })
}

/// Ends a `generateName` with a suffix.
fn name_if_asked(state: &mut ClusterState, object: &mut Value) {
    let prefix = object::text(object, "/metadata/generateName").to_owned();
    if object::name(object).is_empty() && !prefix.is_empty() {
        let name = format!("{prefix}{}", state.names.suffix());
        object::metadata(object).insert("name".to_owned(), json!(name));
    }
}

fn check_new(object: &Value, target: &RequestInfo) -> Result<(), StatusError> {
    let resource = target.resource;
    if object::name(object).is_empty() {
        let body = "Required value: name or generateName is required".to_owned();
        let error = FieldError {
            reason: "FieldValueRequired",
            field: "metadata.name",
            body,
        };
        return Err(StatusError::invalid(resource.group, resource.kind, "", &[error]));
    }
    match resource.kind {
        "Event" => events::validate(object, resource.group, target.namespace()),
        _ => Ok(()),
    }
}

/// Answers a PUT of an object, of its status or of its scale.
pub(crate) fn replace(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
    form: Representation,
) -> Result<ApiReply, StatusError> {
    let dry = dry_run(&request.query, "UpdateOptions")?;
    let sent = request.json()?;
    if target.subresource.as_deref() == Some("scale") {
        let known = existing(state, target)?;
        let stored = update(state, target, &known, scale::applied(&known, &sent)?, dry)?;
        return Ok(ApiReply::json(200, scale::of(&stored)));
    }
    check_kind(&sent, target.resource)?;
    check_namespace(object::namespace(&sent), target)?;
    if object::name(&sent) != target.name() {
        let message = format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            object::name(&sent),
            target.name()
        );
        return Err(StatusError::bad_request(message));
    }
    field_types::check(&sent, target.resource)?;
    let known = existing(state, target)?;
    let stored = update(state, target, &known, target.resource.stored(sent), dry)?;
    Ok(ApiReply::json(
        200,
        form.object(&target.resource.presented(&stored))?,
    ))
}

/// Answers a PATCH; a server-side apply of something new creates it.
pub(crate) fn patch(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
    form: Representation,
) -> Result<ApiReply, StatusError> {
    let dry = dry_run(&request.query, "PatchOptions")?;
    let patch = patch::PatchBody::read(request)?;
    let resource = target.resource;
    let Some(known) = state.store.get(resource.kind, target.namespace(), target.name()) else {
        let patch::PatchBody::Apply(object) = patch else {
            return Err(resource.not_found(target.name()));
        };
        let object = insert(state, target, object, dry)?;
        return Ok(ApiReply::json(201, form.object(&resource.presented(&object))?));
    };
    if target.subresource.as_deref() == Some("scale") {
        let scaled = patch.applied_to(&scale::of(&known))?;
        let stored = update(state, target, &known, scale::applied(&known, &scaled)?, dry)?;
        return Ok(ApiReply::json(200, scale::of(&stored)));
    }
    let patched = patch.applied_to(&resource.presented(&known))?;
    field_types::check(&patched, resource)?;
    let stored = update(state, target, &known, resource.stored(patched), dry)?;
    Ok(ApiReply::json(200, form.object(&resource.presented(&stored))?))
}

fn existing(state: &ClusterState, target: &RequestInfo) -> Result<Arc<Value>, StatusError> {
    let found = state
        .store
        .get(target.resource.kind, target.namespace(), target.name());
    found.ok_or_else(|| target.resource.not_found(target.name()))
}

/// Puts `sent` in the place of `known`, except for what the addressed part may not change.
fn update(
    state: &mut ClusterState,
    target: &RequestInfo,
    known: &Arc<Value>,
    mut sent: Value,
    dry: bool,
) -> Result<Arc<Value>, StatusError> {
    let resource = target.resource;
    let (uid, version) = (object::uid(&sent), object::resource_version(&sent));
    if !uid.is_empty() && uid != object::uid(known) {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            object::uid(known)
        );
        return Err(resource.conflict(target.name(), &why));
    }
    if !version.is_empty() && version != object::resource_version(known) {
        return Err(resource.conflict(target.name(), MODIFIED));
    }
    if target.subresource.as_deref() == Some("status") {
        let status = sent["status"].take();
        sent = Value::clone(known);
        sent["status"] = status;
    } else {
        keep_server_owned_fields(&mut sent, known, resource);
    }
    if dry {
        return Ok(Arc::new(sent));
    }
    let finished = object::is_terminating(&sent)
        && object::has_finalizers(known)
        && !object::has_finalizers(&sent)
        && object::number(&sent, "/metadata/deletionGracePeriodSeconds") == 0;
    if finished && let Some(last) = state.store.remove(resource.kind, &sent) {
        return Ok(last);
    }
    Ok(state.store.put(resource.kind, sent))
}

fn keep_server_owned_fields(sent: &mut Value, known: &Value, resource: &ApiResource) {
    let metadata = object::metadata(sent);
    for owned in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
    ] {
        match &known["metadata"][owned] {
            Value::Null => metadata.remove(owned),
            value => metadata.insert(owned.to_owned(), value.clone()),
        };
    }
    sent["apiVersion"] = known["apiVersion"].clone();
    sent["kind"] = known["kind"].clone();
    if resource.subresources.contains(&"status")
        && let Some(fields) = sent.as_object_mut()
    {
        match &known["status"] {
            Value::Null => fields.remove("status"),
            status => fields.insert("status".to_owned(), status.clone()),
        };
    }
    if let Some(generation) = known.pointer("/metadata/generation").and_then(Value::as_i64)
        && sent["spec"] != known["spec"]
    {
        sent["metadata"]["generation"] = json!(generation + 1);
    }
}

/// What admission asks of a new object: that its namespace is there and means to stay.
pub(crate) fn admit_creation(
    state: &ClusterState,
    target: &RequestInfo,
    name: &str,
) -> Result<(), StatusError> {
    let Some(namespace) = &target.namespace else {
        return Ok(());
    };
    let Some(known) = state.store.get("Namespace", "", namespace) else {
        return Err(StatusError::not_found("", "namespaces", namespace));
    };
    if object::is_terminating(&known) || object::phase(&known) == "Terminating" {
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = format!("namespace {namespace} is being terminated");
        let failure = StatusError::forbidden(target.resource.group, target.resource.plural, name, &why);
        return Err(failure.cause("NamespaceTerminating", &cause, "metadata.namespace"));
    }
    Ok(())
}

pub(crate) fn check_namespace(stated: &str, target: &RequestInfo) -> Result<(), StatusError> {
    if stated.is_empty() || stated == target.namespace() {
        return Ok(());
    }
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    Err(StatusError::bad_request(message))
}

fn check_kind(object: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    let (version, kind) = (object::text(object, "/apiVersion"), object::text(object, "/kind"));
    let fits = |stated: &str, own: &str| stated.is_empty() || stated == own;
    if fits(version, &resource.api_version()) && fits(kind, resource.kind) {
        return Ok(());
    }
    let bare = version.rsplit('/').next().unwrap_or_default();
    Err(StatusError::bad_request(format!(
        "{kind} in version {bare:?} cannot be handled as a {}: no kind {kind:?} is registered for version {version:?}",
        resource.kind
    )))
}
