//! The cluster behind a sandbox: its objects, its controllers, and what tests do to it.
//!
//! A simulation uses one without a server: requests are given to [`Cluster::answer`], and everything runs on tokio's clock.

use std::io;
use std::time::Duration;

use hyper::{Request, Response};
use serde_json::Value;

use crate::http;
use crate::http::response::ResponseBody;
use crate::options::{SandboxOptions, StuckPods};
use crate::setup;
use crate::store::access_denial::AccessDenial;
use crate::store::object_store::{ObjectChange, PodDeletion};
use crate::store::request_log::RecordedRequest;
use crate::store::resource;
use crate::store::state::{ClusterState, SharedState};

/// The cluster behind a sandbox. Clones share it.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) shared: SharedState,
}

impl Cluster {
    pub(crate) fn new(state: ClusterState) -> Self {
        Self {
            shared: SharedState::new(state),
        }
    }

    /// Sets up a cluster without a server, and returns it with the future of its controllers, which work as long as that is
    /// polled.
    ///
    /// # Errors
    /// When an object is of a kind that the sandbox does not serve, has no name, or has a field of a wrong type.
    pub fn without_server(options: SandboxOptions) -> io::Result<(Self, impl Future<Output = ()> + Send)> {
        let (state, controllers) = setup::new_cluster(options).map_err(io::Error::other)?;
        let cluster = Self::new(state);
        let controllers = controllers.run(cluster.shared.clone());
        Ok((cluster, controllers))
    }

    /// Answers a request as the server would, at once; neither the latency of the options nor the record of requests
    /// applies.
    #[must_use]
    pub fn answer(&self, request: Request<Vec<u8>>) -> Response<ResponseBody> {
        http::server::answer(&self.shared, request)
    }

    /// The latest revision.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.shared.with(|state| state.store.revision())
    }

    /// The changes of a kind after a revision, oldest first; `None` if not all are kept any more.
    #[must_use]
    pub fn changes_after(&self, revision: u64, kind: &str) -> Option<Vec<ObjectChange>> {
        self.shared
            .with(|state| state.store.changes_after(revision, kind))
    }

    /// Stores objects unchanged, including their status, and replaces existing ones of the same name.
    ///
    /// # Errors
    /// When an object is of a kind that the sandbox does not serve, has no name, or has a field of a wrong type. The
    /// objects before it are stored.
    pub fn apply(&self, objects: &[Value]) -> Result<(), String> {
        self.shared.with(|state| {
            let mut objects = objects.iter().cloned();
            objects.try_for_each(|object| setup::apply_object(state, object))
        })
    }

    /// Denies a verb from now on, also in access reviews.
    pub fn deny(&self, denial: AccessDenial) {
        self.shared.with(|state| state.denials.push(denial));
    }

    /// Lifts every denial.
    pub fn allow_all(&self) {
        self.shared.with(|state| state.denials.clear());
    }

    /// Stops the controllers, so that nothing changes between two requests.
    pub fn pause(&self) {
        self.shared.with(|state| state.paused = true);
    }

    /// Lets the controllers continue.
    pub fn resume(&self) {
        self.shared.with(|state| state.paused = false);
        self.shared.wake();
    }

    /// Changes how long new pods take to become ready; pods that are already starting keep their delay.
    pub fn set_ready_after(&self, delay: Duration) {
        self.shared.with(|state| state.options.ready_after = delay);
    }

    /// Changes what keeps starting pods from becoming ready; `None` lets those start that are stuck.
    pub fn set_stuck(&self, stuck: Option<StuckPods>) {
        self.shared.with(|state| state.options.stuck = stuck);
        self.shared.wake();
    }

    /// Drops all past revisions, as a compaction of etcd does: older watches and list pages get `410 Expired`.
    pub fn compact(&self) {
        self.shared.with(|state| {
            state.snapshots.clear();
            state.store.compact();
        });
    }

    /// Reads an object as it is stored; `None` if it does not exist.
    #[must_use]
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let object = self.shared.with(|state| state.store.get(kind, namespace, name));
        object.map(|object| Value::clone(&object))
    }

    /// Removes an object at once, even if it has finalizers.
    pub fn remove(&self, kind: &str, namespace: &str, name: &str) {
        self.shared.with(|state| {
            let found = state.store.get(kind, namespace, name);
            if let (Some(object), Some(resource)) = (found, resource::of_kind(kind)) {
                state.store.remove(resource.kind, &object);
            }
        });
    }

    /// All pod deletions so far, oldest first, whether requested by a client or by a controller.
    #[must_use]
    pub fn deletions(&self) -> Vec<PodDeletion> {
        self.shared.with(|state| state.store.pod_deletions().to_vec())
    }

    /// The requests so far, oldest first. Only the latest ten thousand are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.with(|state| state.requests.to_vec())
    }
}
