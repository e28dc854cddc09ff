//! The table of API resources that the sandbox serves.
//!
//! Discovery, routes, field selectors and tables are derived from it. To add a resource, add a row here, a line in
//! `api::field_types` and, for clients that send protobuf, its kind in `tests/controlplane/protobuf`.

use serde_json::Value;

/// A resource of the API, as discovery lists it.
#[derive(Debug)]
pub(crate) struct ApiResource {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    /// The kind, which is also the key of the store: the two APIs of events share one collection.
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) short_names: &'static [&'static str],
    /// Whether `kubectl get all` shows it.
    pub(crate) in_all: bool,
    pub(crate) subresources: &'static [&'static str],
}

/// The group and version of an API.
type GroupVersion = (&'static str, &'static str);

const CORE: GroupVersion = ("", "v1");
const APPS: GroupVersion = ("apps", "v1");
const AUTOSCALING: GroupVersion = ("autoscaling", "v2");
const BATCH: GroupVersion = ("batch", "v1");
const COORDINATION: GroupVersion = ("coordination.k8s.io", "v1");
const DISCOVERY: GroupVersion = ("discovery.k8s.io", "v1");
const EVENTS: GroupVersion = ("events.k8s.io", "v1");
const POLICY: GroupVersion = ("policy", "v1");
const RBAC: GroupVersion = ("rbac.authorization.k8s.io", "v1");
const SCHEDULING: GroupVersion = ("scheduling.k8s.io", "v1");
const STORAGE: GroupVersion = ("storage.k8s.io", "v1");

const STATUS: &[&str] = &["status"];
const SCALE_AND_STATUS: &[&str] = &["scale", "status"];
const EVICTION_AND_STATUS: &[&str] = &["eviction", "status"];

/// Every resource that is stored. Access reviews are answered and not stored, so they have no row.
pub(crate) static RESOURCES: &[ApiResource] = &[
    cluster_scoped(CORE, "namespaces", "Namespace")
        .short_names(&["ns"])
        .subresources(STATUS),
    cluster_scoped(CORE, "nodes", "Node")
        .short_names(&["no"])
        .subresources(STATUS),
    namespaced(CORE, "pods", "Pod")
        .short_names(&["po"])
        .subresources(EVICTION_AND_STATUS)
        .in_all(),
    namespaced(CORE, "events", "Event").short_names(&["ev"]),
    namespaced(CORE, "configmaps", "ConfigMap").short_names(&["cm"]),
    namespaced(CORE, "secrets", "Secret"),
    namespaced(CORE, "services", "Service")
        .short_names(&["svc"])
        .subresources(STATUS)
        .in_all(),
    namespaced(CORE, "serviceaccounts", "ServiceAccount").short_names(&["sa"]),
    namespaced(APPS, "deployments", "Deployment")
        .short_names(&["deploy"])
        .subresources(SCALE_AND_STATUS)
        .in_all(),
    namespaced(APPS, "replicasets", "ReplicaSet")
        .short_names(&["rs"])
        .subresources(SCALE_AND_STATUS)
        .in_all(),
    namespaced(APPS, "statefulsets", "StatefulSet")
        .short_names(&["sts"])
        .subresources(SCALE_AND_STATUS)
        .in_all(),
    namespaced(APPS, "daemonsets", "DaemonSet")
        .short_names(&["ds"])
        .subresources(STATUS)
        .in_all(),
    namespaced(BATCH, "jobs", "Job").subresources(STATUS).in_all(),
    namespaced(POLICY, "poddisruptionbudgets", "PodDisruptionBudget")
        .short_names(&["pdb"])
        .subresources(STATUS),
    namespaced(EVENTS, "events", "Event").short_names(&["ev"]),
    namespaced(COORDINATION, "leases", "Lease"),
    namespaced(RBAC, "roles", "Role"),
    namespaced(RBAC, "rolebindings", "RoleBinding"),
    cluster_scoped(RBAC, "clusterroles", "ClusterRole"),
    cluster_scoped(RBAC, "clusterrolebindings", "ClusterRoleBinding"),
    // Kinds that nothing in the sandbox acts on: programs that watch them wait for ever where they are not served.
    namespaced(CORE, "endpoints", "Endpoints").short_names(&["ep"]),
    namespaced(CORE, "limitranges", "LimitRange").short_names(&["limits"]),
    cluster_scoped(CORE, "persistentvolumes", "PersistentVolume")
        .short_names(&["pv"])
        .subresources(STATUS),
    namespaced(CORE, "persistentvolumeclaims", "PersistentVolumeClaim")
        .short_names(&["pvc"])
        .subresources(STATUS),
    namespaced(CORE, "replicationcontrollers", "ReplicationController")
        .short_names(&["rc"])
        .subresources(SCALE_AND_STATUS)
        .in_all(),
    namespaced(CORE, "resourcequotas", "ResourceQuota")
        .short_names(&["quota"])
        .subresources(STATUS),
    namespaced(APPS, "controllerrevisions", "ControllerRevision"),
    namespaced(AUTOSCALING, "horizontalpodautoscalers", "HorizontalPodAutoscaler")
        .short_names(&["hpa"])
        .subresources(STATUS)
        .in_all(),
    namespaced(BATCH, "cronjobs", "CronJob")
        .short_names(&["cj"])
        .subresources(STATUS)
        .in_all(),
    namespaced(DISCOVERY, "endpointslices", "EndpointSlice"),
    cluster_scoped(SCHEDULING, "priorityclasses", "PriorityClass").short_names(&["pc"]),
    cluster_scoped(STORAGE, "csidrivers", "CSIDriver"),
    cluster_scoped(STORAGE, "csinodes", "CSINode"),
    namespaced(STORAGE, "csistoragecapacities", "CSIStorageCapacity"),
    cluster_scoped(STORAGE, "storageclasses", "StorageClass").short_names(&["sc"]),
    cluster_scoped(STORAGE, "volumeattachments", "VolumeAttachment").subresources(STATUS),
];

