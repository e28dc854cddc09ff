//! The permissions that a configuration does not need and should not have, and where to check for them.

use super::{DELETE, EVICT, Permission};
use crate::config::{ChaosConfig, NamespaceScope};
use crate::outcome::DisruptionMethod;

/// The permissions that the configuration does not need, to check for in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcessPermissions {
    /// The namespace; `None` for all namespaces, and for resources without one.
    pub namespace: Option<String>,
    /// The permissions, each with what it allows.
    pub permissions: Vec<(Permission, &'static str)>,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// The dangerous permissions in a namespace, from the most likely to the least likely.
const DANGEROUS: [(Permission, &str); 12] = [
    (
        Permission::new("deletecollection", "", "pods"),
        "it can delete every pod in one call",
    ),
    (
        Permission::new("create", "", "pods/exec"),
        "it can run commands in any container",
    ),
    (
        Permission::new("create", "", "pods"),
        "it can start containers with any volume and service account",
    ),
    (
        Permission::new("patch", "", "pods"),
        "it can change running pods, including their images",
    ),
    (Permission::new("get", "", "secrets"), "it can read secrets"),
    (Permission::new("list", "", "secrets"), "it can read all secrets"),
    (
        Permission::new("delete", "apps", "deployments"),
        "it can delete workloads, which nothing recreates",
    ),
    (
        Permission::new("patch", "apps", "deployments"),
        "it can change workloads",
    ),
    (
        Permission::new("patch", "policy", "poddisruptionbudgets"),
        "it can relax the budgets that limit it",
    ),
    (
        Permission::new("delete", "policy", "poddisruptionbudgets"),
        "it can delete the budgets that limit it",
    ),
    (
        Permission::new("create", "", "serviceaccounts/token"),
        "it can act as any service account",
    ),
    (
        Permission::new("create", RBAC, "rolebindings"),
        "it can grant its own permissions to others",
    ),
];

/// The dangerous permissions on resources without a namespace.
const DANGEROUS_CLUSTER_WIDE: [(Permission, &str); 3] = [
    (Permission::new("delete", "", "nodes"), "it can delete nodes"),
    (
        Permission::new("delete", "", "namespaces"),
        "it can delete namespaces with everything in them",
    ),
    (
        Permission::new("create", RBAC, "clusterrolebindings"),
        "it can grant its own permissions to others in the whole cluster",
    ),
];

/// The permissions that `config` does not need: first those to check for in the whole cluster, then those in each of
/// its namespaces.
pub fn excessive(config: &ChaosConfig) -> Vec<ExcessPermissions> {
    let mut in_namespaces = match config.disrupt.method {
        DisruptionMethod::Evict => vec![(DELETE, "a deletion does not check budgets")],
        DisruptionMethod::Delete => vec![(EVICT, "the configured method is delete")],
    };
    in_namespaces.extend(DANGEROUS);

    let (cluster_wide, named) = match &config.target.namespaces {
        NamespaceScope::All => (in_namespaces.clone(), &[][..]),
        scope => {
            let disrupt = Permission::to_disrupt(config.disrupt.method);
            let why = "it covers more than the configured namespaces";
            (vec![(disrupt, why)], scope.names())
        }
    };

    let everywhere = ExcessPermissions {
        namespace: None,
        permissions: cluster_wide.into_iter().chain(DANGEROUS_CLUSTER_WIDE).collect(),
    };
    let each = named.iter().map(|name| ExcessPermissions {
        namespace: Some(name.clone()),
        permissions: in_namespaces.clone(),
    });
    std::iter::once(everywhere).chain(each).collect()
}
