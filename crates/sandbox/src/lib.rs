//! An in-memory Kubernetes API server on a loopback port, for tests and demos.
//!
//! Any client can talk to it over HTTP or HTTPS: kube, client-go, kubectl, curl. It keeps objects in memory, runs the
//! controllers that create and replace pods and count disruption budgets, and answers as a real API server does, down
//! to the messages of its errors. Tests can deny permissions, stop the controllers, let old revisions expire, and read
//! back each request. It has no webhooks, no admission policies and a single user.
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
//! # Modules
//!
//! ```text
//! lib            Sandbox: starts the server, and is the interface for tests
//!  ├ cluster     the cluster behind it, which can also be used without a server
//!  ├ setup       the initial objects, and those that a test applies
//!  ├ http        sockets, TLS, bytes, and streaming watches
//!  ├ controllers pods, workloads, their status, budgets, garbage collection
//!  │  ▼
//!  │ api         the verbs, and the rules behind their answers
//!  │  ├ wire       requests, protobuf, routes, replies, statuses, representations, tables
//!  │  ├ selectors  label and field selectors
//!  │  ▼
//!  └ store       objects and their history, the table of resources, one lock around all state
//! ```
//!
//! Beside these, `options` holds [`SandboxOptions`], `clock` the [`ClusterClock`], `service_account` writes what programs in a pod read, and
//! [`scenario`] makes objects for tests.
//!
//! Dependencies point downwards only, and no two files depend on each other. Code that waits or uses a socket belongs
//! to `http`, code that acts without a request to `controllers`, code that decides an answer to `api`, code that only
//! converts to `wire`, and everything stored to `store`.
//!
//! Objects are JSON values everywhere, read by JSON pointers, because a server must preserve fields that it does not
//! know; see the module `store::object`.

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

mod api;
mod clock;
mod cluster;
mod controllers;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod options;
pub mod scenario;
mod selectors;
mod service_account;
mod setup;
mod store;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use k8s_openapi::ByteString;
use serde_json::json;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::controllers::Controllers;
use crate::http::tls::TlsIdentity;
use crate::store::state::SharedState;

pub use crate::clock::ClusterClock;
pub use crate::cluster::Cluster;
pub use crate::http::response::ResponseBody;
pub use crate::options::{SandboxOptions, StuckPods};
pub use crate::store::access_denial::AccessDenial;
pub use crate::store::object_store::{ObjectChange, PodDeletion};
pub use crate::store::request_log::RecordedRequest;

/// A running sandbox, on a thread and a runtime of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    /// The certificate of the authority, in PEM, if the server speaks TLS.
    ca_certificate: Option<String>,
    cluster: Cluster,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Sets up the cluster and starts the server.
    ///
    /// # Errors
    /// When the address cannot be listened on, or when an object is of a kind that the sandbox does not serve, has no
    /// name, or has a field of a wrong type.
    pub fn start(options: SandboxOptions) -> io::Result<Self> {
        let listen = options.listen;
        let has_tls = options.tls;
        let (state, controllers) = setup::new_cluster(options).map_err(io::Error::other)?;
        let cluster = Cluster::new(state);
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let identity = if has_tls {
            Some(TlsIdentity::generate(address)?)
        } else {
            None
        };
        let (acceptor, ca_certificate) = identity
            .map(|identity| (identity.acceptor, identity.ca_certificate))
            .unzip();

        let (stop, stopped) = oneshot::channel();
        let (started_sender, started) = mpsc::channel();
        let thread_state = cluster.shared.clone();
        let thread = thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            // The runtime is created and dropped on this thread, because the caller may be inside another runtime,
            // where neither is allowed.
            let (result, serving) = match start_runtime(listener) {
                Ok(serving) => (Ok(()), Some(serving)),
                Err(error) => (Err(error), None),
            };
            // If the caller no longer waits, it does not need the sandbox either.
            if let (Ok(()), Some((runtime, listener))) = (started_sender.send(result), serving) {
                runtime.block_on(run(listener, acceptor, controllers, thread_state, stopped));
            }
        })?;

        started.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            ca_certificate,
            cluster,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The URL of the API, e.g. `http://127.0.0.1:40123`; it begins with `https` if the sandbox was started with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.ca_certificate.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the sandbox's authority, in PEM; `None` without TLS.
    #[must_use]
    pub fn ca_certificate(&self) -> Option<&str> {
        self.ca_certificate.as_deref()
    }

    /// A kubeconfig for this sandbox, as YAML; with TLS also the certificate of its authority and a token.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        let url = self.url();
        let (authority, user) = match &self.ca_certificate {
            Some(certificate) => {
                let encoded = json!(ByteString(certificate.clone().into_bytes()));
                // Without credentials, kubectl asks for a name and a password before it speaks to a server with TLS.
                let user = format!("{{ token: {} }}", service_account::TOKEN);
                (format!("    certificate-authority-data: {encoded}\n"), user)
            }
            None => (String::new(), "{}".to_owned()),
        };

        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\n\
             clusters:\n- name: sandbox\n  cluster:\n    server: {url}\n{authority}\
             contexts:\n- name: sandbox\n  context:\n    cluster: sandbox\n    user: sandbox\n\
             users:\n- name: sandbox\n  user: {user}\n"
        )
    }

    /// Writes what a program in a pod finds in `/var/run/secrets/kubernetes.io/serviceaccount`: `ca.crt`, `token` and
    /// `namespace`. The program also needs `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`, which are the
    /// parts of [`Sandbox::address`].
    ///
    /// # Errors
    /// When the sandbox was started without TLS, which such programs require, when the directory holds anything that
    /// was not written here, or when it cannot be written.
    pub fn write_service_account(&self, directory: &Path) -> io::Result<()> {
        let without_tls =
            || io::Error::other("the sandbox was started without TLS, and programs in a pod require it");
        let certificate = self.ca_certificate.as_ref().ok_or_else(without_tls)?;
        service_account::write(directory, certificate)
    }
}

impl Deref for Sandbox {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Sending fails if the thread has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the thread also means that it has ended.
            let _ = thread.join();
        }
    }
}

/// Creates a runtime for the current thread, and the listener within it.
fn start_runtime(listener: std::net::TcpListener) -> io::Result<(Runtime, tokio::net::TcpListener)> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;

    drop(entered);
    Ok((runtime, listener))
}

/// Serves requests and runs the controllers until `stopped` resolves.
async fn run(
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    controllers: Controllers,
    shared: SharedState,
    stopped: oneshot::Receiver<()>,
) {
    tokio::select! {
        () = http::server::serve(listener, tls, shared.clone()) => {}
        () = controllers.run(shared) => {}
        _ = stopped => {}
    }
}
