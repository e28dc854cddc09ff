//! The leases of nodes, which stand for the heartbeats of their kubelets.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::store::names::NameGenerator;
use crate::store::object;
use crate::store::state::ClusterState;

/// The namespace of the leases.
const NAMESPACE: &str = "kube-node-lease";

/// How often a kubelet renews its lease.
const RENEW_INTERVAL: Duration = Duration::from_secs(10);

/// The heartbeats of the nodes.
#[derive(Debug)]
pub(super) struct NodeLeases {
    /// A source of UIDs of its own, so that the names of other objects do not depend on the leases.
    names: NameGenerator,
}

impl NodeLeases {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            names: NameGenerator::new(!seed),
        }
    }

    /// Renews the lease of every node that is ready, and creates those that are missing. A node that is not ready has
    /// lost its kubelet, so its lease runs out. Returns when the next renewal is due.
    pub(super) fn renew(&mut self, state: &mut ClusterState, now: Instant) -> Option<Instant> {
        std::mem::swap(&mut self.names, &mut state.names);
        state.ensure_namespace(NAMESPACE);
        for node in state.store.list("Node", None) {
            if object::is_ready(&node) {
                renew_lease(state, &node);
            }
        }
        std::mem::swap(&mut self.names, &mut state.names);

        now.checked_add(RENEW_INTERVAL)
    }
}

fn renew_lease(state: &mut ClusterState, node: &Value) {
    let name = object::name(node);
    let mut lease = match state.store.get("Lease", NAMESPACE, name) {
        Some(lease) => Value::clone(&lease),
        None => new_lease(state, node),
    };
    object::member(&mut lease, "spec").insert("renewTime".to_owned(), json!(micro_time(state.now())));
    state.store.put("Lease", lease);
}

fn new_lease(state: &mut ClusterState, node: &Value) -> Value {
    let name = object::name(node);
    let owner = json!({ "apiVersion": "v1", "kind": "Node", "name": name, "uid": object::uid(node) });
    let mut lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": name, "namespace": NAMESPACE, "ownerReferences": [owner] },
        "spec": { "holderIdentity": name, "leaseDurationSeconds": 40 },
    });
    state.set_creation_metadata(&mut lease);
    lease
}

/// A time as the API writes a MicroTime.
fn micro_time(time: Timestamp) -> String {
    format!("{time:.6}")
}
