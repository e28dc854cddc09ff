//! Tells replacements from siblings by the kind of their owner.

use crate::pod::{PodOwner, PodPhase, ReplicaState};
use crate::siblings::SiblingPod;

/// How an owner replaces a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplacementRule {
    /// By a pod of any name on any node.
    Anywhere,
    /// By a pod of the same name.
    SameName,
    /// By a pod on the same node.
    SameNode,
    /// By a pod of any name that runs to its end.
    Job,
}

impl ReplacementRule {
    /// The rule by which `owner` replaces its pod of this name.
    pub(super) fn of(owner: &PodOwner, pod_name: &str) -> Self {
        match owner.kind.as_str() {
            "DaemonSet" => Self::SameNode,
            "Job" => Self::Job,
            _ if owner.keeps_name(pod_name) => Self::SameName,
            _ => Self::Anywhere,
        }
    }

    /// Whether owners that replace their pods so have a number of replicas.
    pub(super) fn has_scale(self) -> bool {
        match self {
            Self::Anywhere | Self::SameName => true,
            Self::SameNode | Self::Job => false,
        }
    }

    /// Whether `pod` has to do with the replacement of a pod on `node`: those of a DaemonSet on other nodes do not.
    pub(super) fn concerns(self, pod: &SiblingPod, node: Option<&str>) -> bool {
        self != Self::SameNode || node.is_none() || pod.node.is_none() || pod.node.as_deref() == node
    }

    /// Whether `pod` counts as ready: of a Job, if it runs or has succeeded.
    pub(super) fn is_ready(self, pod: &SiblingPod) -> bool {
        match self {
            Self::Job => {
                pod.phase == PodPhase::Succeeded || (pod.is_live() && pod.phase == PodPhase::Running)
            }
            _ => pod.state == ReplicaState::Ready,
        }
    }

    /// Whether the victim has to be gone before it is replaced.
    pub(super) fn awaits_victim(self) -> bool {
        matches!(self, Self::SameName | Self::SameNode)
    }
}
