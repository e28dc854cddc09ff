//! The siblings of a pod: all pods of one owner at one moment, as guards, previews and the recovery read them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::pod::{Pod, PodPhase, PodPlace, PodProgress, ReplicaCount, ReplicaState};

/// All pods of one owner, with the wanted number if it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiblingPods {
    by_uid: BTreeMap<String, SiblingPod>,
    desired: Option<usize>,
}

/// One of an owner's pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiblingPod {
    /// The pod's name.
    pub name: String,
    /// The pod's state.
    pub state: ReplicaState,
    /// The pod's phase.
    pub phase: PodPhase,
    /// The revision of the pod's template, if a label tells it.
    pub revision: Option<String>,
    /// The node, once the pod is scheduled.
    pub node: Option<String>,
    /// The zone, if a label tells it.
    pub zone: Option<String>,
    /// When the pod was created.
    pub created: Option<Timestamp>,
    /// Since when the pod is as ready, or unready, as it is.
    pub ready_changed: Option<Timestamp>,
    /// How far the pod has come on its way to being ready.
    pub progress: PodProgress,
}

impl SiblingPods {
    /// No pods yet, of an owner that wants this many; `None` if that is not known.
    pub fn wanting(desired: Option<usize>) -> Self {
        let by_uid = BTreeMap::new();
        Self { by_uid, desired }
    }

    /// Adds `pod`. A list may show a pod on two pages: its later state counts.
    pub fn add(&mut self, pod: &Pod) {
        self.by_uid.insert(pod.id.uid.clone(), SiblingPod::from(pod));
    }

    /// Removes the pod with this UID, which is gone.
    pub fn remove(&mut self, uid: &str) {
        self.by_uid.remove(uid);
    }

    /// Adds the pods of `more`, which were listed later.
    pub fn append(&mut self, more: Self) {
        self.by_uid.extend(more.by_uid);
        self.desired = more.desired.or(self.desired);
    }

    /// Sets the number of replicas that the owner wants; `None` if it is not known.
    pub fn set_desired(&mut self, desired: Option<usize>) {
        self.desired = desired;
    }

    /// Every pod by its UID, terminating and finished ones among them.
    pub fn pods(&self) -> impl Iterator<Item = (&str, &SiblingPod)> {
        self.by_uid.iter().map(|(uid, pod)| (&**uid, pod))
    }

    /// The pod with this UID, if it is one of them.
    pub fn get(&self, uid: &str) -> Option<&SiblingPod> {
        self.by_uid.get(uid)
    }

    /// Whether the pod with this UID was added.
    pub fn contains(&self, uid: &str) -> bool {
        self.by_uid.contains_key(uid)
    }

    /// How many replicas the owner wants, if that is known.
    pub fn desired(&self) -> Option<usize> {
        self.desired
    }

    /// How many replicas the owner has if it is whole: the wanted number or, if that is not known, the live pods.
    pub fn replicas(&self) -> usize {
        self.desired.unwrap_or_else(|| self.count().live)
    }

    /// The pods, counted by state.
    pub fn count(&self) -> ReplicaCount {
        let mut count = ReplicaCount::default();
        for pod in self.by_uid.values() {
            count.add_state(pod.state, pod.phase == PodPhase::Pending);
        }
        count
    }

    /// How many pods are ready, apart from the one with this UID.
    pub fn ready_without(&self, uid: &str) -> usize {
        let others = self.pods().filter(|(other, _)| *other != uid);
        others.filter(|(_, pod)| pod.state == ReplicaState::Ready).count()
    }

    /// The revisions among the live pods, with the number of pods of each.
    pub fn revisions(&self) -> BTreeMap<&str, usize> {
        let mut revisions = BTreeMap::new();
        for revision in self.live().filter_map(|pod| pod.revision.as_deref()) {
            *revisions.entry(revision).or_default() += 1;
        }
        revisions
    }

    /// The nodes of the live pods.
    pub fn nodes(&self) -> BTreeSet<&str> {
        self.live().filter_map(|pod| pod.node.as_deref()).collect()
    }

    /// The zones of the live pods.
    pub fn zones(&self) -> BTreeSet<&str> {
        self.live().filter_map(|pod| pod.zone.as_deref()).collect()
    }

    /// When the newest live pod was created.
    pub fn newest(&self) -> Option<Timestamp> {
        self.live().filter_map(|pod| pod.created).max()
    }

    /// Since when a live pod is not ready: the earliest of them, as far as their conditions tell.
    pub fn unready_since(&self) -> Option<Timestamp> {
        let unready = self.live().filter(|pod| pod.state == ReplicaState::NotReady);
        unready.filter_map(|pod| pod.ready_changed.or(pod.created)).min()
    }

    fn live(&self) -> impl Iterator<Item = &SiblingPod> {
        self.by_uid.values().filter(|pod| pod.is_live())
    }
}

impl SiblingPod {
    /// Whether the pod counts as a replica: it is neither terminating nor finished.
    pub fn is_live(&self) -> bool {
        matches!(self.state, ReplicaState::Ready | ReplicaState::NotReady)
    }
}

impl From<&Pod> for SiblingPod {
    fn from(pod: &Pod) -> Self {
        let PodPlace { node, zone } = pod.place();
        Self {
            name: pod.id.name.clone(),
            state: pod.state(),
            phase: pod.phase,
            revision: pod.revision(),
            node,
            zone,
            created: pod.created,
            ready_changed: pod.ready_changed,
            progress: pod.progress.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
