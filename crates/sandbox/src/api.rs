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

use crate::api::watch::ResourceWatch;
use crate::store::object;
use crate::store::state::ClusterState;
use crate::wire::reply::{ApiReply, ReplyBody};
use crate::wire::representation::Representation;
use crate::wire::request::Request;
use crate::wire::route::{self, RequestInfo, Route};
use crate::wire::status_error::StatusError;

/// The answer to a request. This is the one place through which every request passes.
pub(crate) fn answer(state: &mut ClusterState, request: &Request) -> ApiReply {
    match route::read(&request.path) {
        Route::Resource(target) => verb(state, &target, request).unwrap_or_else(ApiReply::from),
        Route::Review(plural) if !plural.is_empty() => {
            authorization::review(state, &plural, request).unwrap_or_else(ApiReply::from)
        }
        Route::UnknownResource => StatusError::unknown_resource().into(),
        Route::Review(_) | Route::Other => {
            discovery::answer(&request.path).unwrap_or_else(|| ApiReply::text(404, "404 page not found\n"))
        }
    }
}

fn verb(state: &mut ClusterState, target: &RequestInfo, request: &Request) -> Result<ApiReply, StatusError> {
    authorization::authorize(state, target, request)?;
    let part = target.subresource.as_deref();
    let evicts = part == Some("eviction");
    match (request.method.as_str(), target.name.is_some()) {
        ("POST", true) if evicts => {
            Representation::negotiate(request)?;
            eviction::answer(state, target, request)
        }
        _ if evicts => Err(StatusError::method_not_allowed()),
        ("GET", _) if request.query.is_set("watch") && part.is_none() => watch(state, target, request),
        ("GET", true) => get(state, target, Representation::negotiate(request)?),
        ("GET", false) => list::answer(state, target, request, Representation::negotiate(request)?),
        // Everything that is written needs a namespace in its path.
        ("POST" | "DELETE", false) if target.resource.is_namespaced() && target.namespace.is_none() => {
            Err(StatusError::method_not_allowed())
        }
        ("POST", false) => update::create(state, target, request, Representation::negotiate(request)?),
        ("PUT", true) => update::replace(state, target, request, Representation::negotiate(request)?),
        ("PATCH", true) => update::patch(state, target, request, Representation::negotiate(request)?),
        ("DELETE", true) if part.is_none() => {
            delete::answer(state, target, request, Representation::negotiate(request)?)
        }
        ("DELETE", false) => delete_all(state, target, request),
        _ => Err(StatusError::method_not_allowed()),
    }
}

fn get(state: &ClusterState, target: &RequestInfo, form: Representation) -> Result<ApiReply, StatusError> {
    let resource = target.resource;
    let found = state.store.get(resource.kind, target.namespace(), target.name());
    let found = found.ok_or_else(|| resource.not_found(target.name()))?;
    if target.subresource.as_deref() == Some("scale") {
        return Ok(ApiReply::json(200, scale::of(&found)));
    }
    Ok(ApiReply::json(200, form.object(&resource.presented(&found))?))
}

fn watch(state: &ClusterState, target: &RequestInfo, request: &Request) -> Result<ApiReply, StatusError> {
    let form = Representation::negotiate(request)?;
    let watch = ResourceWatch::begin(state, target, request, form)?;
    Ok(ApiReply {
        code: 200,
        headers: Vec::new(),
        body: ReplyBody::ResourceWatch(Box::new(watch)),
    })
}

/// Deletes what a selection matches, and answers with the list of it.
fn delete_all(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
) -> Result<ApiReply, StatusError> {
    let selection = list::SelectionPredicate::read(target, request)?;
    let options = delete::read_options(request)?;
    let resource = target.resource;
    let objects = state.store.list(resource.kind, target.namespace.as_deref());
    let mut gone = Vec::new();
    for object in objects.iter().filter(|object| selection.matches(object)) {
        gone.push(delete::delete(state, resource, object, &options)?.object);
    }
    let metadata = serde_json::json!({ "resourceVersion": state.store.revision().to_string() });
    gone.sort_by(|a, b| object::name(a).cmp(object::name(b)));
    let items = gone.iter().map(|object| &**object);
    Ok(ApiReply::json(
        200,
        Representation::Full.list(resource.kind, &resource.api_version(), items, metadata)?,
    ))
}
