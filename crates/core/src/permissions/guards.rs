//! The permissions that guards and recoveries read with, and that Events are written with: those that a configuration
//! cannot do without, and those with which macaque sees or says more.

use super::{CREATE_EVENTS, LIST_NAMESPACES, LIST_NODES, Permission, ScopedPermission};
use crate::config::ChaosConfig;
use crate::guard::{MinReady, NodesGuard};

/// The namespace in which every node renews its lease.
const NODE_LEASES: &str = "kube-node-lease";

const LIST_LEASES: Permission = Permission::new("list", "coordination.k8s.io", "leases");
const WATCH_PODS: Permission = Permission::new("watch", "", "pods");
const GET_NAMESPACE: Permission = Permission::new("get", "", "namespaces");
const GET_DEPLOYMENT_SCALE: Permission = Permission::new("get", "apps", "deployments/scale");
const GET_SCALE: [Permission; 3] = [
    GET_DEPLOYMENT_SCALE,
    Permission::new("get", "apps", "statefulsets/scale"),
    Permission::new("get", "apps", "replicasets/scale"),
];
/// The owners that people freeze, and whose annotations are read again just before a disruption. Where they opt nobody in,
/// no Role of macaque's lets it read them: it would see pod templates too.
const GET_OWNERS: [Permission; 2] = [
    Permission::new("get", "apps", "deployments"),
    Permission::new("get", "apps", "statefulsets"),
];

/// The owners whose annotations are read at the start of a round, from their metadata alone.
const LIST_OWNERS: [Permission; 2] = [
    Permission::new("list", "apps", "deployments"),
    Permission::new("list", "apps", "statefulsets"),
];

/// What follows without the metadata of a namespace, if only its freeze matters, and if more does.
const NO_FREEZE: &str = "macaque does not see whether a namespace is frozen by its annotations";
const NO_NAMESPACE_KEYS: &str = "macaque does not see what the annotations of a namespace say";

/// What follows without the metadata of owners, at the start of a round and just before a disruption.
const NO_OWNER_KEYS: &str = "macaque does not see what the annotations of Deployments and StatefulSets say";
const NO_LAST_OWNER_KEYS: &str = "macaque does not see what the annotations of Deployments and StatefulSets say just before a \
                                  disruption, and holds back those that opt in there";

/// What follows without the scale of an owner, if how many pods it wants matters.
const NO_SCALE: &str = "macaque does not see how many pods an owner wants, so that a missing pod goes unnoticed, and \
                        lists whole namespaces to find an owner's pods";
/// What follows without it, if that number does not matter.
const NO_SELECTOR: &str = "macaque lists whole namespaces to find an owner's pods";

/// What follows without the scale of a Deployment, if nothing else needs it.
const NO_OWNER_UID: &str = "Events about a Deployment are written on its ReplicaSet";

/// A permission that macaque works without, and sees less, or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalPermission {
    /// The permission.
    pub grant: ScopedPermission,
    /// What follows without it, as a clause.
    pub without: &'static str,
}

/// The permissions that the guards of `config` need apart from those on pods: without them the guard cannot answer.
pub fn guard_permissions(config: &ChaosConfig) -> Vec<ScopedPermission> {
    match config.guards.nodes {
        NodesGuard::Off => Vec::new(),
        NodesGuard::Leases => vec![LIST_LEASES.within(Some(NODE_LEASES))],
        NodesGuard::Nodes => vec![LIST_NODES.within(None)],
    }
}

/// The permissions in `namespace`, or in all, with which the guards and the recoveries of `config` see more, and Events are
/// written. A Role in a namespace lets macaque read that namespace and no other.
pub fn optional(config: &ChaosConfig, namespace: Option<&str>) -> Vec<OptionalPermission> {
    let mut permissions = Vec::new();
    let guards = &config.guards;
    let watches = config.recovery.enabled && !config.dry_run;
    let counts_missing =
        watches || guards.whole || matches!(guards.min_ready, MinReady::Percent(percent) if percent > 0);

    if watches {
        permissions.push(OptionalPermission {
            grant: WATCH_PODS.within(namespace),
            without: "recoveries are not watched but polled, every 1 to 5 s",
        });
    }
    let reads_scales = watches || guards.needs_siblings();
    if reads_scales {
        permissions.extend(GET_SCALE.map(|scale| OptionalPermission {
            grant: scale.within(namespace),
            without: if counts_missing { NO_SCALE } else { NO_SELECTOR },
        }));
    }
    permissions.extend(metadata_permissions(config, namespace));
    if config.writes_events() {
        permissions.push(OptionalPermission {
            grant: CREATE_EVENTS.within(namespace),
            without: "no Events are written",
        });
        permissions.extend((!reads_scales).then(|| OptionalPermission {
            grant: GET_DEPLOYMENT_SCALE.within(namespace),
            without: NO_OWNER_UID,
        }));
    }
    permissions
}

/// The permissions in `namespace`, or in all, to see what the annotations of namespaces and owners say.
fn metadata_permissions(config: &ChaosConfig, namespace: Option<&str>) -> Vec<OptionalPermission> {
    let reads_owners = config.reads_metadata();
    let get_namespace = OptionalPermission {
        grant: GET_NAMESPACE.within(namespace),
        without: if reads_owners {
            NO_NAMESPACE_KEYS
        } else {
            NO_FREEZE
        },
    };
    let list_namespaces = OptionalPermission {
        grant: LIST_NAMESPACES.within(None),
        without: NO_NAMESPACE_KEYS,
    };
    let optional = |without: &'static str| {
        move |read: Permission| OptionalPermission {
            grant: read.within(namespace),
            without,
        }
    };
    let get_owners = GET_OWNERS.map(optional(NO_LAST_OWNER_KEYS));
    let list_owners = LIST_OWNERS.map(optional(NO_OWNER_KEYS));

    let mut permissions = Vec::new();
    permissions.extend((config.guards.freeze || reads_owners).then_some(get_namespace));
    permissions.extend((reads_owners && namespace.is_none()).then_some(list_namespaces));
    permissions.extend(get_owners.into_iter().chain(list_owners).filter(|_| reads_owners));
    permissions
}

/// The permission in `namespace`, or in all, without which Events about a Deployment are written on its ReplicaSet; `None`
/// if no Events are written.
pub fn deployment_event_permission(
    config: &ChaosConfig,
    namespace: Option<&str>,
) -> Option<ScopedPermission> {
    config
        .writes_events()
        .then(|| GET_DEPLOYMENT_SCALE.within(namespace))
}

/// The permissions in `namespace`, or in all, to see whether the usual kinds of owners are frozen, where macaque asks nobody
/// for them; none if the guard is off, or if they are among the [`optional`] ones.
pub fn owner_freeze_permissions(config: &ChaosConfig, namespace: Option<&str>) -> Vec<ScopedPermission> {
    if !config.guards.freeze || config.reads_metadata() {
        return Vec::new();
    }
    GET_OWNERS.map(|owner| owner.within(namespace)).to_vec()
}
