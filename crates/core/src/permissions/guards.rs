//! The permissions that guards read with: those that a configuration cannot do without, and those that only show more.

use super::{Permission, ScopedPermission};
use crate::config::ChaosConfig;
use crate::guard::{MinReady, NodesGuard};

/// The namespace in which every node renews its lease.
const NODE_LEASES: &str = "kube-node-lease";

const LIST_LEASES: Permission = Permission::new("list", "coordination.k8s.io", "leases");
const LIST_NODES: Permission = Permission::new("list", "", "nodes");
const GET_NAMESPACE: Permission = Permission::new("get", "", "namespaces");
const GET_SCALE: [Permission; 3] = [
    Permission::new("get", "apps", "deployments/scale"),
    Permission::new("get", "apps", "statefulsets/scale"),
    Permission::new("get", "apps", "replicasets/scale"),
];

/// A permission that macaque works without, and sees less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalPermission {
    /// The permission.
    pub grant: ScopedPermission,
    /// What macaque does not see without it.
    pub unseen: &'static str,
}

/// The permissions that the guards of `config` need apart from those on pods: without them the guard cannot answer.
pub fn guard_permissions(config: &ChaosConfig) -> Vec<ScopedPermission> {
    match config.guards.nodes {
        NodesGuard::Off => Vec::new(),
        NodesGuard::Leases => vec![LIST_LEASES.within(Some(NODE_LEASES))],
        NodesGuard::Nodes => vec![LIST_NODES.within(None)],
    }
}

/// The permissions in `namespace`, or in all, that show the guards of `config` more. A Role in a namespace lets macaque
/// read that namespace and no other.
pub fn optional(config: &ChaosConfig, namespace: Option<&str>) -> Vec<OptionalPermission> {
    let mut permissions = Vec::new();
    let guards = &config.guards;

    if guards.whole || matches!(guards.min_ready, MinReady::Percent(percent) if percent > 0) {
        permissions.extend(GET_SCALE.map(|scale| OptionalPermission {
            grant: scale.within(namespace),
            unseen: "how many pods an owner wants, so that a missing pod goes unnoticed",
        }));
    }
    if guards.freeze {
        permissions.push(OptionalPermission {
            grant: GET_NAMESPACE.within(namespace),
            unseen: "whether a namespace is frozen by its annotations",
        });
    }
    permissions
}
