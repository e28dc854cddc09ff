//! Creates objects: names, checks, admits, completes and stores them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::admission;
use crate::api::body_validation::{check_kind, check_namespace, read_dry_run};
use crate::api::conversion::{to_request_version, to_storage_version};
use crate::api::field_validation::FieldValidation;
use crate::api::managed_fields::{self, FieldManager};
use crate::api::{defaults, event_validation, field_types, validation};
use crate::store::object;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// The metadata that the server sets on creation; values from the client are ignored.
const SERVER_SET_FIELDS: [&str; 5] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
];

/// Answers a POST to a collection.
pub(crate) fn create(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let is_dry_run = read_dry_run(&request.query, "CreateOptions")?;
    let field_validation = FieldValidation::read(&request.query, "CreateOptions")?;
    let mut object = request.json()?;
    let resource = info.resource;
    check_kind(&object, resource)?;
    let unknown = field_types::take_unknown_fields(&mut object, resource)?;
    let warnings = field_validation.judge_object(request, resource, &unknown)?;

    let manager = FieldManager::of(request);
    let stored = create_object(state, info, object, &manager, is_dry_run)?;
    let answered = to_request_version(resource, &stored);
    let reply = ApiReply::json(201, representation.object(&answered)?);
    Ok(reply.with_warnings(&warnings))
}

/// Admits, completes, validates and stores a new object, whose fields are known.
pub(crate) fn create_object(
    state: &mut ClusterState,
    info: &RequestInfo,
    object: Value,
    manager: &FieldManager,
    is_dry_run: bool,
) -> Result<Arc<Value>, StatusError> {
    let resource = info.resource;
    let mut object = to_storage_version(resource, object);
    check_namespace(object::namespace(&object), info)?;
    generate_name(state, &mut object);

    let name = object::name(&object).to_owned();
    admission::admit_creation(state, info, &name)?;
    let metadata = object::metadata(&mut object);
    for field in SERVER_SET_FIELDS {
        metadata.remove(field);
    }
    if let Some(namespace) = &info.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    defaults::complete(&mut object, resource);
    state.set_creation_metadata(&mut object);
    if resource.kind == "Job" {
        defaults::generate_job_selector(&mut object);
    }
    validate(&object, info)?;
    if state.store.get(resource.kind, info.namespace(), &name).is_some() {
        return Err(StatusError::already_exists(
            resource.group,
            resource.plural,
            &name,
        ));
    }

    managed_fields::track(resource, None, &mut object, manager, state.now());
    if is_dry_run {
        return Ok(Arc::new(object));
    }
    Ok(state.store.put(resource.kind, object))
}

/// Generates a name from `generateName`, unless the object has a name.
fn generate_name(state: &mut ClusterState, object: &mut Value) {
    let prefix = object::text(object, "/metadata/generateName").to_owned();
    if object::name(object).is_empty() && !prefix.is_empty() {
        let name = format!("{prefix}{}", state.names.suffix());
        object::metadata(object).insert("name".to_owned(), json!(name));
    }
}

fn validate(object: &Value, info: &RequestInfo) -> Result<(), StatusError> {
    validation::check_new(object, info.resource)?;
    match info.resource.kind {
        "Event" => event_validation::validate(object, info.resource.group, info.namespace()),
        _ => Ok(()),
    }
}
