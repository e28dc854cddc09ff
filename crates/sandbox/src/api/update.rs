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
use crate::store::resource::Resource;
use crate::store::state::World;
use crate::wire::reply::Reply;
use crate::wire::representation::Form;
use crate::wire::request::Request;
use crate::wire::route::Target;
use crate::wire::status_error::{Failure, FieldError};

const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// Answers a POST to a collection.
pub(crate) fn create(
    world: &mut World,
    target: &Target,
    request: &Request,
    form: Form,
) -> Result<Reply, Failure> {
    let dry = dry_run(&request.query, "CreateOptions")?;
    let object = request.json()?;
    check_kind(&object, target.resource)?;
    let object = insert(world, target, object, dry)?;
    Ok(Reply::json(
        201,
        form.object(&target.resource.presented(&object))?,
    ))
}

/// What a client sends is not its to say.
const OWNED_FROM_BIRTH: [&str; 5] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
];

/// Admits, completes and stores a new object.
fn insert(world: &mut World, target: &Target, object: Value, dry: bool) -> Result<Arc<Value>, Failure> {
    let resource = target.resource;
    field_types::check(&object, resource)?;
    let mut object = resource.stored(object);
    check_namespace(object::namespace(&object), target)?;
    name_if_asked(world, &mut object);
    let name = object::name(&object).to_owned();
    admit_new(world, target, &name)?;
    check_new(&object, target)?;
    if world
        .store
        .get(resource.kind, target.namespace(), &name)
        .is_some()
    {
        return Err(Failure::already_exists(resource.group, resource.plural, &name));
    }
    let metadata = object::metadata(&mut object);
    for owned in OWNED_FROM_BIRTH {
        metadata.remove(owned);
    }
    if let Some(namespace) = &target.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    defaults::complete(&mut object, resource);
    world.stamp_new(&mut object);
    Ok(if dry {
        Arc::new(object)
    } else {
        world.store.put(resource.kind, object)
    })
}

/// Ends a `generateName` with a suffix.
fn name_if_asked(world: &mut World, object: &mut Value) {
    let prefix = object::text(object, "/metadata/generateName").to_owned();
    if object::name(object).is_empty() && !prefix.is_empty() {
        let name = format!("{prefix}{}", world.names.suffix());
        object::metadata(object).insert("name".to_owned(), json!(name));
    }
}

fn check_new(object: &Value, target: &Target) -> Result<(), Failure> {
    let resource = target.resource;
    if object::name(object).is_empty() {
        let body = "Required value: name or generateName is required".to_owned();
        let error = FieldError {
            reason: "FieldValueRequired",
            field: "metadata.name",
            body,
        };
        return Err(Failure::invalid(resource.group, resource.kind, "", &[error]));
    }
    match resource.kind {
        "Event" => events::validate(object, resource.group, target.namespace()),
        _ => Ok(()),
    }
}

/// Answers a PUT of an object, of its status or of its scale.
pub(crate) fn replace(
    world: &mut World,
    target: &Target,
    request: &Request,
    form: Form,
) -> Result<Reply, Failure> {
    let dry = dry_run(&request.query, "UpdateOptions")?;
    let sent = request.json()?;
    if target.subresource.as_deref() == Some("scale") {
        let known = existing(world, target)?;
        let stored = update(world, target, &known, scale::applied(&known, &sent)?, dry)?;
        return Ok(Reply::json(200, scale::of(&stored)));
    }
    check_kind(&sent, target.resource)?;
    check_namespace(object::namespace(&sent), target)?;
    if object::name(&sent) != target.name() {
        let message = format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            object::name(&sent),
            target.name()
        );
        return Err(Failure::bad_request(message));
    }
    field_types::check(&sent, target.resource)?;
    let known = existing(world, target)?;
    let stored = update(world, target, &known, target.resource.stored(sent), dry)?;
    Ok(Reply::json(
        200,
        form.object(&target.resource.presented(&stored))?,
    ))
}

