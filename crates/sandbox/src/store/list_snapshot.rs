//! Snapshots of collections, so that all pages of a list show the same revision.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

/// How many lists can be read page by page at the same time; older ones expire, as after a compaction.
const SNAPSHOT_CACHE_SIZE: usize = 32;

/// A collection as it was when its first page was read.
#[derive(Debug, Clone)]
pub(crate) struct ListSnapshot {
    pub(crate) revision: u64,
    pub(crate) kind: &'static str,
    pub(crate) namespace: Option<String>,
    /// The objects, shared by all pages of the list.
    pub(crate) objects: Arc<Vec<Arc<Value>>>,
}

/// The snapshots of lists that have a next page, oldest first.
#[derive(Debug, Default)]
pub(crate) struct SnapshotCache(VecDeque<ListSnapshot>);

impl SnapshotCache {
    /// Finds the snapshot of a collection at a revision; `None` if it has expired.
    pub(crate) fn find(&self, revision: u64, kind: &str, namespace: Option<&str>) -> Option<&ListSnapshot> {
        self.0.iter().find(|known| {
            known.revision == revision && known.kind == kind && known.namespace.as_deref() == namespace
        })
    }

    /// Keeps a snapshot for the next page of its list; if the cache is full, drops the oldest one.
    pub(crate) fn keep(&mut self, snapshot: &ListSnapshot) {
        let is_known = |known: &ListSnapshot| Arc::ptr_eq(&known.objects, &snapshot.objects);
        if self.0.iter().any(is_known) {
            return;
        }

        if self.0.len() == SNAPSHOT_CACHE_SIZE {
            self.0.pop_front();
        }
        self.0.push_back(snapshot.clone());
    }

    /// Lets every snapshot expire.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
