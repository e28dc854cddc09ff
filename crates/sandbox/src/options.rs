//! The settings of a sandbox.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;

use crate::clock::ClusterClock;

/// The settings of a sandbox. The default is a cluster of two empty nodes on a free loopback port.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// The address to listen on; port 0 picks a free port. The server asks for no credentials, so use a loopback
    /// address.
    pub listen: SocketAddr,
    /// Whether to serve HTTPS, with a certificate authority of this sandbox's own; see [`Sandbox::ca_certificate`].
    ///
    /// [`Sandbox::ca_certificate`]: crate::Sandbox::ca_certificate
    pub tls: bool,
    /// The initial objects. The controllers process them before the first request.
    pub objects: Vec<Value>,
    /// How old the initial objects, and the pods created for them, are at the start.
    pub initial_age: Duration,
    /// How long a new pod takes to become Running and Ready; `Duration::MAX` means never.
    pub ready_after: Duration,
    /// What keeps pods that start from becoming ready; `None` lets them.
    pub stuck: Option<StuckPods>,
    /// The longest time that a terminating pod stays, even if its grace period is longer.
    pub linger: Duration,
    /// A delay before every answer.
    pub latency: Duration,
    /// The cluster's clock.
    pub clock: ClusterClock,
    /// The seed of UIDs and of the suffixes of generated names.
    pub seed: u64,
    /// The name of the user in `403 Forbidden` answers.
    pub user: String,
}

/// What keeps pods from becoming ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StuckPods {
    /// No node has room for them.
    Unschedulable,
    /// Their images cannot be pulled.
    ImagePull,
    /// Their containers end again and again.
    CrashLoop,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: false,
            objects: Vec::new(),
            initial_age: Duration::from_secs(3600),
            ready_after: Duration::from_millis(500),
            stuck: None,
            linger: Duration::from_secs(1),
            latency: Duration::ZERO,
            clock: ClusterClock::System,
            seed: 0,
            user: "sandbox".to_owned(),
        }
    }
}
