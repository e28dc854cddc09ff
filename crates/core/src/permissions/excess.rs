//! What no monkey needs: the rights that a plan had better not have, and where to look for them.

use super::{DELETE, EVICT, Permission};
use crate::config::{ChaosConfig, NamespaceScope};
use crate::outcome::DisruptionMethod;

/// Rights that the plan does not need, to be looked for in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcessPermissions {
    /// The namespace; `None` for all, and for what lies in none.
    pub namespace: Option<String>,
    /// The rights, each with what somebody could do with it.
    pub rights: Vec<(Permission, &'static str)>,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// What no monkey needs in a namespace, from the likeliest to the least likely.
const DANGEROUS: [(Permission, &str); 12] = [
    (
        Permission::new("deletecollection", "", "pods"),
        "it ends every pod with one call",
    ),
    (
        Permission::new("create", "", "pods/exec"),
        "it runs commands in any container",
    ),
    (
        Permission::new("create", "", "pods"),
        "it starts containers, with any volume and service account",
    ),
    (
        Permission::new("patch", "", "pods"),
        "it changes running pods, their images too",
    ),
    (Permission::new("get", "", "secrets"), "it reads secrets"),
    (Permission::new("list", "", "secrets"), "it reads all secrets"),
    (
        Permission::new("delete", "apps", "deployments"),
        "it removes workloads, and nothing brings them back",
    ),
    (
        Permission::new("patch", "apps", "deployments"),
        "it changes workloads",
    ),
    (
        Permission::new("patch", "policy", "poddisruptionbudgets"),
        "it loosens the budgets that are to stop it",
    ),
    (
        Permission::new("delete", "policy", "poddisruptionbudgets"),
        "it removes the budgets that are to stop it",
    ),
    (
        Permission::new("create", "", "serviceaccounts/token"),
        "it acts as any service account",
    ),
    (
        Permission::new("create", RBAC, "rolebindings"),
        "it passes on what it is granted",
    ),
];

/// What no monkey needs beyond namespaces.
const DANGEROUS_TO_THE_CLUSTER: [(Permission, &str); 3] = [
    (Permission::new("delete", "", "nodes"), "it removes nodes"),
    (
        Permission::new("delete", "", "namespaces"),
        "it removes namespaces with all they hold",
    ),
    (
        Permission::new("create", RBAC, "clusterrolebindings"),
        "it passes on what it is granted, in the whole cluster",
    ),
];

/// What `plan` does not need: to be looked for in the whole cluster first, then in each of its namespaces.
pub fn excessive(plan: &ChaosConfig) -> Vec<ExcessPermissions> {
    let mut in_namespaces = match plan.disrupt.method {
        DisruptionMethod::Evict => vec![(DELETE, "a deletion asks no budget")],
        DisruptionMethod::Delete => vec![(EVICT, "the configured method is delete")],
    };
    in_namespaces.extend(DANGEROUS);
    let (beyond, named) = match &plan.target.namespaces {
        NamespaceScope::All => (in_namespaces.clone(), &[][..]),
        NamespaceScope::Named(names) => {
            let disrupt = Permission::to_disrupt(plan.disrupt.method);
            let why = "it reaches beyond the configured namespaces";
            (vec![(disrupt, why)], names.as_slice())
        }
    };
    let everywhere = ExcessPermissions {
        namespace: None,
        rights: beyond.into_iter().chain(DANGEROUS_TO_THE_CLUSTER).collect(),
    };
    let each = named.iter().map(|name| ExcessPermissions {
        namespace: Some(name.clone()),
        rights: in_namespaces.clone(),
    });
    std::iter::once(everywhere).chain(each).collect()
}
