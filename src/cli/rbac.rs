//! `macaque rbac`: the least-privilege Roles for the configuration in use, with their bindings, for `kubectl apply`.
//! Connects to no API server.

use clap::Args;
use macaque_core::config::ChaosConfig;
use macaque_core::permissions::{self, PermissionPurpose, PolicyRule, ScopedPermission};
use serde::Serialize;
use serde_saphyr::FlowSeq;

use super::args::{GlobalArgs, ScopeArgs};
use super::{exit, output, setup};
use crate::settings::{CommandSettings, FlagSetting, is_object_name};
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
    /// Leave out the optional permissions, without which guards see less, recoveries are polled and no Events are written
    #[arg(long)]
    required_only: bool,
}

/// The rules of one Role, or of a ClusterRole.
struct ScopedRules {
    /// The namespace; `None` for the cluster.
    namespace: Option<String>,
    /// Whether the role is in the namespaces of others, so that its name tells whose it is.
    shared: bool,
    rules: Vec<CommentedRule>,
}

/// A rule, and for an optional one what follows without it.
#[derive(Clone)]
struct CommentedRule {
    rule: PolicyRule,
    without: Option<&'static str>,
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

impl ScopedRules {
    fn new(namespace: Option<String>, rules: Vec<PolicyRule>) -> Self {
        Self {
            namespace,
            shared: false,
            rules: rules.into_iter().map(CommentedRule::required).collect(),
        }
    }
}

impl CommentedRule {
    fn required(rule: PolicyRule) -> Self {
        Self { rule, without: None }
    }
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
    // The journal is where the account is, but the pods in scope are not.
    let mut flags = args.scope.flags();
    if let Some(found) = &view.by_context {
        flags.push(FlagSetting {
            key: "target.namespaces",
            value: found.namespace.clone(),
            name: "--namespace",
        });
    }
    let view = match setup::load_settings_at(global, flags, &account.namespace) {
        Ok(view) => view,
        Err(code) => return code,
    };

    let purpose = if args.preview {
        PermissionPurpose::Preview
    } else {
        PermissionPurpose::Rounds
    };
    output::write(&format!("# {}", summary(&view.config, purpose)));
    for scoped in scoped_rules(&view.config, purpose, !args.required_only) {
        let (role, binding) = objects(&scoped, &account);
        output::write(&"---");
        output::write(&commented(&role, &scoped.rules));
        output::write(&"---");
        output::yaml(&binding);
    }
    exit::OK
}

/// The rules for each namespace, or for the cluster: those of the rounds in each scope with the optional ones, those of
/// the journal where it is, and those of guards that look elsewhere.
fn scoped_rules(config: &ChaosConfig, purpose: PermissionPurpose, with_optional: bool) -> Vec<ScopedRules> {
    let needed = permissions::rules(&permissions::needed(config, purpose));
    let mut scoped: Vec<_> = permissions::scopes(&config.target.namespaces)
        .into_iter()
        .map(|namespace| ScopedRules::new(namespace.map(str::to_owned), needed.clone()))
        .collect();

    let journal = permissions::journal_permissions(config);
    let journal_namespace = journal.first().and_then(|grant| grant.namespace.clone());
    let journal = permissions::rule_of(&journal);
    let mut named = scoped.iter_mut().filter(|scope| scope.namespace.is_some());
    if let Some(scope) = named.find(|scope| scope.namespace == journal_namespace) {
        scope.rules.extend(journal.map(CommentedRule::required));
    } else {
        // The journal is in another namespace than the victims.
        scoped.extend(journal.map(|rule| ScopedRules::new(journal_namespace, vec![rule])));
    }

    if with_optional {
        for (scope, namespace) in scoped
            .iter_mut()
            .zip(permissions::scopes(&config.target.namespaces))
        {
            scope.rules.extend(optional_rules(config, namespace));
        }
    }
    scoped.extend(
        permissions::guard_permissions(config)
            .iter()
            .filter_map(elsewhere),
    );
    scoped
}

/// The optional rules of one scope.
fn optional_rules(config: &ChaosConfig, namespace: Option<&str>) -> Vec<CommentedRule> {
    let optional = permissions::optional(config, namespace);
    let rules = optional.into_iter().filter_map(|optional| {
        let rule = permissions::rule_of(&[optional.grant])?;
        let without = Some(optional.without);
        Some(CommentedRule { rule, without })
    });
    rules.collect()
}

/// The role of a guard that looks where macaque has no other role.
fn elsewhere(grant: &ScopedPermission) -> Option<ScopedRules> {
    let rule = permissions::rule_of(std::slice::from_ref(grant))?;
    Some(ScopedRules {
        shared: true,
        ..ScopedRules::new(grant.namespace.clone(), vec![rule])
    })
}

/// The role as YAML, with a comment before the optional rules of each purpose.
fn commented(role: &RoleObject, rules: &[CommentedRule]) -> String {
    let text = serde_saphyr::to_string(role).expect("a role serialises");
    let mut rules = rules.iter();
    let mut said = None;
    let mut lines = Vec::new();

    for line in text.trim_end().lines() {
        let rule = if line.starts_with("- apiGroups:") {
            rules.next()
        } else {
            None
        };
        // Rules for the same purpose follow each other, and the comment stands before the first.
        if let Some(without) = rule.and_then(|rule| rule.without)
            && said != Some(without)
        {
            said = Some(without);
            lines.push(format!("# Optional. Without it {without}."));
        }
        lines.push(line.to_owned());
    }
    lines.join("\n")
}

/// The service account: where macaque runs, if it runs in a cluster, else in the first namespace in scope.
fn account(args: &RbacArgs, view: &CommandSettings) -> Result<ServiceAccount, String> {
    let own = setup::own_namespace();
    let first = view.config.target.namespaces.names().first().cloned();
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

/// The role of one namespace, or of the cluster, and its binding. Both are named after the service account; where those
/// of other accounts of that name may be, its namespace is a part of the name.
fn objects(scoped: &ScopedRules, account: &ServiceAccount) -> (RoleObject, BindingObject) {
    let namespace = scoped.namespace.as_deref();
    let name = if scoped.shared {
        format!("{}-{}", account.name, account.namespace)
    } else {
        account.name.clone()
    };
    let (role, binding) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let metadata = || ObjectMetadata {
        name: name.clone(),
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
            name: name.clone(),
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
        rules: scoped
            .rules
            .iter()
            .map(|commented| RoleRule::from(&commented.rule))
            .collect(),
    };

    (role, binding)
}
