//! Reads what a path addresses: a resource, one object of it, or a part of that object.

use crate::store::resource::{self, ApiResource};

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Route {
    Resource(RequestInfo),
    /// A review that is answered and not stored: its plural and namespace.
    Review(String),
    /// Not an object: discovery, version, health.
    Other,
    /// Below a known API, but nothing that it serves.
    UnknownResource,
}

/// A resource, and which part of it.
#[derive(Debug, Clone)]
pub(crate) struct RequestInfo {
    pub(crate) resource: &'static ApiResource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl RequestInfo {
    /// The namespace addressed, empty for none.
    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// Reads the decoded segments of a path.
pub(crate) fn read(path: &[String]) -> Route {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["api", "v1", rest @ ..] if !rest.is_empty() => target("", "v1", rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => target(group, version, rest),
        _ => Route::Other,
    }
}

fn target(group: &str, version: &str, rest: &[&str]) -> Route {
    if group == "authorization.k8s.io" {
        return Route::Review(rest.last().copied().unwrap_or_default().to_owned());
    }
    let (namespace, rest) = match rest {
        // A namespace is itself an object; only a longer path names something inside it.
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, inside @ ..] if !inside.is_empty() => (Some(*namespace), inside),
        rest => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, None, None),
        [plural, name] => (*plural, Some(*name), None),
        [plural, name, subresource] => (*plural, Some(*name), Some(*subresource)),
        _ => return Route::UnknownResource,
    };
    let Some(resource) = resource::find(group, version, plural) else {
        return Route::UnknownResource;
    };
    let misplaced = namespace.is_some() && !resource.is_namespaced();
    let homeless = namespace.is_none() && name.is_some() && resource.is_namespaced();
    let unknown_part = subresource.is_some_and(|part| !resource.subresources.contains(&part));
    if misplaced || homeless || unknown_part {
        return Route::UnknownResource;
    }
    let [namespace, name, subresource] = [namespace, name, subresource].map(|part| part.map(str::to_owned));
    Route::Resource(RequestInfo {
        resource,
        namespace,
        name,
        subresource,
    })
}
