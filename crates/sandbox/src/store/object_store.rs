//! Keeps objects by kind, namespace and name, and remembers the latest changes for watchers.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::object;

/// Enough for a watcher to fall behind for a while; an older one is told that its place is gone.
const CHANGE_HISTORY_SIZE: usize = 8192;

/// Namespace and name. Their order is that of lists, and of etcd's keys `NAMESPACE/NAME`: `shop-eu/a` comes before
/// `shop/a`.
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

/// One write: an object that appeared, changed or went.
#[derive(Debug, Clone)]
pub(crate) struct ObjectChange {
    pub(crate) revision: u64,
    pub(crate) kind: &'static str,
    pub(crate) before: Option<Arc<Value>>,
    /// For a removal, the last state under the revision of the removal, and `gone` is set.
    pub(crate) after: Arc<Value>,
    pub(crate) gone: bool,
}

/// All objects, under one growing revision.
#[derive(Debug, Default)]
pub(crate) struct ObjectStore {
    kinds: BTreeMap<&'static str, BTreeMap<ObjectKey, Arc<Value>>>,
    history: VecDeque<ObjectChange>,
    compacted_revision: u64,
    revision: u64,
    /// The revision at which a kind last changed, and at which it last gained or lost an object.
    touched: BTreeMap<&'static str, u64>,
    populated: u64,
    deletions: Vec<PodDeletion>,
}

/// The moment from which a pod is lost, whoever ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDeletion {
    /// The pod's name.
    pub name: String,
    /// The pod's UID.
    pub uid: String,
    /// When its deletion began.
    pub at: Timestamp,
}

impl ObjectStore {
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.kinds
            .get(kind)?
            .get(&ObjectKey::new(namespace, name))
            .cloned()
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

    /// Stores an object under the next revision; one that changes nothing keeps its own.
    pub(crate) fn put(&mut self, kind: &'static str, mut object: Value) -> Arc<Value> {
        let key = key(&object);
        let before = self
            .kinds
            .get(kind)
            .and_then(|objects| objects.get(&key))
            .cloned();
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
        self.remember(ObjectChange {
            revision: self.revision,
            kind,
            before,
            after: after.clone(),
            gone: false,
        });
        after
    }

    /// Takes an object away and returns its last state.
    pub(crate) fn remove(&mut self, kind: &'static str, object: &Value) -> Option<Arc<Value>> {
        let before = self.kinds.get_mut(kind)?.remove(&key(object))?;
        self.revision += 1;
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let after = Arc::new(last);
        let before = Some(before);
        self.remember(ObjectChange {
            revision: self.revision,
            kind,
            before,
            after: after.clone(),
            gone: true,
        });
        Some(after)
    }

    /// The changes of a kind after a revision, or `None` when they are no longer all remembered.
    pub(crate) fn changes_after(&self, revision: u64, kind: &str) -> Option<Vec<ObjectChange>> {
        if revision < self.compacted_revision {
            return None;
        }
        let start = self.history.partition_point(|change| change.revision <= revision);
        Some(
            self.history
                .range(start..)
                .filter(|change| change.kind == kind)
                .cloned()
                .collect(),
        )
    }

    /// Drops all remembered changes, as a compaction of a real server's storage does.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.compacted_revision = self.revision;
    }

    /// The revision of the latest change among some kinds.
    pub(crate) fn touched(&self, kinds: &[&str]) -> u64 {
        kinds
            .iter()
            .filter_map(|kind| self.touched.get(kind))
            .copied()
            .max()
            .unwrap_or_default()
    }

    /// Every pod whose deletion began, in that order.
    pub(crate) fn deletions(&self) -> &[PodDeletion] {
        &self.deletions
    }

    /// The revision at which an object last appeared or went.
    pub(crate) fn populated(&self) -> u64 {
        self.populated
    }

    fn remember(&mut self, change: ObjectChange) {
        self.touched.insert(change.kind, change.revision);
        if change.before.is_none() || change.gone {
            self.populated = change.revision;
        }
        self.deletions.extend(pod_deletion(&change));
        if self.history.len() == CHANGE_HISTORY_SIZE
            && let Some(oldest) = self.history.pop_front()
        {
            self.compacted_revision = oldest.revision;
        }
        self.history.push_back(change);
    }
}

/// The departure that a change is, if it is one.
fn pod_deletion(change: &ObjectChange) -> Option<PodDeletion> {
    let before = change.before.as_ref()?;
    let leaves = change.gone || object::is_terminating(&change.after);
    (change.kind == "Pod" && leaves && !object::is_terminating(before)).then(|| PodDeletion {
        name: object::name(before).to_owned(),
        uid: object::uid(before).to_owned(),
        at: Timestamp::now(),
    })
}

pub(crate) fn key(object: &Value) -> ObjectKey {
    ObjectKey::new(object::namespace(object), object::name(object))
}
