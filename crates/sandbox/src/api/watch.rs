//! Watches: turns the changes of a collection into the events for a client.
//!
//! A watch is plain state: `http::watch_stream` waits for changes and asks it for the resulting events.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::conversion::to_request_version;
use crate::api::list_options::{SelectionPredicate, read_resource_version};
use crate::store::object;
use crate::store::object_store::ObjectChange;
use crate::store::resource::ApiResource;
use crate::store::state::ClusterState;
use crate::wire::representation::Representation;
use crate::wire::request::ApiRequest;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// The default time limit of a watch; a real server picks one between 30 minutes and an hour at random.
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(1800);

/// A running watch on a resource.
#[derive(Debug)]
pub(crate) struct ResourceWatch {
    resource: &'static ApiResource,
    namespace: Option<String>,
    predicate: SelectionPredicate,
    representation: Representation,
    sends_bookmarks: bool,
    time_limit: Duration,
    /// Events that wait to be sent.
    pending_events: VecDeque<Value>,
    /// The revision up to which changes have become events.
    seen_revision: u64,
    /// Whether nothing follows the pending events.
    is_finished: bool,
}

impl ResourceWatch {
    /// Begins a watch at a revision, or at the current one with an `ADDED` event for every existing object.
    pub(crate) fn begin(
        state: &ClusterState,
        info: &RequestInfo,
        request: &ApiRequest,
        representation: Representation,
    ) -> Result<Self, StatusError> {
        let query = &request.query;
        let version = read_resource_version(query, state.store.revision())?;
        let seconds = query.get("timeoutSeconds").parse().ok();
        let time_limit = seconds
            .filter(|seconds| *seconds > 0)
            .map_or(DEFAULT_TIME_LIMIT, Duration::from_secs);

        let mut watch = Self {
            resource: info.resource,
            namespace: info.namespace.clone(),
            predicate: SelectionPredicate::read(info, request)?,
            representation,
            sends_bookmarks: query.is_set("allowWatchBookmarks"),
            time_limit,
            pending_events: VecDeque::new(),
            seen_revision: version,
            is_finished: false,
        };

        let sends_initial_events = query.is_set("sendInitialEvents");
        if version == 0 || sends_initial_events {
            watch.add_existing_objects(state);
        }
        if sends_initial_events && watch.sends_bookmarks {
            watch.add_bookmark(true);
        }
        Ok(watch)
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// Takes the next pending event.
    pub(crate) fn next_event(&mut self) -> Option<Value> {
        self.pending_events.pop_front()
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.pending_events.is_empty()
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Ends the watch after its pending events.
    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
    }

    /// Adds a bookmark, if the client asked for bookmarks.
    pub(crate) fn bookmark(&mut self) {
        if self.sends_bookmarks {
            self.add_bookmark(false);
        }
    }

    /// Turns the changes since the last call into events.
    pub(crate) fn catch_up(&mut self, state: &ClusterState) {
        let Some(changes) = state.store.changes_after(self.seen_revision, self.resource.kind) else {
            self.expire(state.store.revision());
            return;
        };

        self.seen_revision = state.store.revision();
        for change in changes {
            self.add_change(&change);
        }
    }

    /// Ends the watch with an error, because the history no longer holds all changes since it last caught up.
    fn expire(&mut self, current: u64) {
        let message = format!("too old resource version: {} ({current})", self.seen_revision);
        let expired = StatusError::new(410, "Expired", message);
        self.pending_events
            .push_back(json!({ "type": "ERROR", "object": expired.status() }));
        self.is_finished = true;
    }

    fn add_existing_objects(&mut self, state: &ClusterState) {
        self.seen_revision = state.store.revision();
        for object in state.store.list(self.resource.kind, self.namespace.as_deref()) {
            if self.predicate.matches(&object) {
                self.add_event("ADDED", &object);
            }
        }
    }

    /// Adds the event of a change. An object that begins or ceases to match the selector counts as added or deleted.
    fn add_change(&mut self, change: &ObjectChange) {
        let namespace = object::namespace(&change.after);
        if self.namespace.as_deref().is_some_and(|only| only != namespace) {
            return;
        }

        let before = change.before.as_ref();
        let matched = before.is_some_and(|before| self.predicate.matches(before));
        let matches = !change.removed && self.predicate.matches(&change.after);
        match (matched, matches) {
            (false, true) => self.add_event("ADDED", &change.after),
            (true, true) => self.add_event("MODIFIED", &change.after),
            (true, false) => self.add_event("DELETED", &change.after),
            (false, false) => {}
        }
    }

    fn add_event(&mut self, kind: &str, object: &Arc<Value>) {
        let object = to_request_version(self.resource, object);
        let object = self
            .representation
            .object(&object)
            .unwrap_or_else(|refusal| refusal.status());
        self.pending_events
            .push_back(json!({ "type": kind, "object": object }));
    }

    fn add_bookmark(&mut self, ends_initial_events: bool) {
        let mut object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": { "resourceVersion": self.seen_revision.to_string(), "creationTimestamp": null },
        });
        if ends_initial_events {
            object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }

        let object = self.representation.object(&object).unwrap_or(object);
        self.pending_events
            .push_back(json!({ "type": "BOOKMARK", "object": object }));
    }
}
