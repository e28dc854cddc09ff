//! The fields of a pod that the rules read, and the names of pods and owners.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The identity of one pod: the UID distinguishes a StatefulSet's pod from its successor of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodRef {
    /// The namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// `metadata.uid`; every disruption carries it as a precondition.
    pub uid: String,
}

impl fmt::Display for PodRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The controller that will replace a disrupted pod: the owner reference with `controller: true`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodOwner {
    /// The kind, `Deployment` or `StatefulSet` for example.
    pub kind: String,
    /// The name, in the pod's own namespace.
    pub name: String,
}

impl fmt::Display for PodOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// A pod, reduced to the fields that the rules read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The pod's identity.
    pub id: PodRef,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
    /// The controller; `None` for a bare pod, which nothing replaces.
    pub owner: Option<PodOwner>,
    /// `status.phase`.
    pub phase: PodPhase,
    /// Whether the condition `Ready` is `True`.
    pub ready: bool,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `status.startTime`: when the kubelet first saw the pod.
    pub started: Option<Timestamp>,
    /// Whether `metadata.deletionTimestamp` is set: the pod is being deleted already.
    pub terminating: bool,
    /// `spec.priority`.
    pub priority: Option<i32>,
    /// `spec.priorityClassName`.
    pub priority_class: Option<String>,
    /// Whether `spec.evictionResponders` is not empty (KEP-4563, alpha in Kubernetes 1.37).
    pub has_eviction_responders: bool,
}

/// The phase of a pod, `status.phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "Kubernetes' own five words")]
pub enum PodPhase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl PodPhase {
    /// Every phase.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Unknown,
    ];

    /// Reads the phase as the API writes it; any other text is [`PodPhase::Unknown`].
    pub fn from_word(word: &str) -> Self {
        match word {
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for PodPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        })
    }
}

#[cfg(test)]
impl Pod {
    /// A running and ready pod of the Deployment `web` in the namespace `shop`, of unknown age, for the core's tests.
    pub(crate) fn sample() -> Self {
        Self {
            id: PodRef {
                namespace: "shop".into(),
                name: "web-0".into(),
                uid: "u0".into(),
            },
            labels: BTreeMap::from([("app".into(), "web".into())]),
            annotations: BTreeMap::new(),
            owner: Some(PodOwner {
                kind: "Deployment".into(),
                name: "web".into(),
            }),
            phase: PodPhase::Running,
            ready: true,
            created: None,
            started: None,
            terminating: false,
            priority: None,
            priority_class: None,
            has_eviction_responders: false,
        }
    }
}
