//! `macaque rbac`: the least Roles for the configuration in use, with their bindings, for `kubectl apply`. Asks no
//! API server.

use macaque_core::config::{ChaosConfig, NamespaceScope};
use macaque_core::permissions::{self, PermissionPurpose, PolicyRule};
use serde::Serialize;
use serde_saphyr::FlowSeq;

use super::args::{GlobalArgs, RbacArgs};
use super::{exit, output, setup};
use crate::settings::{ViewSettings, is_name};
use crate::telemetry;

const API: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// Who is granted something.
#[derive(Clone)]
struct ServiceAccount {
    name: String,
    namespace: String,
}

/// A Role or a ClusterRole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleObject {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMetadata,
    rules: Vec<RoleRule>,
}

/// A rule with its lists in brackets, as people write them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRule {
    api_groups: FlowSeq<[&'static str; 1]>,
    resources: FlowSeq<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_names: Option<FlowSeq<Vec<String>>>,
    verbs: FlowSeq<Vec<&'static str>>,
}

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BindingObject {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMetadata,
    role_ref: RoleRef,
    subjects: [BindingSubject; 1],
}

#[derive(Serialize)]
struct ObjectMetadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    labels: ObjectLabels,
}

#[derive(Serialize)]
struct ObjectLabels {
    #[serde(rename = "app.kubernetes.io/name")]
    name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef {
    api_group: &'static str,
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct BindingSubject {
    kind: &'static str,
    name: String,
    namespace: String,
}

impl From<&PolicyRule> for RoleRule {
    fn from(rule: &PolicyRule) -> Self {
        let PolicyRule {
            api_groups,
            resources,
            verbs,
            resource_names,
        } = rule;
        Self {
            api_groups: FlowSeq(*api_groups),
            resources: FlowSeq(*resources),
            resource_names: (!resource_names.is_empty()).then(|| FlowSeq(resource_names.clone())),
            verbs: FlowSeq(verbs.clone()),
        }
    }
}

/// Prints the Roles; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, flags: &RbacArgs) -> i32 {
    let view = match setup::load_view(global, flags.scope.flags()) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let account = match account(flags, &view) {
        Ok(account) => account,
        Err(mistake) => {
            telemetry::complain(&mistake);
            return exit::USAGE;
        }
    };
    // The journal is where the account is.
    let view = match setup::load_view_at(global, flags.scope.flags(), Some(&account.namespace)) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let purpose = match flags.preview {
        true => PermissionPurpose::Preview,
        false => PermissionPurpose::Rounds,
    };
    let rules = permissions::rules(&permissions::needed(&view.config, purpose));
    output::write(&format!("# {}", summary(&view.config, purpose)));
    let journal = permissions::journal_permissions(&view.config);
    let home = journal.first().and_then(|grant| grant.namespace.as_deref());
    let journal = permissions::rule_of(&journal);
    let mut scopes: Vec<_> = permissions::scopes(&view.config.target.namespaces)
        .into_iter()
        .map(|scope| (scope, rules.clone()))
        .collect();
    match scopes
        .iter_mut()
        .find(|(scope, _)| scope.is_some() && *scope == home)
    {
        Some((_, rules)) => rules.extend(journal),
        // It lives elsewhere than its victims.
        None => scopes.extend(journal.map(|rule| (home, vec![rule]))),
    }
    for (namespace, rules) in scopes {
        let (role, binding) = objects(namespace, &account, &rules);
        output::write(&"---");
        output::yaml(&role);
        output::write(&"---");
        output::yaml(&binding);
    }
    exit::OK
}

/// The service account: where macaque runs, if it runs in a cluster, else in the first namespace of the plan.
fn account(flags: &RbacArgs, view: &ViewSettings) -> Result<ServiceAccount, String> {
    let own = view.own_pod.as_ref().map(|own| own.namespace.clone());
    let first = match &view.config.target.namespaces {
        NamespaceScope::All => None,
        NamespaceScope::Named(names) => names.first().cloned(),
    };
    let namespace = flags.service_account_namespace.clone().or(own).or(first);
    let namespace = namespace.ok_or(
        "--service-account-namespace: is not set, and with every namespace as the target there is no first one; \
         name the namespace that macaque lives in",
    )?;
    for (flag, value) in [
        ("--service-account", &flags.service_account),
        ("--service-account-namespace", &namespace),
    ] {
        if !is_name(value) {
            return Err(format!(
                "{flag}: {value:?} is no name of Kubernetes: it takes a-z, 0-9, - and ., and begins and ends with a \
                 letter or a digit"
            ));
        }
    }
    Ok(ServiceAccount {
        name: flags.service_account.clone(),
        namespace,
    })
}

fn summary(plan: &ChaosConfig, purpose: PermissionPurpose) -> String {
    let does = match plan.dry_run {
        true => "a dry run of macaque, which may disrupt nothing".to_owned(),
        false => format!("an armed macaque by method {}", plan.disrupt.method),
    };
    let reads = match purpose {
        PermissionPurpose::Rounds => "",
        PermissionPurpose::Preview => ", and for its commands that read budgets",
    };
    format!("The least permissions for {does}{reads}.")
}

/// The role of one namespace, or of the cluster, and its binding. Both are named after the service account.
fn objects(
    namespace: Option<&str>,
    account: &ServiceAccount,
    rules: &[PolicyRule],
) -> (RoleObject, BindingObject) {
    let (role, binding) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let metadata = || ObjectMetadata {
        name: account.name.clone(),
        namespace: namespace.map(str::to_owned),
        labels: ObjectLabels { name: "macaque" },
    };
    let binding = BindingObject {
        api_version: API_VERSION,
        kind: binding,
        metadata: metadata(),
        role_ref: RoleRef {
            api_group: API,
            kind: role,
            name: account.name.clone(),
        },
        subjects: [BindingSubject {
            kind: "ServiceAccount",
            name: account.name.clone(),
            namespace: account.namespace.clone(),
        }],
    };
    let role = RoleObject {
        api_version: API_VERSION,
        kind: role,
        metadata: metadata(),
        rules: rules.iter().map(RoleRule::from).collect(),
    };
    (role, binding)
}
