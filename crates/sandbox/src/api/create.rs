//! Creates objects: names, checks, admits, completes and stores them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::admission;
use crate::api::body_validation::{check_kind, check_namespace, read_dry_run};
use crate::api::conversion::{to_request_version, to_storage_version};
use crate::api::{defaults, event_validation, field_types};
use crate::store::object;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

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
    let object = request.json()?;
    check_kind(&object, info.resource)?;

    let stored = create_object(state, info, object, is_dry_run)?;
    let answered = to_request_version(info.resource, &stored);
    Ok(ApiReply::json(201, representation.object(&answered)?))
}

/// Checks, admits, completes and stores a new object.
pub(crate) fn create_object(
    state: &mut ClusterState,
    info: &RequestInfo,
    object: Value,
    is_dry_run: bool,
) -> Result<Arc<Value>, StatusError> {
    let resource = info.resource;
    field_types::check(&object, resource)?;
    let mut object = to_storage_version(resource, object);
    check_namespace(object::namespace(&object), info)?;
    generate_name(state, &mut object);

    let name = object::name(&object).to_owned();
    admission::admit_creation(state, info, &name)?;
    validate(&object, info)?;
    if state.store.get(resource.kind, info.namespace(), &name).is_some() {
        return Err(StatusError::already_exists(
            resource.group,
            resource.plural,
            &name,
        ));
    }

    let metadata = object::metadata(&mut object);
    for field in SERVER_SET_FIELDS {
        metadata.remove(field);
    }
    if let Some(namespace) = &info.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    defaults::complete(&mut object, resource);
    state.set_creation_metadata(&mut object);

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
    let resource = info.resource;
    if object::name(object).is_empty() {
        let error = FieldError::required("metadata.name").because("name or generateName is required");
        return Err(StatusError::invalid(resource.group, resource.kind, "", &[error]));
    }

    match resource.kind {
        "Event" => event_validation::validate(object, resource.group, info.namespace()),
        _ => Ok(()),
    }
}