/// Answers a PATCH; a server-side apply of something new creates it.
pub(crate) fn patch(
    world: &mut World,
    target: &Target,
    request: &Request,
    form: Form,
) -> Result<Reply, Failure> {
    let dry = dry_run(&request.query, "PatchOptions")?;
    let patch = patch::Patch::read(request)?;
    let resource = target.resource;
    let Some(known) = world.store.get(resource.kind, target.namespace(), target.name()) else {
        let patch::Patch::Apply(object) = patch else {
            return Err(resource.not_found(target.name()));
        };
        let object = insert(world, target, object, dry)?;
        return Ok(Reply::json(201, form.object(&resource.presented(&object))?));
    };
    if target.subresource.as_deref() == Some("scale") {
        let scaled = patch.applied_to(&scale::of(&known))?;
        let stored = update(world, target, &known, scale::applied(&known, &scaled)?, dry)?;
        return Ok(Reply::json(200, scale::of(&stored)));
    }
    let patched = patch.applied_to(&resource.presented(&known))?;
    field_types::check(&patched, resource)?;
    let stored = update(world, target, &known, resource.stored(patched), dry)?;
    Ok(Reply::json(200, form.object(&resource.presented(&stored))?))
}

fn existing(world: &World, target: &Target) -> Result<Arc<Value>, Failure> {
    let found = world
        .store
        .get(target.resource.kind, target.namespace(), target.name());
    found.ok_or_else(|| target.resource.not_found(target.name()))
}

/// Puts `sent` in the place of `known`, except for what the addressed part may not change.
fn update(
    world: &mut World,
    target: &Target,
    known: &Arc<Value>,
    mut sent: Value,
    dry: bool,
) -> Result<Arc<Value>, Failure> {
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
        keep_what_the_server_owns(&mut sent, known, resource);
    }
    if dry {
        return Ok(Arc::new(sent));
    }
    let finished = object::is_terminating(&sent)
        && object::has_finalizers(known)
        && !object::has_finalizers(&sent)
        && object::number(&sent, "/metadata/deletionGracePeriodSeconds") == 0;
    if finished && let Some(last) = world.store.remove(resource.kind, &sent) {
        return Ok(last);
    }
    Ok(world.store.put(resource.kind, sent))
}

fn keep_what_the_server_owns(sent: &mut Value, known: &Value, resource: &Resource) {
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
pub(crate) fn admit_new(world: &World, target: &Target, name: &str) -> Result<(), Failure> {
    let Some(namespace) = &target.namespace else {
        return Ok(());
    };
    let Some(known) = world.store.get("Namespace", "", namespace) else {
        return Err(Failure::not_found("", "namespaces", namespace));
    };
    if object::is_terminating(&known) || object::phase(&known) == "Terminating" {
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = format!("namespace {namespace} is being terminated");
        let failure = Failure::forbidden(target.resource.group, target.resource.plural, name, &why);
        return Err(failure.cause("NamespaceTerminating", &cause, "metadata.namespace"));
    }
    Ok(())
}

pub(crate) fn check_namespace(stated: &str, target: &Target) -> Result<(), Failure> {
    if stated.is_empty() || stated == target.namespace() {
        return Ok(());
    }
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    Err(Failure::bad_request(message))
}

fn check_kind(object: &Value, resource: &Resource) -> Result<(), Failure> {
    let (version, kind) = (object::text(object, "/apiVersion"), object::text(object, "/kind"));
    let fits = |stated: &str, own: &str| stated.is_empty() || stated == own;
    if fits(version, &resource.api_version()) && fits(kind, resource.kind) {
        return Ok(());
    }
    let bare = version.rsplit('/').next().unwrap_or_default();
    Err(Failure::bad_request(format!(
        "{kind} in version {bare:?} cannot be handled as a {}: no kind {kind:?} is registered for version {version:?}",
        resource.kind
    )))
}
