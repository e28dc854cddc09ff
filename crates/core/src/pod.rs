//! The fields of a pod that the rules read, and its name.

mod details;
mod owner;
mod trouble;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::details::PodDetails;
pub use self::owner::{ControllerRef, OwnerRef, PodOwner, TEMPLATE_HASHES};
pub use self::trouble::{PodTrouble, WaitingContainer};

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

/// The label that tells the zone of a pod's node. Kubernetes 1.35 and later copy it to every pod (the admission plugin
/// PodTopologyLabels); on older servers it is missing.
pub const ZONE: &str = "topology.kubernetes.io/zone";

/// Where a pod runs, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodPlace {
    /// The node, once the pod is scheduled.
    pub node: Option<String>,
    /// The node's zone, if the pod's labels tell it.
    pub zone: Option<String>,
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
    /// `lastTransitionTime` of the condition `Ready`: since when the pod is as ready, or unready, as it is.
    pub ready_changed: Option<Timestamp>,
    /// The reason of the condition `DisruptionTarget` if that is `True`: why the pod is about to leave, such as
    /// `EvictionByEvictionAPI`.
    pub disruption: Option<String>,
    /// `spec.nodeName`: the node, once the pod is scheduled.
    pub node: Option<String>,
    /// Whether nothing was read about the node: then no rule about nodes exempts the pod.
    pub is_node_unknown: bool,
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
    /// `metadata.ownerReferences`, the controller's as it is written: the ReplicaSet's for a pod of a Deployment.
    pub controller: Option<ControllerRef>,
    /// How far the pod has come on its way to being ready.
    pub progress: PodProgress,
    /// Whether `spec.evictionResponders` is not empty (KEP-4563, alpha in Kubernetes 1.37).
    pub has_eviction_responders: bool,
}

/// How far a pod has come on its way to being ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodProgress {
    /// Since when the condition `PodScheduled` is `True`.
    pub scheduled: Option<Timestamp>,
    /// Since when the condition `ContainersReady` is `True`.
    pub containers_ready: Option<Timestamp>,
    /// What keeps the pod from becoming ready, as far as its status tells.
    pub trouble: Option<PodTrouble>,
}

/// The state of a pod, as far as it concerns its owner's replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaState {
    /// The pod is ready.
    Ready,
    /// The pod is pending, or runs and is not ready.
    NotReady,
    /// The pod is being deleted, and counts as no replica any more.
    Terminating,
    /// The pod has succeeded or failed (an evicted pod has failed), and counts as no replica any more.
    Finished,
}

/// How many pods of one owner, or of any other group, count as replicas, and in which state those are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplicaCount {
    /// The pods that are neither terminating nor finished.
    pub live: usize,
    /// The live pods that are ready.
    pub ready: usize,
    /// The live pods that are not ready, and not pending.
    pub unready: usize,
    /// The live pods that are pending.
    pub pending: usize,
    /// The pods that are terminating.
    pub terminating: usize,
}

impl Pod {
    /// The pod's state.
    pub fn state(&self) -> ReplicaState {
        match self.phase {
            _ if self.terminating => ReplicaState::Terminating,
            PodPhase::Succeeded | PodPhase::Failed => ReplicaState::Finished,
            PodPhase::Pending | PodPhase::Running | PodPhase::Unknown if self.ready => ReplicaState::Ready,
            PodPhase::Pending | PodPhase::Running | PodPhase::Unknown => ReplicaState::NotReady,
        }
    }

    /// Where the pod runs.
    pub fn place(&self) -> PodPlace {
        let known = |place: Option<&String>| place.filter(|place| !place.is_empty()).cloned();
        PodPlace {
            node: known(self.node.as_ref()),
            zone: known(self.labels.get(ZONE)),
        }
    }

    /// The name of the pod's owner; the pod's own name if nothing owns it.
    pub fn owner_name(&self) -> &str {
        self.owner.as_ref().map_or(&self.id.name, |owner| &owner.name)
    }

    /// The API group and version of the pod's owner; `None` if nothing owns the pod, or if that is not known.
    pub fn owner_api_version(&self) -> Option<&str> {
        let controller = self.controller.as_ref()?;
        Some(controller.api_version_behind(self.owner.as_ref()?))
    }

    /// The API group of the pod's owner, empty for the core group; `None` if nothing owns the pod, or if that is not known.
    pub fn owner_group(&self) -> Option<&str> {
        let api_version = self.owner_api_version()?;
        Some(api_version.split_once('/').map_or("", |(group, _)| group))
    }

    /// The pod on the node on which it was found, which its metadata did not tell.
    pub fn on_node(self, node: &str) -> Self {
        Self {
            node: Some(node.to_owned()),
            is_node_unknown: false,
            ..self
        }
    }

    /// Whether the pod counts as a replica: it is neither terminating nor finished.
    pub fn is_live(&self) -> bool {
        match self.state() {
            ReplicaState::Ready | ReplicaState::NotReady => true,
            ReplicaState::Terminating | ReplicaState::Finished => false,
        }
    }

    /// Whether the pod is terminating and its controller creates the successor only when it is gone: a DaemonSet does so
    /// on the pod's node, and a StatefulSet, or another controller that numbers its pods, under the pod's name.
    pub fn is_awaited(&self) -> bool {
        let waits = |owner: &PodOwner| owner.kind == "DaemonSet" || owner.keeps_name(&self.id.name);
        self.terminating && self.owner.as_ref().is_some_and(waits)
    }
}

impl ReplicaCount {
    /// Counts `pod`.
    pub fn add(&mut self, pod: &Pod) {
        self.add_state(pod.state(), pod.phase == PodPhase::Pending);
    }

    /// Counts a pod in this state, and in the phase Pending or not.
    pub fn add_state(&mut self, state: ReplicaState, pending: bool) {
        match state {
            ReplicaState::Ready => self.ready += 1,
            ReplicaState::NotReady if pending => self.pending += 1,
            ReplicaState::NotReady => self.unready += 1,
            ReplicaState::Terminating => {
                self.terminating += 1;
                return;
            }
            ReplicaState::Finished => return,
        }
        self.live += 1;
    }

    /// Adds the counts of more pods.
    pub fn append(&mut self, more: Self) {
        self.live += more.live;
        self.ready += more.ready;
        self.unready += more.unready;
        self.pending += more.pending;
        self.terminating += more.terminating;
    }
}

impl fmt::Display for ReplicaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::NotReady => "not ready",
            Self::Terminating => "terminating",
            Self::Finished => "finished",
        })
    }
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

#[cfg(any(test, feature = "samples"))]
impl Pod {
    /// A running and ready pod of the Deployment `web` in the namespace `shop`, of unknown age, for tests.
    pub fn sample() -> Self {
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
            ready_changed: None,
            disruption: None,
            node: None,
            is_node_unknown: false,
            created: None,
            started: None,
            terminating: false,
            priority: None,
            priority_class: None,
            controller: None,
            progress: PodProgress::default(),
            has_eviction_responders: false,
        }
    }
}

#[cfg(test)]
mod tests;
