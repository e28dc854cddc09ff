//! Finds the resource behind a kind: the word in its path, and whether it has a scale.

use std::time::Duration;

use tokio::time::Instant;

use super::wire::{ResourceList, ResourceObject};
use super::{ApiError, Cluster, OptionalRead, WorkloadRef, get};

/// How long the resources of an API are remembered: they change when a custom resource is installed.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The resources of one API group and version, and when they were read.
pub(super) struct KnownResources {
    read: Instant,
    resources: Vec<ResourceObject>,
}

/// The path of one object, and what its resource is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResourcePath {
    /// The resource as a Role names it: `deployments`.
    pub(super) name: String,
    /// Whether the resource has the subresource `scale`.
    pub(super) has_scale: bool,
    /// The path of the object.
    pub(super) path: String,
}

/// A kind that Kubernetes brings along: its group, kind, resource, and whether that has a scale. Reading such kinds
/// needs no discovery.
pub(super) const BUILT_IN: [(&str, &str, &str, bool); 6] = [
    ("apps", "Deployment", "deployments", true),
    ("apps", "StatefulSet", "statefulsets", true),
    ("apps", "ReplicaSet", "replicasets", true),
    ("apps", "DaemonSet", "daemonsets", false),
    ("batch", "Job", "jobs", false),
    ("", "ReplicationController", "replicationcontrollers", true),
];

impl Cluster {
    /// Finds the path of a workload; there is none if the server does not know its kind.
    ///
    /// # Errors
    /// The resources of the workload's API could not be read.
    pub(super) async fn resource(
        &self,
        workload: &WorkloadRef,
    ) -> Result<OptionalRead<ResourcePath>, ApiError> {
        // Whoever creates a pod writes its owner reference, which must not lead to another path.
        let WorkloadRef { namespace, name, .. } = workload;
        let Some(api) = api_path(&workload.api_version).filter(|_| is_segment(name)) else {
            return Ok(OptionalRead::Missing);
        };
        if let Some(path) = built_in(workload) {
            return Ok(OptionalRead::Found(path));
        }

        let resource = match self.known_resource(workload) {
            Some(resource) => resource,
            None => match self.discover(&api, workload).await? {
                OptionalRead::Found(resource) => resource,
                OptionalRead::Missing => return Ok(OptionalRead::Missing),
                OptionalRead::NotGranted => return Ok(OptionalRead::NotGranted),
            },
        };

        let (plural, namespaced, has_scale) = resource;
        let scope = if namespaced {
            format!("/namespaces/{namespace}")
        } else {
            String::new()
        };
        Ok(OptionalRead::Found(ResourcePath {
            path: format!("{api}{scope}/{plural}/{name}"),
            name: plural,
            has_scale,
        }))
    }

    /// The resource of a workload's kind, if it is remembered.
    fn known_resource(&self, workload: &WorkloadRef) -> Option<FoundResource> {
        let known = self.resources.borrow();
        let known = known.get(&workload.api_version)?;
        let age = self.platform.monotonic().saturating_duration_since(known.read);
        if age > REMEMBERED {
            return None;
        }
        find(&known.resources, &workload.kind)
    }

    /// Asks the server for the resources of a workload's API, and remembers them.
    async fn discover(
        &self,
        api: &str,
        workload: &WorkloadRef,
    ) -> Result<OptionalRead<FoundResource>, ApiError> {
        let api_version = &workload.api_version;
        let what = || format!("get the resources of {api_version}");
        let read = async {
            let response = self.send(get(api), self.access.deadlines.read, what).await?;
            if response.is_unknown_path() {
                return Ok(OptionalRead::Missing);
            }
            let list = response.into_object::<ResourceList>(ResourceList::KIND, what);
            list.map(OptionalRead::Found)
        };
        let resources = match self.unless_refused(api, "", read).await? {
            OptionalRead::Found(list) => list.resources,
            OptionalRead::Missing => return Ok(OptionalRead::Missing),
            OptionalRead::NotGranted => return Ok(OptionalRead::NotGranted),
        };

        let found = find(&resources, &workload.kind);
        let read = self.platform.monotonic();
        let known = KnownResources { read, resources };
        self.resources.borrow_mut().insert(api_version.clone(), known);
        Ok(found.into())
    }
}

/// The plural of a resource, whether it is namespaced, and whether it has a scale.
type FoundResource = (String, bool, bool);

fn find(resources: &[ResourceObject], kind: &str) -> Option<FoundResource> {
    // A subresource has the kind of its body, which may be that of the resource.
    let is_of_kind = |resource: &&ResourceObject| resource.kind == kind && is_segment(&resource.name);
    let resource = resources.iter().find(is_of_kind)?;
    let scale = format!("{}/scale", resource.name);
    let has_scale = resources.iter().any(|other| other.name == scale);
    Some((resource.name.clone(), resource.namespaced, has_scale))
}

