//! What no monkey needs: the rights that a plan had better not have, and where to look for them.

use super::{DELETE, EVICT, Right};
use crate::config::{Namespaces, Plan};
use crate::outcome::Method;

/// Rights that the plan does not need, to be looked for in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// The namespace; `None` for all, and for what lies in none.
    pub namespace: Option<String>,
    /// The rights, each with what somebody could do with it.
    pub rights: Vec<(Right, &'static str)>,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// What no monkey needs in a namespace, from the likeliest to the least likely.
const DANGEROUS: [(Right, &str); 12] = [
    (
        Right::new("deletecollection", "", "pods"),
        "it ends every pod with one call",
    ),
    (
        Right::new("create", "", "pods/exec"),
        "it runs commands in any container",
    ),
    (
        Right::new("create", "", "pods"),
        "it starts containers, with any volume and service account",
    ),
    (
        Right::new("patch", "", "pods"),
        "it changes running pods, their images too",
    ),
    (Right::new("get", "", "secrets"), "it reads secrets"),
    (Right::new("list", "", "secrets"), "it reads all secrets"),
    (
        Right::new("delete", "apps", "deployments"),
        "it removes workloads, and nothing brings them back",
    ),
    (Right::new("patch", "apps", "deployments"), "it changes workloads"),
    (
        Right::new("patch", "policy", "poddisruptionbudgets"),
        "it loosens the budgets that are to stop it",
    ),
    (
        Right::new("delete", "policy", "poddisruptionbudgets"),
        "it removes the budgets that are to stop it",
    ),
    (
        Right::new("create", "", "serviceaccounts/token"),
        "it acts as any service account",
    ),
    (
        Right::new("create", RBAC, "rolebindings"),
        "it passes on what it is granted",
    ),
];

/// What no monkey needs beyond namespaces.
const DANGEROUS_TO_THE_CLUSTER: [(Right, &str); 3] = [
    (Right::new("delete", "", "nodes"), "it removes nodes"),
    (
        Right::new("delete", "", "namespaces"),
        "it removes namespaces with all they hold",
    ),
    (
        Right::new("create", RBAC, "clusterrolebindings"),
        "it passes on what it is granted, in the whole cluster",
    ),
];

/// What `plan` does not need: to be looked for in the whole cluster first, then in each of its namespaces.
pub fn excessive(plan: &Plan) -> Vec<Suspicion> {
    let mut in_namespaces = match plan.disrupt.method {
        Method::Evict => vec![(DELETE, "a deletion asks no budget")],
        Method::Delete => vec![(EVICT, "the configured method is delete")],
    };
    in_namespaces.extend(DANGEROUS);
    let (beyond, named) = match &plan.target.namespaces {
        Namespaces::All => (in_namespaces.clone(), &[][..]),
        Namespaces::Named(names) => {
            let disrupt = Right::to_disrupt(plan.disrupt.method);
            let why = "it reaches beyond the configured namespaces";
            (vec![(disrupt, why)], names.as_slice())
        }
    };
    let everywhere = Suspicion {
        namespace: None,
        rights: beyond.into_iter().chain(DANGEROUS_TO_THE_CLUSTER).collect(),
    };
    let each = named.iter().map(|name| Suspicion {
        namespace: Some(name.clone()),
        rights: in_namespaces.clone(),
    });
    std::iter::once(everywhere).chain(each).collect()
}
