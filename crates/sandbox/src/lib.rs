//! An embedded Kubernetes API on a loopback port, for the demo and the tests.
//!
//! It is a server and is spoken to over HTTP only, by the real client and by kubectl; it knows nothing of the rest
//! of macaque and judges evictions with code of its own. It keeps objects in memory, plays the controllers that
//! replace pods and count budgets, and answers what a real API server answers. Webhooks, admission policies and
//! more than one user are not there.

mod api;
mod controllers;
mod http;
pub mod scenario;
mod selectors;
mod store;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use tokio::sync::oneshot;

pub use self::api::authorization::AccessDenial;
use self::http::server;
pub use self::store::object_store::PodDeletion;
use self::store::resource;
use self::store::state::{ClusterState, SharedState};

/// How a sandbox is to behave.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The objects to begin with; the controllers have done their work on them before the first request.
    pub objects: Vec<Value>,
    /// How old those objects, and the pods made for them, are at the start.
    pub initial_age: Duration,
    /// From a pod's creation until it is Running and Ready; `Duration::MAX` is never.
    pub ready_after: Duration,
    /// The longest that a terminating pod stays, whatever its grace period.
    pub linger: Duration,
    /// Added to every answer.
    pub latency: Duration,
    /// Fixes the UIDs and the suffixes of generated names.
    pub seed: u64,
    /// What refusals call the user.
    pub user: String,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            objects: Vec::new(),
            initial_age: Duration::from_secs(3600),
            ready_after: Duration::from_millis(500),
            linger: Duration::from_secs(1),
            latency: Duration::ZERO,
            seed: 0,
            user: "sandbox".to_owned(),
        }
    }
}

/// A request as the sandbox received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// As sent, escapes and all.
    pub path_and_query: String,
    /// The body as text.
    pub body: String,
}

/// A running sandbox. It lives on a thread and a runtime of its own, and ends when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: SharedState,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Sets the scene and starts to serve it.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the scene holds an object that the sandbox does not serve.
    pub fn start(options: SandboxOptions) -> io::Result<Self> {
        let listen = options.listen;
        let mut state = ClusterState::new(options);
        state.populate().map_err(io::Error::other)?;
        let shared = SharedState::new(state);
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let (starts, started) = mpsc::channel();
        let served = shared.clone();
        let thread = thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            // The runtime is born and dropped here: the caller may be inside one, where neither is allowed.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let listened = runtime.and_then(|runtime| {
                let entered = runtime.enter();
                let listener = tokio::net::TcpListener::from_std(listener)?;
                drop(entered);
                Ok((runtime, listener))
            });
            let (result, running) = match listened {
                Ok(running) => (Ok(()), Some(running)),
                Err(error) => (Err(error), None),
            };
            // A caller that no longer waits has no use for a sandbox either.
            if let (Ok(()), Some((runtime, listener))) = (starts.send(result), running) {
                runtime.block_on(run(listener, served, stopped));
            }
        })?;
        started.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where the API is served, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig for this sandbox, as YAML.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\n\
             clusters:\n- name: sandbox\n  cluster:\n    server: {}\n\
             contexts:\n- name: sandbox\n  context:\n    cluster: sandbox\n    user: sandbox\n\
             users:\n- name: sandbox\n  user: {{}}\n",
            self.url()
        )
    }

    /// Stores objects as they are, status and all, in place of those of the same name.
    ///
    /// # Errors
    /// When an object is of a kind that the sandbox does not serve, or has no name.
    pub fn apply(&self, objects: &[Value]) -> Result<(), String> {
        self.shared
            .with(|state| objects.iter().try_for_each(|object| state.apply(object.clone())))
    }

    /// Denies a verb from now on, also in access reviews.
    pub fn deny(&self, denial: AccessDenial) {
        self.shared.with(|state| state.denials.push(denial));
    }

    /// Lifts every denial.
    pub fn allow_all(&self) {
        self.shared.with(|state| state.denials.clear());
    }

    /// Stops the controllers, so that the world stays as it is between two requests.
    pub fn pause(&self) {
        self.shared.with(|state| state.paused = true);
    }

    /// Lets the controllers go on.
    pub fn resume(&self) {
        self.shared.with(|state| state.paused = false);
        self.shared.wake();
    }

    /// Changes how long new pods take to become ready; pods that wait already keep their time.
    pub fn set_ready_after(&self, delay: Duration) {
        self.shared.with(|state| state.options.ready_after = delay);
    }

    /// Forgets every past state, as a compaction does: watches and list pages from before are told `410 Expired`.
    pub fn compact(&self) {
        self.shared.with(|state| {
            state.snapshots.clear();
            state.store.compact();
        });
    }

    /// An object as it is stored, if there is one.
    #[must_use]
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let object = self.shared.with(|state| state.store.get(kind, namespace, name));
        object.map(|object| Value::clone(&object))
    }

    /// Takes an object away at once, whatever its finalizers say.
    pub fn remove(&self, kind: &str, namespace: &str, name: &str) {
        self.shared.with(|state| {
            let found = state.store.get(kind, namespace, name);
            let row = resource::of_object(found.as_deref().unwrap_or(&Value::Null));
            if let (Some(object), Some(row)) = (found, row) {
                state.store.remove(row.kind, &object);
            }
        });
    }

    /// The pods whose deletion began, whoever asked for it, oldest first.
    #[must_use]
    pub fn deletions(&self) -> Vec<PodDeletion> {
        self.shared.with(|state| state.store.deletions().to_vec())
    }

    /// The requests so far, oldest first. Only the latest ten thousand are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.with(|state| state.requests())
    }
}

/// Serves and controls until it is told to stop.
async fn run(listener: tokio::net::TcpListener, shared: SharedState, stopped: oneshot::Receiver<()>) {
    tokio::select! {
        () = server::serve(listener, shared.clone()) => {}
        () = controllers::run(shared) => {}
        _ = stopped => {}
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Whatever ended the thread, it has ended.
            let _ = thread.join();
        }
    }
}

impl ClusterState {
    /// Makes the first objects in the past, with pods that are ready at once.
    fn populate(&mut self) -> Result<(), String> {
        let ready_after = std::mem::take(&mut self.options.ready_after);
        self.clock_offset =
            SignedDuration::try_from(self.options.initial_age).unwrap_or(SignedDuration::ZERO);
        for namespace in ["default", "kube-system"] {
            self.ensure_namespace(namespace);
        }
        for object in scenario::nodes().into_iter().chain(self.options.objects.clone()) {
            self.apply(object)?;
        }
        controllers::settle(self);
        self.clock_offset = SignedDuration::ZERO;
        self.options.ready_after = ready_after;
        Ok(())
    }
}
