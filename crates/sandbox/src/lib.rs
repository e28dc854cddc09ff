//! An in-memory Kubernetes API server on a loopback port, for tests and demos.
//!
//! It is spoken to over HTTP, by any client: kube, client-go, kubectl, curl. It keeps objects in memory, runs the
//! controllers that create pods, replace them and count disruption budgets, and answers what a real API server
//! answers, to the messages of its refusals. Tests can deny rights, stop the controllers, let old revisions expire,
//! and read back each request. It has no webhooks, no admission policies and a single user.
//!
//! ```
//! use kube_sandbox::{Sandbox, SandboxOptions, scenario};
//!
//! let sandbox = Sandbox::start(SandboxOptions {
//!     objects: vec![scenario::deployment("shop", "web", 3)],
//!     ..SandboxOptions::default()
//! })?;
//! // Give `sandbox.kubeconfig()` or `sandbox.url()` to the client under test. The Deployment has its ReplicaSet and
//! // its pods already, and they are ready.
//! assert!(sandbox.url().starts_with("http://127.0.0.1:"));
//! assert!(sandbox.kubeconfig().contains(&sandbox.url()));
//! let web = sandbox.object("Deployment", "shop", "web").unwrap();
//! assert_eq!(web["status"]["readyReplicas"], 3);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Rooms
//!
//! ```text
//! lib            Sandbox: starts it all, and answers the test
//!  ├ setup       the first objects, and those that a test applies
//!  ├ http        sockets, bytes, and the waiting of watches
//!  ├ controllers pods, workloads, their status, budgets, garbage
//!  │  ▼
//!  │ api         the verbs, and the rules by which they are answered
//!  │  ├ wire       requests, routes, replies, statuses, representations, tables
//!  │  ├ selectors  label and field selectors
//!  │  ▼
//!  └ store       objects and their history, the table of resources, one lock around it all
//! ```
//!
//! Two files belong to no room: `options` holds [`SandboxOptions`], and [`scenario`] makes objects for tests.
//!
//! Dependencies point downwards only; there is no circle of files. What waits or touches a socket belongs to `http`,
//! what happens without being asked for to `controllers`, what decides an answer to `api`, what only changes the form
//! of something to `wire`, and what is kept to `store`.
//!
//! Objects are JSON values everywhere, read by JSON pointers, because a server must keep what it does not understand;
//! the module `store::object` says more.

/// The examples of the README, so that they are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

mod api;
mod controllers;
mod http;
mod options;
pub mod scenario;
mod selectors;
mod setup;
mod store;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::controllers::Controllers;
use crate::store::resource;
use crate::store::state::SharedState;

pub use crate::options::SandboxOptions;
pub use crate::store::access_denial::AccessDenial;
pub use crate::store::object_store::PodDeletion;
pub use crate::store::request_log::RecordedRequest;

/// A running sandbox. It lives on a thread and a runtime of its own, and ends when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: SharedState,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Sets up the cluster and starts to serve it.
    ///
    /// # Errors
    /// When the address cannot be listened on, or when an object is of a kind that the sandbox does not serve, has no
    /// name, or has a field of a wrong type.
    pub fn start(options: SandboxOptions) -> io::Result<Self> {
        let listen = options.listen;
        let (state, controllers) = setup::new_cluster(options).map_err(io::Error::other)?;
        let shared = SharedState::new(state);
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;

        let (stop, stopped) = oneshot::channel();
        let (started_sender, started) = mpsc::channel();
        let served = shared.clone();
        let thread = thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            // The runtime is created and dropped here: the caller may be inside one, where neither is allowed.
            let (result, serving) = match start_runtime(listener) {
                Ok(serving) => (Ok(()), Some(serving)),
                Err(error) => (Err(error), None),
            };
            // A caller that no longer waits has no use for a sandbox either.
            if let (Ok(()), Some((runtime, listener))) = (started_sender.send(result), serving) {
                runtime.block_on(run(listener, controllers, served, stopped));
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

    /// The address of the API, such as `http://127.0.0.1:40123`.
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
    /// When an object is of a kind that the sandbox does not serve, has no name, or has a field of a wrong type; those
    /// before it are stored.
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

    /// Lets the controllers go on.
    pub fn resume(&self) {
        self.shared.with(|state| state.paused = false);
        self.shared.wake();
    }

    /// Changes how long new pods take to become ready; pods that wait already keep their time.
    pub fn set_ready_after(&self, delay: Duration) {
        self.shared.with(|state| state.options.ready_after = delay);
    }

    /// Forgets every past state, as a compaction of etcd does: watches and list pages from before get `410 Expired`.
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

    /// Removes an object at once, whatever its finalizers say.
    pub fn remove(&self, kind: &str, namespace: &str, name: &str) {
        self.shared.with(|state| {
            let found = state.store.get(kind, namespace, name);
            if let (Some(object), Some(resource)) = (found, resource::of_kind(kind)) {
                state.store.remove(resource.kind, &object);
            }
        });
    }

    /// The pods whose deletion began, whoever asked for it, oldest first.
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

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody receives it when the thread has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Even if it panicked: it has ended.
            let _ = thread.join();
        }
    }
}

/// A runtime of the current thread, and the listener within it.
fn start_runtime(listener: std::net::TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;

    drop(entered);
    Ok((runtime, listener))
}

/// Serves requests and runs the controllers until it is stopped.
async fn run(
    listener: tokio::net::TcpListener,
    controllers: Controllers,
    shared: SharedState,
    stopped: oneshot::Receiver<()>,
) {
    tokio::select! {
        () = http::server::serve(listener, shared.clone()) => {}
        () = controllers.run(shared) => {}
        _ = stopped => {}
    }
}
