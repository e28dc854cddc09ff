//! The permissions that a configuration needs, and those that it should not have. The same list serves to print Roles
//! and to check the permissions that the API server grants.

mod excess;
mod guards;

use std::fmt;

use crate::config::{ChaosConfig, ConfigMapRef, JournalLocation, NamespaceScope};
use crate::outcome::DisruptionMethod;

pub use excess::{ExcessPermissions, excessive};
pub use guards::{
    OptionalPermission, deployment_event_permission, guard_permissions, optional, owner_freeze_permissions,
};

/// One verb on one resource, as a rule of a Role writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The verb, `list` or `create` for example; `*` is every verb.
    pub verb: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The resource, with its subresource after a slash: `pods/eviction`.
    pub resource: &'static str,
}

/// A permission in one namespace or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedPermission {
    /// The permission.
    pub permission: Permission,
    /// The namespace; `None` for all namespaces, and for resources without one.
    pub namespace: Option<String>,
    /// The name of the only object; `None` for any object.
    pub name: Option<String>,
}

/// A rule of a Role: permissions on one resource, taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule {
    /// The one API group.
    pub api_groups: [&'static str; 1],
    /// The one resource.
    pub resources: [&'static str; 1],
    /// The verbs.
    pub verbs: Vec<&'static str>,
    /// The names of the objects; empty for any object.
    pub resource_names: Vec<String>,
}

/// The purpose that permissions are needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionPurpose {
    /// Rounds: `run` and `once`.
    Rounds,
    /// Rounds, and the commands that read budgets: `plan`, `why`, `budgets`.
    Preview,
}

/// The permission to do everything: if it is granted, no other needs to be checked.
pub const EVERYTHING: Permission = Permission::new("*", "*", "*");

/// The permission of the commands that read budgets.
pub const LIST_BUDGETS: Permission = Permission::new("list", "policy", "poddisruptionbudgets");

/// The permission of every command that lists pods.
pub const LIST_PODS: Permission = Permission::new("list", "", "pods");

/// The permission to find namespaces by their labels.
pub const LIST_NAMESPACES: Permission = Permission::new("list", "", "namespaces");

/// The permission to write Kubernetes Events.
pub const CREATE_EVENTS: Permission = Permission::new("create", "events.k8s.io", "events");

/// The resources that belong to no namespace.
const WITHOUT_NAMESPACE: [&str; 3] = ["nodes", "namespaces", "clusterrolebindings"];

/// The permission to find nodes by their labels, or to see which of them are unready.
const LIST_NODES: Permission = Permission::new("list", "", "nodes");

const GET_CONFIG_MAP: Permission = Permission::new("get", "", "configmaps");
const UPDATE_CONFIG_MAP: Permission = Permission::new("update", "", "configmaps");
const GET_PODS: Permission = Permission::new("get", "", "pods");
const EVICT: Permission = Permission::new("create", "", "pods/eviction");
const DELETE: Permission = Permission::new("delete", "", "pods");

impl Permission {
    const fn new(verb: &'static str, group: &'static str, resource: &'static str) -> Self {
        Self {
            verb,
            group,
            resource,
        }
    }

    /// The permission to disrupt by `method`. The resource `pods/eviction` is in the core group, although
    /// discovery lists its kind in the group `policy`.
    pub fn to_disrupt(method: DisruptionMethod) -> Self {
        match method {
            DisruptionMethod::Evict => EVICT,
            DisruptionMethod::Delete => DELETE,
        }
    }

    /// The permission scoped to one namespace, or to all.
    pub fn within(self, namespace: Option<&str>) -> ScopedPermission {
        ScopedPermission {
            permission: self,
            namespace: namespace.map(str::to_owned),
            name: None,
        }
    }
}

impl ScopedPermission {
    /// The remedy if the permission is missing: the rule to add, and where.
    pub fn remedy(&self) -> String {
        let role = match self.namespace {
            Some(_) => "Role",
            None => "ClusterRole",
        };
        let Permission {
            verb,
            group,
            resource,
        } = self.permission;

        let name = self.name.as_ref();
        let name = name.map_or_else(String::new, |name| format!(", resourceNames: [\"{name}\"]"));
        format!(
            "add to macaque's {role}: {{apiGroups: [\"{group}\"], resources: [\"{resource}\"]{name}, verbs: \
             [\"{verb}\"]}}"
        )
    }
}

/// The scopes in which permissions are checked or granted: each of `namespaces`, or `None` for all. None is known where
/// namespaces are found by their labels.
pub fn scopes(namespaces: &NamespaceScope) -> Vec<Option<&str>> {
    match namespaces {
        NamespaceScope::All => vec![None],
        NamespaceScope::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
        NamespaceScope::Selected(_) => Vec::new(),
    }
}

