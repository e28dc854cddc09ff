//! How a sandbox is to behave.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;

/// The settings of a sandbox; the defaults serve two empty nodes on a free loopback port.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where to listen; port 0 takes a free one. Nobody is asked for credentials, so that a loopback address is best.
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
    /// The name of the user in `403 Forbidden` answers.
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
