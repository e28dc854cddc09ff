//! The forms of what is read of workloads, namespaces and nodes: scales, metadata, leases, and the resources of an API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use macaque_core::guard::NodeState;
use serde::Deserialize;

use crate::k8s::FoundNamespace;

use super::kind::{ObjectKind, TypeMeta, WrongBody};
use super::{PodCondition, not_empty, null_is_default};

/// The scale of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadScale {
    /// The UID of the workload.
    pub uid: String,
    /// How many replicas the workload wants.
    pub desired: usize,
    /// The label selector of the workload's pods, in the form of `kubectl -l`; empty if the server does not say.
    pub selector: String,
}

/// A Scale, which is the same for every kind of workload.
#[derive(Deserialize)]
pub(in crate::k8s) struct ScaleObject {
    metadata: ScaleMetadata,
    spec: ScaleSpec,
    #[serde(default)]
    status: ScaleStatus,
}

#[derive(Deserialize)]
struct ScaleMetadata {
    #[serde(default)]
    uid: String,
}

#[derive(Deserialize)]
struct ScaleSpec {
    /// Left out if it is zero.
    #[serde(default)]
    replicas: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ScaleStatus {
    selector: String,
}

impl ScaleObject {
    pub(in crate::k8s) const KIND: ObjectKind = ObjectKind::of("autoscaling/v1", "Scale");
}

impl From<ScaleObject> for WorkloadScale {
    fn from(object: ScaleObject) -> Self {
        Self {
            uid: object.metadata.uid,
            desired: object.spec.replicas as usize,
            selector: object.status.selector,
        }
    }
}

/// The metadata of an object, of which the rest is not read.
#[derive(Deserialize)]
pub(in crate::k8s) struct PartialMetadata {
    #[serde(deserialize_with = "not_empty")]
    pub(in crate::k8s) name: String,
    #[serde(default)]
    pub(in crate::k8s) namespace: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(in crate::k8s) annotations: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(in crate::k8s) labels: BTreeMap<String, String>,
}

/// An object of which the metadata alone are read.
#[derive(Deserialize)]
pub(in crate::k8s) struct MetadataObject {
    pub(in crate::k8s) metadata: PartialMetadata,
}

/// A namespace, or its metadata alone.
#[derive(Deserialize)]
pub(in crate::k8s) struct NamespaceObject {
    metadata: NamespaceMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamespaceMetadata {
    #[serde(flatten)]
    shared: PartialMetadata,
    deletion_timestamp: Option<Timestamp>,
}

impl NamespaceObject {
    /// The kind of a list of whole namespaces.
    pub(in crate::k8s) const LIST: ObjectKind = ObjectKind::of("v1", "NamespaceList");
}

impl From<NamespaceObject> for FoundNamespace {
    fn from(object: NamespaceObject) -> Self {
        let NamespaceMetadata {
            shared,
            deletion_timestamp,
        } = object.metadata;
        Self {
            name: shared.name.clone(),
            is_terminating: deletion_timestamp.is_some(),
            keys: shared.into(),
        }
    }
}

impl PartialMetadata {
    /// Reads the answer to a request for the metadata of an object of this API version and kind: a proxy that drops the
    /// parameters of `Accept` gets the whole object, which holds its metadata too.
    ///
    /// # Errors
    /// The answer is neither.
    pub(in crate::k8s) fn read(body: &[u8], [api_version, kind]: [&str; 2]) -> Result<Self, WrongBody> {
        let type_meta = TypeMeta::of(body)?;
        let is_whole =
            type_meta.kind.as_deref() == Some(kind) && type_meta.api_version.as_deref() == Some(api_version);
        if !is_whole {
            type_meta.expect(&[ObjectKind::METADATA], body)?;
        }
        let object: MetadataObject = serde_json::from_slice(body)?;
        Ok(object.metadata)
    }
}

/// The resources of an API group and version.
#[derive(Deserialize)]
pub(in crate::k8s) struct ResourceList {
    pub(in crate::k8s) resources: Vec<ResourceObject>,
}

/// A resource or a subresource.
#[derive(Deserialize)]
pub(in crate::k8s) struct ResourceObject {
    pub(in crate::k8s) name: String,
    pub(in crate::k8s) kind: String,
    #[serde(default)]
    pub(in crate::k8s) namespaced: bool,
}

impl ResourceList {
    pub(in crate::k8s) const KIND: ObjectKind = ObjectKind::of("v1", "APIResourceList");
}

/// A Lease of a node.
#[derive(Deserialize)]
pub(in crate::k8s) struct LeaseObject {
    metadata: PartialMetadata,
    #[serde(default)]
    spec: LeaseSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LeaseSpec {
    renew_time: Option<Timestamp>,
}

impl LeaseObject {
    pub(in crate::k8s) const LIST: ObjectKind = ObjectKind::of("coordination.k8s.io/v1", "LeaseList");

    /// The name of the node, and when it renewed its lease.
    pub(in crate::k8s) fn into_renewal(self) -> (String, Option<Timestamp>) {
        (self.metadata.name, self.spec.renew_time)
    }
}

/// A Node.
#[derive(Deserialize)]
pub(in crate::k8s) struct NodeObject {
    metadata: PartialMetadata,
    #[serde(default)]
    spec: NodeSpec,
    #[serde(default)]
    status: NodeStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeSpec {
    unschedulable: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeStatus {
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<PodCondition>,
}

impl NodeObject {
    pub(in crate::k8s) const LIST: ObjectKind = ObjectKind::of("v1", "NodeList");
}

impl From<NodeObject> for NodeState {
    fn from(object: NodeObject) -> Self {
        let is_ready = |condition: &PodCondition| condition.kind == "Ready" && condition.is_true();
        Self {
            name: object.metadata.name,
            ready: object.status.conditions.iter().any(is_ready),
            cordoned: object.spec.unschedulable,
        }
    }
}