/// The permissions that rounds need in each namespace; a dry run needs none to disrupt.
pub fn in_namespace(dry_run: bool, method: DisruptionMethod) -> Vec<Permission> {
    let to_disrupt = (!dry_run).then(|| Permission::to_disrupt(method));
    [GET_PODS, LIST_PODS].into_iter().chain(to_disrupt).collect()
}

/// The permissions that `config` needs in each of its namespaces; a dry run needs none to disrupt.
pub fn needed(config: &ChaosConfig, purpose: PermissionPurpose) -> Vec<Permission> {
    let mut permissions = in_namespace(config.dry_run, config.disrupt.method);
    match purpose {
        PermissionPurpose::Rounds => {}
        PermissionPurpose::Preview => permissions.push(LIST_BUDGETS),
    }

    permissions
}

/// Every permission without which rounds of `config` fail: in its namespaces, for its guards and for its journal.
pub fn required(config: &ChaosConfig) -> Vec<ScopedPermission> {
    let in_scopes = scopes(&config.target.namespaces)
        .into_iter()
        .flat_map(|namespace| {
            let needed = needed(config, PermissionPurpose::Rounds).into_iter();
            needed.map(move |permission| permission.within(namespace))
        });
    in_scopes
        .chain(scope_permissions(config))
        .chain(guard_permissions(config))
        .chain(journal_permissions(config))
        .collect()
}

/// The permissions in the cluster by which `config` finds what is in scope.
pub fn scope_permissions(config: &ChaosConfig) -> Vec<ScopedPermission> {
    let by_namespace = config.target.namespaces.selector().map(|_| LIST_NAMESPACES);
    let by_node = (!config.target.node_selector.is_empty()).then_some(LIST_NODES);
    let permissions = by_namespace.into_iter().chain(by_node);
    permissions.map(|permission| permission.within(None)).collect()
}

/// The permissions that `config` needs for its journal: to read and write one ConfigMap, or none in a dry run.
pub fn journal_permissions(config: &ChaosConfig) -> Vec<ScopedPermission> {
    let JournalLocation::ConfigMap(config_map) = &config.journal else {
        return Vec::new();
    };
    if config.dry_run {
        return Vec::new();
    }

    on_config_map(config_map).into()
}

/// The permissions with which `config` writes its history: to read and write one ConfigMap, or none in a dry run.
pub fn history_permissions(config: &ChaosConfig) -> Vec<OptionalPermission> {
    let place = config.history.as_ref().filter(|_| !config.dry_run);
    let grants = place.map(on_config_map).into_iter().flatten();
    let optional = grants.map(|grant| OptionalPermission {
        grant,
        without: "no history is written, which the commands history, report and blame read",
    });
    optional.collect()
}

/// The permissions to read and to write one ConfigMap.
pub fn on_config_map(place: &ConfigMapRef) -> [ScopedPermission; 2] {
    [GET_CONFIG_MAP, UPDATE_CONFIG_MAP].map(|permission| ScopedPermission {
        name: Some(place.name.clone()),
        ..permission.within(Some(&place.namespace))
    })
}

/// The rule that grants `grants`, which must all be on one object.
pub fn rule_of(grants: &[ScopedPermission]) -> Option<PolicyRule> {
    let ScopedPermission { permission, name, .. } = grants.first()?;
    Some(PolicyRule {
        api_groups: [permission.group],
        resources: [permission.resource],
        verbs: grants.iter().map(|grant| grant.permission.verb).collect(),
        resource_names: name.iter().cloned().collect(),
    })
}

/// The rules that grant `rights`, one for each resource.
pub fn rules(permissions: &[Permission]) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for permission in permissions {
        let is_same_resource = |rule: &&mut PolicyRule| {
            rule.api_groups == [permission.group] && rule.resources == [permission.resource]
        };

        match rules.iter_mut().find(is_same_resource) {
            Some(rule) => rule.verbs.push(permission.verb),
            None => rules.push(PolicyRule {
                api_groups: [permission.group],
                resources: [permission.resource],
                verbs: vec![permission.verb],
                resource_names: Vec::new(),
            }),
        }
    }
    rules
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verb,
            group,
            resource,
        } = self;
        if *self == EVERYTHING {
            return f.write_str("do everything");
        }

        match (resource.split_once('/'), *group) {
            (_, "") => write!(f, "{verb} {resource}"),
            (Some((resource, subresource)), group) => write!(f, "{verb} {resource}.{group}/{subresource}"),
            (None, group) => write!(f, "{verb} {resource}.{group}"),
        }
    }
}

impl fmt::Display for ScopedPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) if self.name.is_some() => {
                let name = self.name.as_deref().unwrap_or_default();
                write!(f, "{}/{name} in namespace {namespace}", self.permission)
            }
            Some(namespace) => write!(f, "{} in namespace {namespace}", self.permission),
            None if WITHOUT_NAMESPACE.contains(&self.permission.resource) => {
                write!(f, "{} in the cluster", self.permission)
            }
            None => write!(f, "{} in all namespaces", self.permission),
        }
    }
}

#[cfg(test)]
mod tests;
