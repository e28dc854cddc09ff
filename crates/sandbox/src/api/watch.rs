//! Watches: the changes of a collection, one JSON object a line, as long as the client listens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use crate::api::list::{SelectionPredicate, check_version, read_version};
use crate::store::object;
use crate::store::object_store::ObjectChange;
use crate::store::resource::ApiResource;
use crate::store::state::{ClusterState, SharedState};
use crate::wire::representation::Representation;
use crate::wire::request::Request;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// A watch without a time limit of its own ends after this, as on a real server, only sooner.
const DEFAULT_LIMIT: Duration = Duration::from_secs(1800);
const BETWEEN_BOOKMARKS: Duration = Duration::from_secs(60);

/// A watch that is about to start, or is running.
#[derive(Debug)]
pub(crate) struct ResourceWatch {
    resource: &'static ApiResource,
    namespace: Option<String>,
    selection: SelectionPredicate,
    form: Representation,
    bookmarks: bool,
    /// Events that are ready to be sent.
    ready: VecDeque<Value>,
    seen: u64,
    limit: Duration,
    over: bool,
}

impl ResourceWatch {
    /// Starts at a revision, or at the present with everything that exists as added.
    pub(crate) fn begin(
        state: &ClusterState,
        target: &RequestInfo,
        request: &Request,
        form: Representation,
    ) -> Result<Self, StatusError> {
        let query = &request.query;
        let version = read_version(query.get("resourceVersion"))?;
        check_version(version, state.store.revision())?;
        let seconds = query
            .get("timeoutSeconds")
            .parse()
            .ok()
            .filter(|seconds| *seconds > 0);
        let mut watch = Self {
            resource: target.resource,
            namespace: target.namespace.clone(),
            selection: SelectionPredicate::read(target, request)?,
            form,
            bookmarks: query.is_set("allowWatchBookmarks"),
            ready: VecDeque::new(),
            seen: version,
            limit: seconds.map_or(DEFAULT_LIMIT, Duration::from_secs),
            over: false,
        };
        let initial = query.is_set("sendInitialEvents");
        if version == 0 || initial {
            watch.send_existing(state);
        }
        if initial && watch.bookmarks {
            watch.bookmark(true);
        }
        Ok(watch)
    }

    fn send_existing(&mut self, state: &ClusterState) {
        self.seen = state.store.revision();
        for object in state.store.list(self.resource.kind, self.namespace.as_deref()) {
            if self.selection.matches(&object) {
                self.send("ADDED", &object);
            }
        }
    }

    /// The lines of the watch.
    pub(crate) fn lines(self, shared: SharedState) -> impl Stream<Item = String> {
        let news = shared.subscribe();
        let end = Instant::now() + self.limit;
        unfold(
            (self, shared, news, end),
            |(mut watch, shared, mut news, end)| async move {
                let line = watch.next_line(&shared, &mut news, end).await?;
                Some((line, (watch, shared, news, end)))
            },
        )
    }

    async fn next_line(
        &mut self,
        shared: &SharedState,
        news: &mut Receiver<u64>,
        end: Instant,
    ) -> Option<String> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(format!("{event}\n"));
            }
            if self.over {
                return None;
            }
            news.borrow_and_update();
            shared.with(|state| self.catch_up(state));
            if !self.ready.is_empty() {
                continue;
            }
            let pause = end.min(Instant::now() + BETWEEN_BOOKMARKS);
            let changed = tokio::time::timeout_at(pause, news.changed()).await;
            match changed {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => {
                    self.over = Instant::now() >= end;
                    if self.bookmarks {
                        self.bookmark(false);
                    }
                }
            }
        }
    }

    fn catch_up(&mut self, state: &ClusterState) {
        let Some(changes) = state.store.changes_after(self.seen, self.resource.kind) else {
            let message = format!(
                "too old resource version: {} ({})",
                self.seen,
                state.store.revision()
            );
            let failure = StatusError::new(410, "Expired", message);
            self.ready
                .push_back(json!({ "type": "ERROR", "object": failure.status() }));
            self.over = true;
            return;
        };
        self.seen = state.store.revision();
        for change in changes {
            let ObjectChange {
                before, after, gone, ..
            } = change;
            if self
                .namespace
                .as_deref()
                .is_some_and(|namespace| namespace != object::namespace(&after))
            {
                continue;
            }
            let before = before.is_some_and(|before| self.selection.matches(&before));
            let now = !gone && self.selection.matches(&after);
            match (before, now) {
                (false, true) => self.send("ADDED", &after),
                (true, true) => self.send("MODIFIED", &after),
                (true, false) => self.send("DELETED", &after),
                (false, false) => {}
            }
        }
    }

    fn send(&mut self, kind: &str, object: &Arc<Value>) {
        let object = self
            .form
            .object(&self.resource.presented(object))
            .unwrap_or_else(|refusal| refusal.status());
        self.ready.push_back(json!({ "type": kind, "object": object }));
    }

    /// Tells the client how far it has come, without an object.
    fn bookmark(&mut self, initial: bool) {
        let mut object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": { "resourceVersion": self.seen.to_string(), "creationTimestamp": null },
        });
        if initial {
            object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let object = self.form.object(&object).unwrap_or(object);
        self.ready
            .push_back(json!({ "type": "BOOKMARK", "object": object }));
    }
}
