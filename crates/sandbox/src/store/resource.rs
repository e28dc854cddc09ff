//! The table of resources that the sandbox serves.

use std::sync::Arc;

use serde_json::Value;

use crate::api::events;
use crate::wire::status_error::StatusError;

/// One row of the API: how a resource is addressed, and what may be done with it.
#[derive(Debug)]
pub(crate) struct ApiResource {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    /// Also the store's key: the two APIs of events share one collection.
    pub(crate) kind: &'static str,
    pub(crate) scope: ResourceScope,
    pub(crate) short: &'static [&'static str],
    pub(crate) in_all: bool,
    pub(crate) subresources: &'static [&'static str],
}

/// Whether objects of a resource live in namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceScope {
    Namespace,
    Cluster,
}

const STATUS: &[&str] = &["status"];
const SCALED: &[&str] = &["scale", "status"];

/// A resource named by `group/version`, plural and kind; the other columns follow.
const fn row(api: (&'static str, &'static str), plural: &'static str, kind: &'static str) -> ApiResource {
    let (group, version) = api;
    let scope = ResourceScope::Namespace;
    ApiResource {
        group,
        version,
        plural,
        singular: "",
        kind,
        scope,
        short: &[],
        in_all: false,
        subresources: &[],
    }
}

impl ApiResource {
    const fn short(mut self, short: &'static [&'static str]) -> Self {
        self.short = short;
        self
    }

    const fn of_cluster(mut self) -> Self {
        self.scope = ResourceScope::Cluster;
        self
    }

    const fn with(mut self, subresources: &'static [&'static str]) -> Self {
        self.subresources = subresources;
        self
    }

    const fn in_all(mut self) -> Self {
        self.in_all = true;
        self
    }

    const fn singular(mut self, singular: &'static str) -> Self {
        self.singular = singular;
        self
    }

    pub(crate) fn is_namespaced(&self) -> bool {
        self.scope == ResourceScope::Namespace
    }

    /// `v1`, `apps/v1`: the apiVersion of its objects.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    pub(crate) fn not_found(&self, name: &str) -> StatusError {
        StatusError::not_found(self.group, self.plural, name)
    }

    pub(crate) fn conflict(&self, name: &str, why: &str) -> StatusError {
        StatusError::conflict(self.group, self.plural, name, why)
    }
}

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");

/// Every resource that is stored; reviews are answered without a trace and have no row.
pub(crate) static RESOURCES: &[ApiResource] = &[
    row(CORE, "namespaces", "Namespace")
        .singular("namespace")
        .short(&["ns"])
        .of_cluster()
        .with(STATUS),
    row(CORE, "nodes", "Node")
        .singular("node")
        .short(&["no"])
        .of_cluster()
        .with(STATUS),
    row(CORE, "pods", "Pod")
        .singular("pod")
        .short(&["po"])
        .with(&["eviction", "status"])
        .in_all(),
    row(CORE, "events", "Event").singular("event").short(&["ev"]),
    row(CORE, "configmaps", "ConfigMap")
        .singular("configmap")
        .short(&["cm"]),
    row(CORE, "secrets", "Secret").singular("secret"),
    row(CORE, "services", "Service")
        .singular("service")
        .short(&["svc"])
        .in_all(),
    row(CORE, "serviceaccounts", "ServiceAccount")
        .singular("serviceaccount")
        .short(&["sa"]),
    row(APPS, "deployments", "Deployment")
        .singular("deployment")
        .short(&["deploy"])
        .with(SCALED)
        .in_all(),
    row(APPS, "replicasets", "ReplicaSet")
        .singular("replicaset")
        .short(&["rs"])
        .with(SCALED)
        .in_all(),
    row(APPS, "statefulsets", "StatefulSet")
        .singular("statefulset")
        .short(&["sts"])
        .with(SCALED)
        .in_all(),
    row(APPS, "daemonsets", "DaemonSet")
        .singular("daemonset")
        .short(&["ds"])
        .with(STATUS)
        .in_all(),
    row(("batch", "v1"), "jobs", "Job")
        .singular("job")
        .with(STATUS)
        .in_all(),
    row(("policy", "v1"), "poddisruptionbudgets", "PodDisruptionBudget")
        .singular("poddisruptionbudget")
        .short(&["pdb"])
        .with(STATUS),
    row(("events.k8s.io", "v1"), "events", "Event")
        .singular("event")
        .short(&["ev"]),
    row(("coordination.k8s.io", "v1"), "leases", "Lease").singular("lease"),
    row(RBAC, "roles", "Role").singular("role"),
    row(RBAC, "rolebindings", "RoleBinding").singular("rolebinding"),
    row(RBAC, "clusterroles", "ClusterRole")
        .singular("clusterrole")
        .of_cluster(),
    row(RBAC, "clusterrolebindings", "ClusterRoleBinding")
        .singular("clusterrolebinding")
        .of_cluster(),
];

/// The row for a plural in a group and version.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static ApiResource> {
    RESOURCES
        .iter()
        .find(|row| (row.group, row.version, row.plural) == (group, version, plural))
}

/// The row for an object that names its own apiVersion and kind.
pub(crate) fn of_object(object: &Value) -> Option<&'static ApiResource> {
    RESOURCES
        .iter()
        .find(|row| object["kind"] == row.kind && object["apiVersion"] == *row.api_version())
}

/// The row under whose API a kind is stored.
pub(crate) fn of_kind(kind: &str) -> Option<&'static ApiResource> {
    RESOURCES.iter().find(|row| row.kind == kind)
}

impl ApiResource {
    /// An object as it is stored, from the words of this resource's API.
    pub(crate) fn stored(&self, object: Value) -> Value {
        if self.group == "events.k8s.io" {
            events::to_core(object)
        } else {
            object
        }
    }

    /// A stored object in the words of this resource's API.
    pub(crate) fn presented(&self, object: &Arc<Value>) -> Arc<Value> {
        if self.group == "events.k8s.io" {
            return Arc::new(events::from_core(Value::clone(object)));
        }
        object.clone()
    }
}
