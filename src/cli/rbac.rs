//! `macaque rbac`: the least-privilege Roles for the configuration in use, with their bindings, for `kubectl apply`.
//! Connects to no API server.

use clap::Args;
use macaque_core::config::{ChaosConfig, NamespaceScope};
use macaque_core::permissions::{self, PermissionPurpose, PolicyRule};
use serde::Serialize;
use serde_saphyr::FlowSeq;

use super::args::{GlobalArgs, ScopeArgs};
use super::{exit, output, setup};
use crate::settings::{CommandSettings, is_object_name};
use crate::telemetry;

const API: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// The flags of `macaque rbac`.
#[derive(Debug, Args)]
pub(super) struct RbacArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Service account to grant the permissions to; the Roles are named after it
    #[arg(long, value_name = "NAME", default_value = "macaque")]
    service_account: String,
    /// Namespace of the service account [default: where macaque runs, else the first in scope]
    #[arg(long, value_name = "NAME")]
    service_account_namespace: Option<String>,
    /// Include read access to PodDisruptionBudgets, used by plan, why and budgets
    #[arg(long)]
    preview: bool,
}

/// The service account that is granted the permissions.
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
pub(super) fn run(global: &GlobalArgs, args: &RbacArgs) -> i32 {
    let view = match setup::load_settings(global, args.scope.flags()) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let account = match account(args, &view) {
        Ok(account) => account,
        Err(mistake) => {
            telemetry::print_error(&mistake);
            return exit::USAGE;
        }
    };
    // The journal is where the account is.
    let view = match setup::load_settings_at(global, args.scope.flags(), &account.namespace) {
        Ok(view) => view,
        Err(code) => return code,
    };

    let purpose = if args.preview {
        PermissionPurpose::Preview
    } else {
        PermissionPurpose::Rounds
    };
    output::write(&format!("# {}", summary(&view.config, purpose)));
    for (namespace, rules) in scoped_rules(&view.config, purpose) {
        let (role, binding) = objects(namespace.as_deref(), &account, &rules);
        output::write(&"---");
        output::yaml(&role);
        output::write(&"---");
        output::yaml(&binding);
    }
    exit::OK
}

/// The rules for each namespace, or for the cluster: those of the rounds in each scope, and those of the journal where it
/// is.
fn scoped_rules(config: &ChaosConfig, purpose: PermissionPurpose) -> Vec<(Option<String>, Vec<PolicyRule>)> {
    let rules = permissions::rules(&permissions::needed(config, purpose));
    let scopes = permissions::scopes(&config.target.namespaces).into_iter();
    let mut scoped: Vec<_> = scopes
        .map(|scope| (scope.map(str::to_owned), rules.clone()))
        .collect();

    let journal = permissions::journal_permissions(config);
    let journal_namespace = journal.first().and_then(|grant| grant.namespace.clone());
    let journal = permissions::rule_of(&journal);
    let mut named = scoped.iter_mut().filter(|(scope, _)| scope.is_some());
    if let Some((_, rules)) = named.find(|(scope, _)| *scope == journal_namespace) {
        rules.extend(journal);
    } else {
        // The journal is in another namespace than the victims.
        scoped.extend(journal.map(|rule| (journal_namespace, vec![rule])));
    }
    scoped
}

/// The service account: where macaque runs, if it runs in a cluster, else in the first namespace in scope.
fn account(args: &RbacArgs, view: &CommandSettings) -> Result<ServiceAccount, String> {
    let own = view.own_pod.as_ref().map(|own| own.namespace.clone());
    let first = match &view.config.target.namespaces {
        NamespaceScope::All => None,
        NamespaceScope::Named(names) => names.first().cloned(),
    };
    let namespace = args.service_account_namespace.clone().or(own).or(first);
    let namespace = namespace.ok_or(
        "--service-account-namespace: is required with all namespaces in scope: name the namespace that macaque \
         runs in",
    )?;

    for (flag, value) in [
        ("--service-account", &args.service_account),
        ("--service-account-namespace", &namespace),
    ] {
        if !is_object_name(value) {
            return Err(format!(
                "{flag}: {value:?} is not a valid Kubernetes name: use a-z, 0-9, - and ., with a letter or a digit at \
                 both ends"
            ));
        }
    }

    Ok(ServiceAccount {
        name: args.service_account.clone(),
        namespace,
    })
}

fn summary(config: &ChaosConfig, purpose: PermissionPurpose) -> String {
    let does = if config.dry_run {
        "a dry run of macaque, which disrupts nothing".to_owned()
    } else {
        format!("an armed macaque with method {}", config.disrupt.method)
    };
    let reads = match purpose {
        PermissionPurpose::Rounds => "",
        PermissionPurpose::Preview => ", and for plan, why and budgets",
    };

    format!("The minimal permissions for {does}{reads}.")
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