const fn namespaced(api: GroupVersion, plural: &'static str, kind: &'static str) -> ApiResource {
    let (group, version) = api;
    ApiResource {
        group,
        version,
        plural,
        kind,
        namespaced: true,
        short_names: &[],
        in_all: false,
        subresources: &[],
    }
}

const fn cluster_scoped(api: GroupVersion, plural: &'static str, kind: &'static str) -> ApiResource {
    let mut resource = namespaced(api, plural, kind);
    resource.namespaced = false;
    resource
}

impl ApiResource {
    const fn short_names(mut self, names: &'static [&'static str]) -> Self {
        self.short_names = names;
        self
    }

    const fn subresources(mut self, subresources: &'static [&'static str]) -> Self {
        self.subresources = subresources;
        self
    }

    const fn in_all(mut self) -> Self {
        self.in_all = true;
        self
    }

    /// The singular name that kubectl accepts, e.g. `poddisruptionbudget`.
    pub(crate) fn singular(&self) -> String {
        self.kind.to_lowercase()
    }

    /// The `apiVersion` of the resource's objects, e.g. `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether the status can be written only through the status subresource.
    pub(crate) fn has_status_subresource(&self) -> bool {
        self.subresources.contains(&"status")
    }
}

/// Finds the resource of this plural name in a group and version.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static ApiResource> {
    RESOURCES
        .iter()
        .find(|known| (known.group, known.version, known.plural) == (group, version, plural))
}

/// Finds the resource of an object by its `apiVersion` and kind.
pub(crate) fn of_object(object: &Value) -> Option<&'static ApiResource> {
    RESOURCES
        .iter()
        .find(|known| object["kind"] == known.kind && object["apiVersion"] == *known.api_version())
}

/// Finds the resource in whose version a kind is stored.
pub(crate) fn of_kind(kind: &str) -> Option<&'static ApiResource> {
    RESOURCES.iter().find(|known| known.kind == kind)
}
