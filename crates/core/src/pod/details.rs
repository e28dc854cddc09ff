//! The details of a pod that people look for when they read about it: where it runs, since when, and of which revision.

use jiff::Timestamp;
use serde::Serialize;

use super::{Pod, PodPlace};

/// The labels that tell the revision of a pod's template: of the pods of a Deployment, of a Rollout of Argo, and of a
/// StatefulSet or DaemonSet.
const REVISIONS: [&str; 3] = [
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "controller-revision-hash",
];

/// The details of one pod, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PodDetails {
    /// The node, once the pod is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The node's zone, if the pod's labels tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The revision of the pod's template, if a label tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// When the pod was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

impl Pod {
    /// The revision of the pod's template, if a label tells it.
    pub fn revision(&self) -> Option<String> {
        let label = |name: &str| self.labels.get(name).filter(|value| !value.is_empty()).cloned();
        REVISIONS.into_iter().find_map(label)
    }
}

impl PodDetails {
    /// The details of `pod`.
    pub fn of(pod: &Pod) -> Self {
        let PodPlace { node, zone } = pod.place();
        Self {
            node,
            zone,
            revision: pod.revision(),
            created: pod.created,
        }
    }
}
