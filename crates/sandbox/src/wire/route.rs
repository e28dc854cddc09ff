//! Parses a path: it addresses a resource, an object of it, or a subresource of that object.

use crate::store::resource::{self, ApiResource};
use crate::store::review::{self, ReviewResource};
use crate::wire::status_error::StatusError;

/// The target of a path.
#[derive(Debug)]
pub(crate) enum Route {
    Resource(RequestInfo),
    /// A review, and the namespace in its path. Reviews are answered and not stored.
    Review(&'static ReviewResource, String),
    /// A path outside any resource: discovery, version, health.
    NonResource,
    /// A path in an API to a resource that is not served.
    UnknownResource,
}

/// The resource, object and subresource that a path addresses (`RequestInfo` in `apiserver/pkg/endpoints/request`).
#[derive(Debug, Clone)]
pub(crate) struct RequestInfo {
    pub(crate) resource: &'static ApiResource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl RequestInfo {
    /// The namespace in the path; empty if there is none.
    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The name in the path; empty if there is none.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(crate) fn is_subresource(&self, subresource: &str) -> bool {
        self.subresource.as_deref() == Some(subresource)
    }

    /// The `404 NotFound` for the addressed object.
    pub(crate) fn not_found(&self) -> StatusError {
        StatusError::not_found(self.resource.group, self.resource.plural, self.name())
    }

    /// A `409 Conflict` for the addressed object.
    pub(crate) fn conflict(&self, why: &str) -> StatusError {
        StatusError::conflict(self.resource.group, self.resource.plural, self.name(), why)
    }
}

/// Parses the decoded segments of a path.
pub(crate) fn read(path: &[String]) -> Route {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["api", "v1", rest @ ..] if !rest.is_empty() => read_resource("", "v1", rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => read_resource(group, version, rest),
        _ => Route::NonResource,
    }
}

/// Parses the segments after the group and version.
fn read_resource(group: &str, version: &str, rest: &[&str]) -> Route {
    if review::is_group_of_reviews(group) {
        return read_review(group, version, rest);
    }

    let (namespace, rest) = match rest {
        // A namespace is itself an object; only a longer path addresses something inside it.
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, inside @ ..] if !inside.is_empty() => (Some(*namespace), inside),
        rest => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, None, None),
        [plural, name] => (*plural, Some(*name), None),
        // What follows a proxy is a path of the program behind it.
        [plural, name, subresource @ "proxy", ..] | [plural, name, subresource] => {
            (*plural, Some(*name), Some(*subresource))
        }
        _ => return Route::UnknownResource,
    };

    let Some(resource) = resource::find(group, version, plural) else {
        return Route::UnknownResource;
    };
    let has_foreign_namespace = namespace.is_some() && !resource.namespaced;
    let lacks_namespace = namespace.is_none() && name.is_some() && resource.namespaced;
    let is_known = |part: &str| resource.subresources.contains(&part) || needs_containers(resource, part);
    let has_unknown_subresource = subresource.is_some_and(|part| !is_known(part));
    if has_foreign_namespace || lacks_namespace || has_unknown_subresource {
        return Route::UnknownResource;
    }

    Route::Resource(RequestInfo {
        resource,
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        subresource: subresource.map(str::to_owned),
    })
}

/// Parses the segments of a review after its group and version.
fn read_review(group: &str, version: &str, rest: &[&str]) -> Route {
    let (namespace, rest) = match rest {
        ["namespaces", namespace, inside @ ..] => (*namespace, inside),
        rest => ("", rest),
    };
    let [plural] = rest else {
        return Route::UnknownResource;
    };

    match review::find(group, version, plural) {
        Some(review) if review.namespaced != namespace.is_empty() => {
            Route::Review(review, namespace.to_owned())
        }
        _ => Route::UnknownResource,
    }
}

/// Whether a subresource needs containers, which the sandbox does not run.
pub(crate) fn needs_containers(resource: &ApiResource, subresource: &str) -> bool {
    match resource.kind {
        "Pod" => matches!(
            subresource,
            "attach" | "ephemeralcontainers" | "exec" | "log" | "portforward" | "proxy"
        ),
        "Node" | "Service" => subresource == "proxy",
        _ => false,
    }
}
