//! Authorizes requests: the single user may do everything except what an [`AccessDenial`] denies.
//!
//! [`AccessDenial`]: crate::store::access_denial::AccessDenial

use serde_json::{Value, json};

use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

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
    if !is_denied(state, verb, group, &resource, info.namespace()) {
        return Ok(());
    }

    let user = &state.options.user;
    let place = match &info.namespace {
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
fn with_subresource(resource: &str, subresource: &str) -> String {
    if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    }
}

fn is_denied(state: &ClusterState, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
    let mut denials = state.denials.iter();
    denials.any(|denial| denial.denies(verb, group, resource, namespace))
}

/// Answers a review of the user's permissions.
pub(crate) fn review(
    state: &ClusterState,
    plural: &str,
    request: &ApiRequest,
) -> Result<ApiReply, StatusError> {
    if request.method != "POST" {
        return Err(StatusError::method_not_allowed());
    }

    let mut review = request.json()?;
    review["status"] = match plural {
        "selfsubjectaccessreviews" => {
            json!({ "allowed": is_allowed(state, &review["spec"]["resourceAttributes"]) })
        }
        "selfsubjectrulesreviews" => {
            let rule = json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] });
            // Rules can only grant, so the only way to hint at a denial is to call them incomplete.
            let is_incomplete = !state.denials.is_empty();
            json!({ "resourceRules": [rule], "nonResourceRules": [], "incomplete": is_incomplete })
        }
        _ => return Err(StatusError::unknown_resource()),
    };
    Ok(ApiReply::json(201, review))
}

fn is_allowed(state: &ClusterState, attributes: &Value) -> bool {
    let text = |field: &str| attributes[field].as_str().unwrap_or_default();
    let resource = with_subresource(text("resource"), text("subresource"));
    !is_denied(state, text("verb"), text("group"), &resource, text("namespace"))
}
