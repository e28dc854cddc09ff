//! The API: its verbs, and the rules behind their answers.
//!
//! Each verb has its own file (`list`, `create`, `eviction`, …), and so has each set of rules that several verbs share
//! (`delete_options`, `admission`, `field_types`, …). Everything here is a plain function of the cluster state and a
//! request; `http` handles sockets, waiting and bytes.

pub(crate) mod admission;
pub(crate) mod authorization;
pub(crate) mod body_validation;
pub(crate) mod budget_policy;
pub(crate) mod containers;
pub(crate) mod conversion;
pub(crate) mod create;
pub(crate) mod defaults;
pub(crate) mod delete;
pub(crate) mod delete_options;
pub(crate) mod discovery;
pub(crate) mod duplicate_fields;
pub(crate) mod event_validation;
pub(crate) mod eviction;
pub(crate) mod field_types;
pub(crate) mod field_validation;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod list_options;
pub(crate) mod managed_fields;
pub(crate) mod patch;
pub(crate) mod reviews;
pub(crate) mod scale;
pub(crate) mod update;
pub(crate) mod validation;
pub(crate) mod watch;

use crate::api::watch::ResourceWatch;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::ApiRequest;
use crate::wire::route::{self, RequestInfo, Route};
use crate::wire::status_error::StatusError;

/// The answer to a request.
#[derive(Debug)]
pub(crate) enum ApiAnswer {
    Reply(ApiReply),
    /// A stream of events, until the client disconnects or the time limit is reached.
    Watch(Box<ResourceWatch>),
}

impl From<ApiReply> for ApiAnswer {
    fn from(reply: ApiReply) -> Self {
        Self::Reply(reply)
    }
}

/// Answers a request. Every request passes through this function.
pub(crate) fn answer(state: &mut ClusterState, request: &ApiRequest) -> ApiAnswer {
    if let Err(refusal) = authorization::refuse_impersonation(state, request) {
        return ApiReply::from(refusal).into();
    }

    match route::read(&request.path) {
        Route::Resource(info) => {
            answer_resource(state, &info, request).unwrap_or_else(|error| ApiReply::from(error).into())
        }
        Route::Review(resource, namespace) => {
            let reply = reviews::answer(state, resource, &namespace, request);
            reply.unwrap_or_else(ApiReply::from).into()
        }
        Route::UnknownResource => ApiReply::from(StatusError::unknown_resource()).into(),
        Route::NonResource => discovery::answer(&request.path)
            .unwrap_or_else(|| ApiReply::text(404, "404 page not found\n"))
            .into(),
    }
}

/// Answers a request for a resource. Permissions are checked before anything else, as in a real server.
fn answer_resource(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
) -> Result<ApiAnswer, StatusError> {
    authorization::authorize(state, info, request)?;

    let is_watch = request.method == "GET" && request.query.is_set("watch") && info.subresource.is_none();
    if is_watch {
        let representation = Representation::negotiate(request)?;
        let watch = ResourceWatch::begin(state, info, request, representation)?;
        return Ok(ApiAnswer::Watch(Box::new(watch)));
    }

    containers::refuse(state, info)?;
    if info.is_subresource("eviction") {
        return answer_eviction(state, info, request).map(ApiAnswer::from);
    }
    answer_verb(state, info, request).map(ApiAnswer::from)
}

/// Answers a request for the eviction subresource, which supports only creation.
fn answer_eviction(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
) -> Result<ApiReply, StatusError> {
    if request.method != "POST" || info.name.is_none() {
        return Err(StatusError::method_not_allowed());
    }
    Representation::negotiate(request)?;
    eviction::evict(state, info, request)
}

fn answer_verb(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
) -> Result<ApiReply, StatusError> {
    let has_name = info.name.is_some();
    let negotiate = || Representation::negotiate(request);

    match (request.method.as_str(), has_name) {
        ("GET", true) => get::get(state, info, negotiate()?),
        ("GET", false) => list::list(state, info, request, negotiate()?),
        // Writes need a namespace in their path.
        ("POST" | "DELETE", false) if info.resource.namespaced && info.namespace.is_none() => {
            Err(StatusError::method_not_allowed())
        }
        ("POST", false) => create::create(state, info, request, negotiate()?),
        ("PUT", true) => update::replace(state, info, request, negotiate()?),
        ("PATCH", true) => update::patch(state, info, request, negotiate()?),
        ("DELETE", true) if info.subresource.is_none() => delete::delete(state, info, request, negotiate()?),
        // Namespaces can only be deleted one by one.
        ("DELETE", false) if info.resource.kind == "Namespace" => Err(StatusError::method_not_allowed()),
        ("DELETE", false) => delete::delete_collection(state, info, request),
        _ => Err(StatusError::method_not_allowed()),
    }
}
