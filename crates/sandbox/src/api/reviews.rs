//! Answers reviews: who the user is, and what a user may do.
//!
//! The sandbox does not tell users apart, so a review of another user has the answer that its own user gets.

use serde_json::{Value, json};

use crate::api::authorization::{is_denied, with_subresource};
use crate::store::object;
use crate::store::review::{ReviewResource, VERSION};
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::request::ApiRequest;
use crate::wire::status_error::{FieldError, StatusError};

/// Answers a review; `namespace` is that of its path.
pub(crate) fn answer(
    state: &ClusterState,
    resource: &ReviewResource,
    namespace: &str,
    request: &ApiRequest,
) -> Result<ApiReply, StatusError> {
    if request.method != "POST" {
        return Err(StatusError::method_not_allowed());
    }
    let mut review = request.json()?;
    check_kind(&review, resource)?;
    check_spec(&review, resource, namespace)?;

    review["kind"] = json!(resource.kind);
    review["apiVersion"] = json!(format!("{}/{VERSION}", resource.group));
    review["status"] = match resource.kind {
        "SelfSubjectReview" => user_info(state),
        "SelfSubjectRulesReview" => rules(state),
        _ => access(state, &review["spec"]),
    };
    Ok(ApiReply::json(201, review))
}

/// Refuses a body of another kind; a body may leave its kind out.
fn check_kind(review: &Value, resource: &ReviewResource) -> Result<(), StatusError> {
    let kind = object::text(review, "/kind");
    if kind.is_empty() || kind == resource.kind {
        return Ok(());
    }
    let expected = resource.kind;
    Err(StatusError::bad_request(format!(
        "{kind} in version {VERSION:?} cannot be handled as a {expected}"
    )))
}

/// Validates the question, as `pkg/apis/authorization/validation` does.
fn check_spec(review: &Value, resource: &ReviewResource, namespace: &str) -> Result<(), StatusError> {
    let spec = &review["spec"];
    let is_access_review = resource.kind.ends_with("SubjectAccessReview");
    let is_self_review = resource.kind.starts_with("Self");
    let mut errors = Vec::new();

    if is_access_review && spec["resourceAttributes"].is_object() == spec["nonResourceAttributes"].is_object()
    {
        let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        errors.push(FieldError::invalid(
            "spec",
            &spec["nonResourceAttributes"].to_string(),
            why,
        ));
    }
    let has_groups = spec["groups"].as_array().is_some_and(|groups| !groups.is_empty());
    if is_access_review && !is_self_review && object::text(spec, "/user").is_empty() && !has_groups {
        let why = "at least one of user or group must be specified";
        errors.push(FieldError::invalid("spec.user", "\"\"", why));
    }
    let asked = object::text(spec, "/resourceAttributes/namespace");
    if resource.namespaced && asked != namespace {
        let field = "spec.resourceAttributes.namespace";
        errors.push(FieldError::invalid(
            field,
            &format!("{asked:?}"),
            "must match metadata.namespace",
        ));
    }

    if errors.is_empty() {
        return Ok(());
    }
    Err(StatusError::invalid(resource.group, resource.kind, "", &errors))
}

fn user_info(state: &ClusterState) -> Value {
    json!({ "userInfo": { "username": state.options.user, "groups": ["system:authenticated"] } })
}

fn rules(state: &ClusterState) -> Value {
    let rule = json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] });
    // Rules can only grant, so the only way to hint at a denial is to call them incomplete.
    let is_incomplete = !state.denials.is_empty();
    json!({ "resourceRules": [rule], "nonResourceRules": [], "incomplete": is_incomplete })
}

fn access(state: &ClusterState, spec: &Value) -> Value {
    let attributes = &spec["resourceAttributes"];
    let text = |field: &str| attributes[field].as_str().unwrap_or_default();
    let resource = with_subresource(text("resource"), text("subresource"));
    let is_allowed = !is_denied(state, text("verb"), text("group"), &resource, text("namespace"));
    json!({ "allowed": is_allowed })
}
