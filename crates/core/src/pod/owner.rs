//! Names the owners of pods.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PodRef;

/// The workloads that own their pods by way of ReplicaSets called `NAME-HASH`, and the label of a pod that holds the
/// hash: Deployments, and the Rollouts of Argo.
pub const TEMPLATE_HASHES: [(&str, &str); 2] = [
    ("Deployment", "pod-template-hash"),
    ("Rollout", "rollouts-pod-template-hash"),
];

/// The controller that will replace a disrupted pod: the owner reference with `controller: true`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodOwner {
    /// The kind, `Deployment` or `StatefulSet` for example.
    pub kind: String,
    /// The name, in the pod's own namespace.
    pub name: String,
}

impl PodOwner {
    /// Whether the owner's pod of this name is replaced by one of the same name: a StatefulSet numbers its pods, and so do
    /// other controllers.
    pub fn keeps_name(&self, pod_name: &str) -> bool {
        match self.kind.as_str() {
            "StatefulSet" => true,
            "DaemonSet" | "Deployment" | "Rollout" | "ReplicaSet" | "ReplicationController" | "Job" => false,
            _ => {
                let suffix = pod_name.strip_prefix(&self.name);
                let number = suffix.and_then(|suffix| suffix.strip_prefix('-'));
                number.is_some_and(is_number)
            }
        }
    }
}

impl fmt::Display for PodOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// An owner with its namespace, or a pod without an owner, which counts as its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnerRef {
    /// The namespace.
    pub namespace: String,
    /// The owner.
    pub owner: PodOwner,
}

impl OwnerRef {
    /// The owner of `pod`, which is the pod itself if it has none.
    pub fn of(pod: &PodRef, owner: Option<&PodOwner>) -> Self {
        let own = || PodOwner {
            kind: "Pod".to_owned(),
            name: pod.name.clone(),
        };
        Self {
            namespace: pod.namespace.clone(),
            owner: owner.cloned().unwrap_or_else(own),
        }
    }
}

impl fmt::Display for OwnerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.owner)
    }
}

/// The controller of a pod as the pod's owner reference names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerRef {
    /// The API group and version, `apps/v1` for example.
    pub api_version: String,
    /// The kind, `ReplicaSet` for example.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The UID.
    pub uid: String,
}

impl ControllerRef {
    /// The API group and version of the `owner` of this controller's pods: the controller itself, or the owner of the
    /// ReplicaSet that it is, which was found by its name alone.
    pub fn api_version_behind(&self, owner: &PodOwner) -> &str {
        match owner.kind.as_str() {
            "Deployment" if self.kind != owner.kind => "apps/v1",
            "Rollout" if self.kind != owner.kind => "argoproj.io/v1alpha1",
            _ => &self.api_version,
        }
    }
}

/// Whether `text` is a number without a sign.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