/// The path of a workload of a kind that Kubernetes brings along. Older versions of its API are gone, while an owner
/// reference may still name them.
fn built_in(workload: &WorkloadRef) -> Option<ResourcePath> {
    let WorkloadRef {
        namespace,
        api_version,
        kind,
        name,
    } = workload;
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let known = BUILT_IN.iter().find(|known| (known.0, known.1) == (group, kind));
    let (group, _, plural, has_scale) = known?;

    let api = match *group {
        "" => "/api/v1".to_owned(),
        group => format!("/apis/{group}/v1"),
    };
    Some(ResourcePath {
        name: (*plural).to_owned(),
        has_scale: *has_scale,
        path: format!("{api}/namespaces/{namespace}/{plural}/{name}"),
    })
}

/// The path of an API group and version: `/apis/apps/v1`, or `/api/v1`; `None` if no server has such an API.
fn api_path(api_version: &str) -> Option<String> {
    match api_version.split_once('/') {
        None => is_segment(api_version).then(|| format!("/api/{api_version}")),
        Some((group, version)) => {
            (is_segment(group) && is_segment(version)).then(|| format!("/apis/{group}/{version}"))
        }
    }
}

/// Whether `text` can be a part of a path as it is: no name of an object that macaque reads needs more characters.
fn is_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain) && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(api_version: &str, kind: &str, name: &str) -> WorkloadRef {
        WorkloadRef {
            namespace: "shop".to_owned(),
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_kinds_of_kubernetes_are_known_with_their_scale_and_others_are_not() {
        let rows = [
            (
                "apps/v1",
                "Deployment",
                Some(("/apis/apps/v1/namespaces/shop/deployments/a", true)),
            ),
            (
                "apps/v1beta1",
                "StatefulSet",
                Some(("/apis/apps/v1/namespaces/shop/statefulsets/a", true)),
            ),
            (
                "apps/v1",
                "ReplicaSet",
                Some(("/apis/apps/v1/namespaces/shop/replicasets/a", true)),
            ),
            (
                "apps/v1",
                "DaemonSet",
                Some(("/apis/apps/v1/namespaces/shop/daemonsets/a", false)),
            ),
            (
                "batch/v1",
                "Job",
                Some(("/apis/batch/v1/namespaces/shop/jobs/a", false)),
            ),
            (
                "v1",
                "ReplicationController",
                Some(("/api/v1/namespaces/shop/replicationcontrollers/a", true)),
            ),
            ("example.com/v1", "Deployment", None),
            ("v1", "Node", None),
        ];
        for (api_version, kind, expected) in rows {
            let found = built_in(&workload(api_version, kind, "a"));
            let found = found.as_ref().map(|found| (&*found.path, found.has_scale));
            assert_eq!(found, expected, "{api_version} {kind}");
        }
    }

    #[test]
    fn a_name_that_would_lead_to_another_path_is_no_segment() {
        for name in ["web", "web-7d9f.x", "system:node", "v1alpha1", "..."] {
            assert!(is_segment(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "../secrets",
            "a?watch=1",
            "a#b",
            "a%2e",
            "a b",
            "ä",
            "a\n",
        ] {
            assert!(!is_segment(name), "{name:?}");
        }
        assert_eq!(api_path("apps/v1").as_deref(), Some("/apis/apps/v1"));
        assert_eq!(api_path("v1").as_deref(), Some("/api/v1"));
        for hostile in ["", "/", "apps/", "/v1", "a/b/c", "../v1", "apps/v1?x"] {
            assert_eq!(api_path(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn the_resource_of_a_kind_is_found_among_those_of_its_api() {
        let resource = |name: &str, kind: &str| ResourceObject {
            name: name.to_owned(),
            kind: kind.to_owned(),
            namespaced: true,
        };
        let resources = [
            resource("gizmos/status", "Gizmo"),
            resource("gizmos", "Gizmo"),
            resource("widgets", "Widget"),
            resource("widgets/scale", "Scale"),
            resource("../secrets", "Trap"),
        ];
        assert_eq!(
            find(&resources, "Gizmo"),
            Some(("gizmos".to_owned(), true, false))
        );
        assert_eq!(
            find(&resources, "Widget"),
            Some(("widgets".to_owned(), true, true))
        );
        assert_eq!(find(&resources, "Trap"), None);
        assert_eq!(find(&resources, "Gadget"), None);
    }
}
