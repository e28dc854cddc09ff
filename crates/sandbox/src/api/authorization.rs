//! What the one user of the sandbox may do: everything, except what a rule denies.

use serde_json::{Value, json};

use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::request::Request;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// A verb on a resource that the sandbox refuses, as if a Role lacked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDenial {
    verb: String,
    group: String,
    resource: String,
    namespace: Option<String>,
}

impl AccessDenial {
    /// Denies `verb` on `resource` everywhere. A resource of a group is written `poddisruptionbudgets.policy`, a
    /// part of one `pods/eviction`.
    #[must_use]
    pub fn new(verb: &str, resource: &str) -> Self {
        let (plural, part) = resource
            .split_once('/')
            .map_or((resource, ""), |(plural, part)| (plural, part));
        let (plural, group) = plural.split_once('.').unwrap_or((plural, ""));
        let resource = if part.is_empty() {
            plural.to_owned()
        } else {
            format!("{plural}/{part}")
        };
        Self {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource,
            namespace: None,
        }
    }

    /// Denies it in one namespace only.
    #[must_use]
    pub fn within(self, namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..self
        }
    }

    fn forbids(&self, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
        (self.verb.as_str(), self.group.as_str(), self.resource.as_str()) == (verb, group, resource)
            && self.namespace.as_deref().is_none_or(|only| only == namespace)
    }
}

/// The verb that authorization knows a request by.
pub(crate) fn verb(target: &RequestInfo, request: &Request) -> &'static str {
    match (request.method.as_str(), target.name.is_some()) {
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

/// Refuses what a rule denies, before anything is known of the object.
pub(crate) fn authorize(
    state: &ClusterState,
    target: &RequestInfo,
    request: &Request,
) -> Result<(), StatusError> {
    let (verb, group) = (verb(target, request), target.resource.group);
    let resource = match &target.subresource {
        Some(part) => format!("{}/{part}", target.resource.plural),
        None => target.resource.plural.to_owned(),
    };
    if !state
        .denials
        .iter()
        .any(|denial| denial.forbids(verb, group, &resource, target.namespace()))
    {
        return Ok(());
    }
    let place = match &target.namespace {
        Some(namespace) => format!("in the namespace {namespace:?}"),
        None => "at the cluster scope".to_owned(),
    };
    let user = &state.options.user;
    let why = format!("User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {place}");
    Err(StatusError::forbidden(
        group,
        target.resource.plural,
        target.name(),
        &why,
    ))
}

/// Answers a review of what the user may do.
pub(crate) fn review(state: &ClusterState, plural: &str, request: &Request) -> Result<ApiReply, StatusError> {
    if request.method != "POST" {
        return Err(StatusError::method_not_allowed());
    }
    let mut review = request.json()?;
    match plural {
        "selfsubjectaccessreviews" => {
            let allowed = is_allowed(state, &review["spec"]["resourceAttributes"]);
            review["status"] = json!({ "allowed": allowed });
        }
        "selfsubjectrulesreviews" => {
            let all_objects = json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] });
            review["status"] = json!({ "resourceRules": [all_objects], "nonResourceRules": [], "incomplete": !state.denials.is_empty() });
        }
        _ => return Err(StatusError::unknown_resource()),
    }
    Ok(ApiReply::json(201, review))
}

fn is_allowed(state: &ClusterState, attributes: &Value) -> bool {
    let text = |field: &str| attributes[field].as_str().unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        part => format!("{}/{part}", text("resource")),
    };
    let denied =
        |denial: &AccessDenial| denial.forbids(text("verb"), text("group"), &resource, text("namespace"));
    !state.denials.iter().any(denied)
}
