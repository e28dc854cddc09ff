//! What a request is to the API server: the verb by which it is authorized, and its resource.

use http::Method;

/// What a request is to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestKind {
    /// The verb by which Kubernetes authorizes the request.
    pub(super) verb: &'static str,
    /// The resource, with its subresource.
    pub(super) resource: &'static str,
}

/// The resources that macaque uses itself, by API group, resource and subresource, and what they are called together.
const RESOURCES: [(&str, &str, &str, &str); 20] = [
    ("", "configmaps", "", "configmaps"),
    ("", "namespaces", "", "namespaces"),
    ("", "nodes", "", "nodes"),
    ("", "pods", "", "pods"),
    ("", "pods", "eviction", "pods/eviction"),
    ("", "replicationcontrollers", "", "replicationcontrollers"),
    (
        "",
        "replicationcontrollers",
        "scale",
        "replicationcontrollers/scale",
    ),
    ("apps", "daemonsets", "", "daemonsets"),
    ("apps", "deployments", "", "deployments"),
    ("apps", "deployments", "scale", "deployments/scale"),
    ("apps", "replicasets", "", "replicasets"),
    ("apps", "replicasets", "scale", "replicasets/scale"),
    ("apps", "statefulsets", "", "statefulsets"),
    ("apps", "statefulsets", "scale", "statefulsets/scale"),
    (
        "authentication.k8s.io",
        "selfsubjectreviews",
        "",
        "selfsubjectreviews",
    ),
    (
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "",
        "selfsubjectaccessreviews",
    ),
    ("batch", "jobs", "", "jobs"),
    ("coordination.k8s.io", "leases", "", "leases"),
    ("events.k8s.io", "events", "", "events"),
    ("policy", "poddisruptionbudgets", "", "poddisruptionbudgets"),
];

/// What all other resources are called, so that their number is bounded.
const OTHER: &str = "other";

/// The parts of a path that names a resource.
struct RequestedResource<'a> {
    group: &'a str,
    resource: &'a str,
    subresource: &'a str,
    /// Whether it leads to one object.
    has_name: bool,
}

impl RequestKind {
    /// The kind of a request with this path, which may have a query.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parsed = RequestedResource::of(path);
        let has_name = parsed.as_ref().is_none_or(|parsed| parsed.has_name);
        let is_watch = query.split('&').any(|part| part == "watch=true");
        Self {
            verb: verb(method, has_name, is_watch),
            resource: parsed.map_or(OTHER, |parsed| parsed.known()),
        }
    }
}

impl<'a> RequestedResource<'a> {
    /// The parts of `path`; `None` if it names no resource, such as `/version` and `/apis/apps/v1`.
    fn of(path: &'a str) -> Option<Self> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let group = match segments.next()? {
            "api" => "",
            "apis" => segments.next()?,
            _ => return None,
        };
        let _version = segments.next()?;

        let rest: Vec<_> = segments.collect();
        let of_resource = match rest.as_slice() {
            ["namespaces", _, resource @ ..] if !resource.is_empty() => resource,
            resource => resource,
        };
        let (resource, name) = of_resource.split_first()?;
        Some(Self {
            group,
            resource,
            subresource: name.get(1).copied().unwrap_or_default(),
            has_name: !name.is_empty(),
        })
    }

    /// What the resource is called.
    fn known(&self) -> &'static str {
        let known = RESOURCES.iter().find(|(group, resource, subresource, _)| {
            (*group, *resource, *subresource) == (self.group, self.resource, self.subresource)
        });
        known.map_or(OTHER, |(_, _, _, name)| name)
    }
}

/// The verb of a request for one object, or for all; a path that is no resource is got as it is.
fn verb(method: &Method, has_name: bool, is_watch: bool) -> &'static str {
    match (method, has_name) {
        (&Method::POST, _) => "create",
        (&Method::PUT, _) => "update",
        (&Method::PATCH, _) => "patch",
        (&Method::DELETE, true) => "delete",
        (&Method::DELETE, false) => "deletecollection",
        (_, true) => "get",
        (_, false) if is_watch => "watch",
        (_, false) => "list",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_and_the_resource_are_those_that_a_role_would_grant() {
        let table = [
            ("GET", "/api/v1/pods?limit=500", "list", "pods"),
            ("GET", "/api/v1/namespaces/shop/pods?limit=500", "list", "pods"),
            (
                "GET",
                "/api/v1/namespaces/shop/pods?watch=true&resourceVersion=1",
                "watch",
                "pods",
            ),
            ("GET", "/api/v1/namespaces/shop/pods/web-0", "get", "pods"),
            ("DELETE", "/api/v1/namespaces/shop/pods/web-0", "delete", "pods"),
            (
                "DELETE",
                "/api/v1/namespaces/shop/pods",
                "deletecollection",
                "pods",
            ),
            (
                "POST",
                "/api/v1/namespaces/shop/pods/web-0/eviction?fieldValidation=Strict",
                "create",
                "pods/eviction",
            ),
            ("GET", "/api/v1/namespaces/shop", "get", "namespaces"),
            (
                "GET",
                "/api/v1/namespaces/namespaces/pods/namespaces",
                "get",
                "pods",
            ),
            ("GET", "/api/v1/nodes", "list", "nodes"),
            (
                "PUT",
                "/api/v1/namespaces/chaos/configmaps/journal",
                "update",
                "configmaps",
            ),
            (
                "PATCH",
                "/api/v1/namespaces/chaos/configmaps/journal",
                "patch",
                "configmaps",
            ),
            (
                "GET",
                "/apis/apps/v1/namespaces/shop/deployments/web",
                "get",
                "deployments",
            ),
            (
                "GET",
                "/apis/apps/v1/namespaces/shop/deployments/web/scale",
                "get",
                "deployments/scale",
            ),
            (
                "GET",
                "/apis/policy/v1/poddisruptionbudgets?limit=500",
                "list",
                "poddisruptionbudgets",
            ),
            (
                "POST",
                "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                "create",
                "selfsubjectaccessreviews",
            ),
            (
                "POST",
                "/apis/events.k8s.io/v1/namespaces/shop/events",
                "create",
                "events",
            ),
        ];
        for (method, path, verb, resource) in table {
            let method = method.parse().unwrap();
            assert_eq!(
                RequestKind::of(&method, path),
                RequestKind { verb, resource },
                "{method} {path}"
            );
        }
    }

    #[test]
    fn what_is_not_macaques_own_has_one_name_so_that_a_cluster_cannot_add_any() {
        let others = [
            "/version",
            "/apis/argoproj.io/v1alpha1",
            "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/scale",
            "/apis/batch.volcano.sh/v1alpha1/namespaces/shop/jobs/web",
            "/api/v1/namespaces/shop/pods/web-0/log",
            "/api",
            "",
        ];
        for path in others {
            let kind = RequestKind::of(&Method::GET, path);
            assert_eq!((kind.verb, kind.resource), ("get", "other"), "{path}");
        }
    }

    #[test]
    fn every_built_in_workload_has_its_own_name() {
        for (group, _, resource, has_scale) in super::super::resource::BUILT_IN {
            let known = |wanted: &str| {
                RESOURCES.iter().any(|(in_group, plural, subresource, _)| {
                    (*in_group, *plural, *subresource) == (group, resource, wanted)
                })
            };
            assert!(known(""), "{resource}");
            assert_eq!(known("scale"), has_scale, "{resource}");
        }
    }
}
