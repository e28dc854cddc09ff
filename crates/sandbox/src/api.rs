//! Leads a request to the verb that answers it, in the order in which a real server judges requests.

pub(crate) mod authorization;
pub(crate) mod budget_policy;
pub(crate) mod defaults;
pub(crate) mod delete;
pub(crate) mod delete_options;
pub(crate) mod discovery;
pub(crate) mod events;
pub(crate) mod eviction;
pub(crate) mod field_types;
pub(crate) mod field_validation;
pub(crate) mod list;
pub(crate) mod patch;
pub(crate) mod scale;
pub(crate) mod update;
pub(crate) mod watch;

use crate::api::watch::Watch;
use crate::store::object;
use crate::store::state::World;
use crate::wire::reply::{Body, Reply};
use crate::wire::representation::Form;
use crate::wire::request::Request;
use crate::wire::route::{self, Route, Target};
use crate::wire::status_error::Failure;

/// The answer to a request. This is the one place through which every request passes.
pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    match route::read(&request.path) {
        Route::Resource(target) => verb(world, &target, request).unwrap_or_else(Reply::from),
        Route::Review(plural) if !plural.is_empty() => {
            authorization::review(world, &plural, request).unwrap_or_else(Reply::from)
        }
        Route::UnknownResource => Failure::unknown_resource().into(),
        Route::Review(_) | Route::Other => {
            discovery::answer(&request.path).unwrap_or_else(|| Reply::text(404, "404 page not found\n"))
        }
    }
}

fn verb(world: &mut World, target: &Target, request: &Request) -> Result<Reply, Failure> {
    authorization::authorize(world, target, request)?;
    let part = target.subresource.as_deref();
    let evicts = part == Some("eviction");
    match (request.method.as_str(), target.name.is_some()) {
        ("POST", true) if evicts => {
            Form::negotiate(request)?;
            eviction::answer(world, target, request)
        }
        _ if evicts => Err(Failure::method_not_allowed()),
        ("GET", _) if request.query.is_set("watch") && part.is_none() => watch(world, target, request),
        ("GET", true) => get(world, target, Form::negotiate(request)?),
        ("GET", false) => list::answer(world, target, request, Form::negotiate(request)?),
        // Everything that is written needs a namespace in its path.
        ("POST" | "DELETE", false) if target.resource.is_namespaced() && target.namespace.is_none() => {
            Err(Failure::method_not_allowed())
        }
        ("POST", false) => update::create(world, target, request, Form::negotiate(request)?),
        ("PUT", true) => update::replace(world, target, request, Form::negotiate(request)?),
        ("PATCH", true) => update::patch(world, target, request, Form::negotiate(request)?),
        ("DELETE", true) if part.is_none() => {
            delete::answer(world, target, request, Form::negotiate(request)?)
        }
        ("DELETE", false) => delete_all(world, target, request),
        _ => Err(Failure::method_not_allowed()),
    }
}

fn get(world: &World, target: &Target, form: Form) -> Result<Reply, Failure> {
    let resource = target.resource;
    let found = world.store.get(resource.kind, target.namespace(), target.name());
    let found = found.ok_or_else(|| resource.not_found(target.name()))?;
    if target.subresource.as_deref() == Some("scale") {
        return Ok(Reply::json(200, scale::of(&found)));
    }
    Ok(Reply::json(200, form.object(&resource.presented(&found))?))
}

fn watch(world: &World, target: &Target, request: &Request) -> Result<Reply, Failure> {
    let form = Form::negotiate(request)?;
    let watch = Watch::begin(world, target, request, form)?;
    Ok(Reply {
        code: 200,
        headers: Vec::new(),
        body: Body::Watch(Box::new(watch)),
    })
}

/// Deletes what a selection matches, and answers with the list of it.
fn delete_all(world: &mut World, target: &Target, request: &Request) -> Result<Reply, Failure> {
    let selection = list::Selection::read(target, request)?;
    let options = delete::read_options(request)?;
    let resource = target.resource;
    let objects = world.store.list(resource.kind, target.namespace.as_deref());
    let mut gone = Vec::new();
    for object in objects.iter().filter(|object| selection.matches(object)) {
        gone.push(delete::delete(world, resource, object, &options)?.object);
    }
    let metadata = serde_json::json!({ "resourceVersion": world.store.revision().to_string() });
    gone.sort_by(|a, b| object::name(a).cmp(object::name(b)));
    let items = gone.iter().map(|object| &**object);
    Ok(Reply::json(
        200,
        Form::Full.list(resource.kind, &resource.api_version(), items, metadata)?,
    ))
}
