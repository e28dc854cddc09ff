//! Authorizes requests: the single user may do everything except what an [`AccessDenial`] denies.
//!
//! [`AccessDenial`]: crate::store::access_denial::AccessDenial

use crate::store::state::ClusterState;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// Refuses a request in the name of another user, as a real server does unless the user may impersonate.
pub(crate) fn refuse_impersonation(state: &ClusterState, request: &ApiRequest) -> Result<(), StatusError> {
    let Some(name) = &request.impersonates else {
        return Ok(());
    };

    let user = &state.options.user;
    let why = format!(
        "User {user:?} cannot impersonate resource \"users\" in API group \"\" at the cluster scope: the sandbox has a \
         single user"
    );
    Err(StatusError::forbidden("", "users", name, &why))
}

/// Refuses a request that is denied, before the object is looked up.
pub(crate) fn authorize(
    state: &ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
) -> Result<(), StatusError> {
    let verb = authorization_verb(info, request);
    let group = info.resource.group;
    let subresource = info.subresource.as_deref().unwrap_or_default();
    let resource = with_subresource(info.resource.plural, subresource);
    // A namespace is in itself, so that a Role in it may grant to read it.
    let namespace = match info.resource.kind {
        "Namespace" => &info.name,
        _ => &info.namespace,
    };
    if !is_denied(
        state,
        verb,
        group,
        &resource,
        namespace.as_deref().unwrap_or_default(),
    ) {
        return Ok(());
    }

    let user = &state.options.user;
    let place = match namespace {
        Some(namespace) => format!("in the namespace {namespace:?}"),
        None => "at the cluster scope".to_owned(),
    };
    let why = format!("User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {place}");
    Err(StatusError::forbidden(
        group,
        info.resource.plural,
        info.name(),
        &why,
    ))
}

/// The verb of a request in Roles.
fn authorization_verb(info: &RequestInfo, request: &ApiRequest) -> &'static str {
    match (request.method.as_str(), info.name.is_some()) {
        ("GET", _) if request.query.is_set("watch") => "watch",
        ("GET", true) => "get",
        ("GET", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => "",
    }
}

/// The name of a resource in Roles: `pods`, `pods/eviction`.
pub(crate) fn with_subresource(resource: &str, subresource: &str) -> String {
    if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    }
}

/// Whether a verb on a resource is denied.
pub(crate) fn is_denied(
    state: &ClusterState,
    verb: &str,
    group: &str,
    resource: &str,
    namespace: &str,
) -> bool {
    let mut denials = state.denials.iter();
    denials.any(|denial| denial.denies(verb, group, resource, namespace))
}
