//! Stores objects by kind, namespace and name, and the history of their changes for watches.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::ClusterClock;
use crate::store::object;

/// How many changes a watch may fall behind before it expires.
const CHANGE_HISTORY_SIZE: usize = 8192;

/// The namespace and name of an object. Keys are ordered like lists and etcd's keys `NAMESPACE/NAME`: `shop-eu/a` comes
/// before `shop/a`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObjectKey {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl ObjectKey {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The key under which an object is stored.
    pub(crate) fn of(object: &Value) -> Self {
        Self::new(object::namespace(object), object::name(object))
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        self.namespace.bytes().chain([b'/']).chain(self.name.bytes())
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One write: an object that was created, changed or removed.
#[derive(Debug, Clone)]
pub struct ObjectChange {
    /// The revision of the write.
    pub revision: u64,
    /// The kind of the object.
    pub kind: &'static str,
    /// The object before the write, if there was one.
    pub before: Option<Arc<Value>>,
    /// The object after the write; for a removal its last state, under the revision of the removal.
    pub after: Arc<Value>,
    /// Whether the object was removed.
    pub removed: bool,
    /// When it was written.
    pub at: Timestamp,
}

impl ObjectChange {
    /// The pod deletion that begins with this change, if one does.
    fn pod_deletion(&self) -> Option<PodDeletion> {
        let before = self.before.as_ref()?;
        let is_deleted = self.removed || object::is_terminating(&self.after);
        if self.kind != "Pod" || !is_deleted || object::is_terminating(before) {
            return None;
        }

        Some(PodDeletion {
            name: object::name(before).to_owned(),
            uid: object::uid(before).to_owned(),
            at: self.at,
        })
    }
}

/// The beginning of a pod's deletion, whether requested by a client or by a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDeletion {
    /// The pod's name.
    pub name: String,
    /// The pod's UID.
    pub uid: String,
    /// When its deletion began.
    pub at: Timestamp,
}

/// All objects under one growing revision, as etcd keeps those of a real cluster.
///
/// Objects are shared and never changed in place, so lists, snapshots and the history cost one pointer per object and
/// stay as they were.
#[derive(Debug, Default)]
pub(crate) struct ObjectStore {
    kinds: BTreeMap<&'static str, BTreeMap<ObjectKey, Arc<Value>>>,
    revision: u64,
    history: VecDeque<ObjectChange>,
    /// Changes up to this revision are no longer in the history.
    compacted_revision: u64,
    /// The revision of the latest change of each kind.
    last_changes: BTreeMap<&'static str, u64>,
    /// The revision at which an object, other than an event, was last created, or one was removed.
    last_membership_change: u64,
    pod_deletions: Vec<PodDeletion>,
    clock: ClusterClock,
}

impl ObjectStore {
    pub(crate) fn new(clock: ClusterClock) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let objects = self.kinds.get(kind)?;
        objects.get(&ObjectKey::new(namespace, name)).cloned()
    }

    /// The objects of a kind, of one namespace or of all, in the order of lists.
    pub(crate) fn list(&self, kind: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let Some(objects) = self.kinds.get(kind) else {
            return Vec::new();
        };

        match namespace {
            None => objects.values().cloned().collect(),
            Some(namespace) => objects
                .range(ObjectKey::new(namespace, "")..)
                .take_while(|(key, _)| key.namespace == namespace)
                .map(|(_, object)| object.clone())
                .collect(),
        }
    }

    /// Every object of every kind, with its kind.
    pub(crate) fn all_objects(&self) -> impl Iterator<Item = (&'static str, &Arc<Value>)> {
        self.kinds
            .iter()
            .flat_map(|(kind, objects)| objects.values().map(|object| (*kind, object)))
    }

    /// Stores an object under the next revision; an unchanged object keeps its revision.
    pub(crate) fn put(&mut self, kind: &'static str, mut object: Value) -> Arc<Value> {
        let key = ObjectKey::of(&object);
        let before = self.kinds.get(kind).and_then(|objects| objects.get(&key));
        let before = before.cloned();
        if let Some(before) = &before {
            object["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
            if **before == object {
                return before.clone();
            }
        }

        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let after = Arc::new(object);
        self.kinds.entry(kind).or_default().insert(key, after.clone());

        self.record_change(ObjectChange {
            revision: self.revision,
            kind,
            before,
            after: after.clone(),
            removed: false,
            at: self.clock.now(),
        });
        after
    }

    /// Removes an object and returns its last state.
    pub(crate) fn remove(&mut self, kind: &'static str, object: &Value) -> Option<Arc<Value>> {
        let before = self.kinds.get_mut(kind)?.remove(&ObjectKey::of(object))?;

        self.revision += 1;
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let after = Arc::new(last);

        self.record_change(ObjectChange {
            revision: self.revision,
            kind,
            before: Some(before),
            after: after.clone(),
            removed: true,
            at: self.clock.now(),
        });
        Some(after)
    }

    /// The changes of a kind after a revision; `None` if the history no longer holds all of them.
    pub(crate) fn changes_after(&self, revision: u64, kind: &str) -> Option<Vec<ObjectChange>> {
        if revision < self.compacted_revision {
            return None;
        }

        let start = self.history.partition_point(|change| change.revision <= revision);
        let changes = self.history.range(start..);
        Some(changes.filter(|change| change.kind == kind).cloned().collect())
    }

    /// Drops the history, as a compaction of etcd does.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.compacted_revision = self.revision;
    }

    /// The revision of the latest change of any of `kinds`.
    pub(crate) fn last_change(&self, kinds: &[&str]) -> u64 {
        let revisions = kinds.iter().filter_map(|kind| self.last_changes.get(kind));
        revisions.copied().max().unwrap_or_default()
    }

    /// The revision at which an object, other than an event, was last created, or one was removed.
    pub(crate) fn last_membership_change(&self) -> u64 {
        self.last_membership_change
    }

    /// Every pod deletion so far, oldest first.
    pub(crate) fn pod_deletions(&self) -> &[PodDeletion] {
        &self.pod_deletions
    }

    fn record_change(&mut self, change: ObjectChange) {
        self.last_changes.insert(change.kind, change.revision);
        // Nothing depends on the creation of an event, and there are many.
        let is_new = change.before.is_none() && change.kind != "Event";
        if is_new || change.removed {
            self.last_membership_change = change.revision;
        }
        self.pod_deletions.extend(change.pod_deletion());

        if self.history.len() == CHANGE_HISTORY_SIZE
            && let Some(oldest) = self.history.pop_front()
        {
            self.compacted_revision = oldest.revision;
        }
        self.history.push_back(change);
    }
}
