//! The state of the cluster, and the one lock around it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::options::SandboxOptions;
use crate::store::access_denial::AccessDenial;
use crate::store::event_log::EventLog;
use crate::store::list_snapshot::SnapshotCache;
use crate::store::names::NameGenerator;
use crate::store::object;
use crate::store::object_store::ObjectStore;
use crate::store::request_log::RequestLog;

/// The kinds whose changes a server counts, in `metadata.generation`.
const COUNTED_KINDS: [&str; 12] = [
    "Pod",
    "ReplicationController",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "EndpointSlice",
    "PriorityClass",
];

/// Everything that requests and controllers read and change: the objects, and the settings of the server.
#[derive(Debug)]
pub(crate) struct ClusterState {
    pub(crate) options: SandboxOptions,
    pub(crate) store: ObjectStore,
    pub(crate) names: NameGenerator,
    pub(crate) denials: Vec<AccessDenial>,
    pub(crate) snapshots: SnapshotCache,
    pub(crate) requests: RequestLog,
    pub(crate) events: EventLog,
    /// Whether the controllers are stopped.
    pub(crate) paused: bool,
    /// How far the cluster's clock is set back, to give the initial objects an age.
    pub(crate) clock_offset: SignedDuration,
}

impl ClusterState {
    pub(crate) fn new(options: SandboxOptions) -> Self {
        Self {
            names: NameGenerator::new(options.seed),
            events: EventLog::new(options.seed),
            store: ObjectStore::new(options.clock),
            options,
            denials: Vec::new(),
            snapshots: SnapshotCache::default(),
            requests: RequestLog::default(),
            paused: false,
            clock_offset: SignedDuration::ZERO,
        }
    }

    /// The time on the cluster's clock.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.options.clock.now();
        now.checked_sub(self.clock_offset).unwrap_or(now)
    }

    /// Fills in the metadata that a server sets on every new object: UID, creation time and first generation.
    pub(crate) fn set_creation_metadata(&mut self, object: &mut Value) {
        let now = object::format_time(self.now());
        // Drawn even if the object already has a UID, so that later names do not depend on it.
        let uid = self.names.uid();
        let is_counted = COUNTED_KINDS.iter().any(|kind| object["kind"] == **kind);

        let metadata = object::metadata(object);
        metadata.entry("uid").or_insert_with(|| uid.into());
        metadata.entry("creationTimestamp").or_insert_with(|| now.into());
        if is_counted {
            metadata.entry("generation").or_insert_with(|| 1.into());
        }
    }

    /// Creates an active namespace, unless it exists.
    pub(crate) fn ensure_namespace(&mut self, name: &str) {
        if self.store.get("Namespace", "", name).is_some() {
            return;
        }

        let mut namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
        });
        self.set_creation_metadata(&mut namespace);
        self.store.put("Namespace", namespace);
    }
}

/// The cluster state, shared by connections, controllers and the owner of the sandbox.
///
/// One lock is enough: every access is short, and a request that is checked and written under it is as atomic as a
/// transaction of etcd.
#[derive(Debug, Clone)]
pub(crate) struct SharedState {
    state: Arc<Mutex<ClusterState>>,
    /// Wakes the watches and controllers that wait for the next revision, always in the order in which they began to.
    changed: Arc<Notify>,
}

impl SharedState {
    pub(crate) fn new(state: ClusterState) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            changed: Arc::default(),
        }
    }

    /// Runs `access` with exclusive access to the state; a new revision wakes all waiting watches and controllers.
    pub(crate) fn with<T>(&self, access: impl FnOnce(&mut ClusterState) -> T) -> T {
        // A panic in one request must not make every later one fail.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.store.revision();
        let result = access(&mut state);

        if state.store.revision() != before {
            self.changed.notify_waiters();
        }
        result
    }

    /// Wakes all waiting watches and controllers, although nothing was written.
    pub(crate) fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Waits for the next revision after this call, so ask before the state is read.
    pub(crate) fn changed(&self) -> OwnedNotified {
        Arc::clone(&self.changed).notified_owned()
    }
}
