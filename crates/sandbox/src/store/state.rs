//! The state behind the API, and the one lock around it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch;

use crate::AccessDenial;
use crate::RecordedRequest;
use crate::SandboxOptions;
use crate::api::field_types;
use crate::api::list::ListSnapshot;
use crate::controllers::Progress;
use crate::store::names::NameGenerator;
use crate::store::object;
use crate::store::object_store::ObjectStore;
use crate::store::resource;

/// Enough for any test; a sandbox that runs for days forgets the oldest.
const REQUEST_LOG_SIZE: usize = 10_000;

/// Everything the sandbox knows.
#[derive(Debug)]
pub(crate) struct ClusterState {
    pub(crate) options: SandboxOptions,
    pub(crate) store: ObjectStore,
    pub(crate) names: NameGenerator,
    pub(crate) denials: Vec<AccessDenial>,
    pub(crate) snapshots: VecDeque<ListSnapshot>,
    /// When a pod, by UID and what it waits for, is to take its next step; `None` is never.
    pub(crate) alarms: HashMap<(String, &'static str), Option<Instant>>,
    pub(crate) progress: Progress,
    pub(crate) paused: bool,
    /// How far the wall clock is set back, to give the first objects an age.
    pub(crate) clock_offset: SignedDuration,
    requests: VecDeque<RecordedRequest>,
}

impl ClusterState {
    pub(crate) fn new(options: SandboxOptions) -> Self {
        Self {
            names: NameGenerator::new(options.seed),
            options,
            store: ObjectStore::default(),
            denials: Vec::new(),
            snapshots: VecDeque::new(),
            alarms: HashMap::new(),
            progress: Progress::default(),
            paused: false,
            clock_offset: SignedDuration::ZERO,
            requests: VecDeque::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_sub(self.clock_offset).unwrap_or(now)
    }

    pub(crate) fn record(&mut self, request: RecordedRequest) {
        if self.requests.len() == REQUEST_LOG_SIZE {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    /// Fills in what a server gives every new object.
    pub(crate) fn set_creation_metadata(&mut self, object: &mut Value) {
        let now = object::format_time(self.now());
        let uid = self.names.uid();
        let has_spec = object.get("spec").is_some();
        let metadata = object::metadata(object);
        metadata.entry("uid").or_insert_with(|| uid.into());
        metadata.entry("creationTimestamp").or_insert_with(|| now.into());
        if has_spec {
            metadata.entry("generation").or_insert_with(|| 1.into());
        }
    }

    /// Stores an object as it is, its status included; the namespace it needs appears with it.
    pub(crate) fn apply(&mut self, mut object: Value) -> Result<(), String> {
        let row = resource::of_object(&object).ok_or_else(|| {
            format!(
                "the sandbox serves no {} {}",
                object["apiVersion"], object["kind"]
            )
        })?;
        field_types::check(&object, row).map_err(|failure| failure.message)?;
        if object::name(&object).is_empty() {
            return Err(format!("a {} without metadata.name cannot be applied", row.kind));
        }
        if row.is_namespaced() {
            if object::namespace(&object).is_empty() {
                object::metadata(&mut object).insert("namespace".to_owned(), "default".into());
            }
            let namespace = object::namespace(&object).to_owned();
            self.ensure_namespace(&namespace);
        }
        if let Some(known) = self
            .store
            .get(row.kind, object::namespace(&object), object::name(&object))
        {
            for inherited in ["uid", "creationTimestamp"] {
                let value = known["metadata"][inherited].clone();
                object::metadata(&mut object).entry(inherited).or_insert(value);
            }
        }
        self.set_creation_metadata(&mut object);
        self.store.put(row.kind, row.stored(object));
        Ok(())
    }

    pub(crate) fn ensure_namespace(&mut self, name: &str) {
        if self.store.get("Namespace", "", name).is_some() {
            return;
        }
        let mut namespace = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
        });
        self.set_creation_metadata(&mut namespace);
        self.store.put("Namespace", namespace);
    }
}

/// The world as its threads share it: every visit that changes something wakes the watchers.
#[derive(Debug, Clone)]
pub(crate) struct SharedState {
    state: Arc<Mutex<ClusterState>>,
    revision: watch::Sender<u64>,
}

impl SharedState {
    pub(crate) fn new(state: ClusterState) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            revision: watch::Sender::new(0),
        }
    }

    /// Runs `visit` alone with the world. A visit that panicked leaves the world usable.
    pub(crate) fn with<T>(&self, visit: impl FnOnce(&mut ClusterState) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = visit(&mut state);
        let revision = state.store.revision();
        self.revision
            .send_if_modified(|known| std::mem::replace(known, revision) != revision);
        result
    }

    /// Wakes everyone who waits for a change, though nothing was written.
    pub(crate) fn wake(&self) {
        self.revision.send_modify(|_| {});
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }
}
