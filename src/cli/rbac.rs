//! `macaque rbac`: the least-privilege Roles for the configuration in use, with their bindings, for `kubectl apply`.
//! Connects to no API server, except to find namespaces by their labels.

mod manifest;

use std::collections::{BTreeMap, BTreeSet};

use actix::System;
use clap::{Args, ValueEnum};
use macaque_core::config::{ChaosConfig, NamespaceScope};
use macaque_core::permissions::{self, Permission, PermissionPurpose, PolicyRule};

use self::manifest::{commented, objects};
use super::args::{GlobalArgs, ScopeArgs};
use super::{exit, output, setup};
use crate::platform::Platform;
use crate::settings::{CommandSettings, FlagSetting, is_object_name};
use crate::telemetry;

/// What stands for the name of each namespace that is found by its labels. No namespace can be called so.
const PLACEHOLDER: &str = "NAMESPACE";

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
    /// Ask the cluster which namespaces target.namespace_selector finds, and print a Role for each; otherwise one Role is
    /// printed in the place of all
    #[arg(long, value_enum, value_name = "SOURCE")]
    namespaces_from: Option<NamespaceSource>,
}

/// Where the namespaces that need a Role are known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NamespaceSource {
    // The labels of the namespaces in the cluster.
    Labels,
}

/// The rules of one Role, or of a ClusterRole.
struct ScopedRules {
    /// The namespace; `None` for the cluster.
    namespace: Option<String>,
    /// Whether the role is in the namespaces of others, so that its name tells whose it is.
    shared: bool,
    /// What to do with the role, for whoever applies it.
    remark: Option<String>,
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

impl ScopedRules {
    fn new(namespace: Option<String>, rules: Vec<PolicyRule>) -> Self {
        Self {
            namespace,
            shared: false,
            remark: None,
            rules: rules.into_iter().map(CommentedRule::required).collect(),
        }
    }
}

impl CommentedRule {
    fn required(rule: PolicyRule) -> Self {
        Self { rule, without: None }
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

    let namespaces = match namespaces_with_role(args, &view) {
        Ok(namespaces) => namespaces,
        Err(code) => return code,
    };

    let purpose = if args.preview {
        PermissionPurpose::Preview
    } else {
        PermissionPurpose::Rounds
    };
    output::write(&format!("# {}", summary(&view.config, purpose)));
    for scoped in scoped_rules(&view.config, &namespaces, &account, purpose, !args.required_only) {
        let (role, binding) = objects(&scoped, &account);
        output::write(&"---");
        if let Some(remark) = &scoped.remark {
            output::write(&format!("# {remark}"));
        }
        output::write(&commented(&role, &scoped.rules));
        output::write(&"---");
        output::yaml(&binding);
    }
    exit::OK
}

/// The namespaces that need a Role each: those that the configuration names, those that its selector finds in the cluster,
/// or one that stands for them.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
fn namespaces_with_role(args: &RbacArgs, view: &CommandSettings) -> Result<NamespaceScope, i32> {
    let scope = &view.config.target.namespaces;
    let Some(selector) = scope.selector() else {
        if args.namespaces_from.is_some() {
            telemetry::print_error(
                "--namespaces-from: target.namespace_selector is not set, so no labels decide",
            );
            return Err(exit::USAGE);
        }
        return Ok(scope.clone());
    };
    if args.namespaces_from.is_none() {
        return Ok(NamespaceScope::Named(vec![PLACEHOLDER.to_owned()]));
    }

    let found = System::new().block_on(async {
        let cluster = setup::connect(&view.cluster, &Platform::system()).await?;
        let found = cluster.namespaces(selector, None).await;
        found.map_err(|error| {
            telemetry::print_error(&error.to_string());
            exit::CLUSTER
        })
    })?;
    let live = found.into_iter().filter(|namespace| !namespace.is_terminating);
    let names: BTreeSet<_> = live.map(|namespace| namespace.name).collect();
    if names.is_empty() {
        telemetry::print_error(&format!("no namespace matches {selector}"));
        return Err(exit::CLUSTER);
    }
    Ok(NamespaceScope::Named(names.into_iter().collect()))
}

/// The rules for each of these `namespaces`, or for the cluster: those of the rounds in each scope with the optional ones,
/// those of the journal and the history where they are, and those that are needed elsewhere.
fn scoped_rules(
    config: &ChaosConfig,
    namespaces: &NamespaceScope,
    account: &ServiceAccount,
    purpose: PermissionPurpose,
    with_optional: bool,
) -> Vec<ScopedRules> {
    let needed = permissions::rules(&permissions::needed(config, purpose));
    let by_labels = config.target.namespaces.selector();
    let mut scoped: Vec<_> = permissions::scopes(namespaces)
        .into_iter()
        .map(|namespace| ScopedRules {
            // A macaque of its own may run in another namespace, and macaque's own may be one of those that labels select.
            shared: by_labels.is_some() || namespace.is_some_and(|namespace| namespace != account.namespace),
            remark: by_labels
                .filter(|_| namespace == Some(PLACEHOLDER))
                .map(|selector| format!("Apply this to every namespace with {selector}, by its name in place of {PLACEHOLDER}.")),
            ..ScopedRules::new(namespace.map(str::to_owned), needed.clone())
        })
        .collect();

    for (namespace, rule) in kept_rules(config, with_optional) {
        let mut named = scoped
            .iter_mut()
            .filter(|scope| scope.namespace.is_some() && !scope.shared);
        match named.find(|scope| scope.namespace == namespace) {
            Some(scope) => scope.rules.push(rule),
            // The journal and the history are in another namespace than the victims.
            None => scoped.push(ScopedRules {
                rules: vec![rule],
                ..ScopedRules::new(namespace, Vec::new())
            }),
        }
    }

    if with_optional {
        for (scope, namespace) in scoped.iter_mut().zip(permissions::scopes(namespaces)) {
            scope.rules.extend(optional_rules(config, namespace));
        }
    }
    scoped.extend(elsewhere(config));
    scoped
}

/// The rules on the ConfigMaps that macaque keeps, each with its namespace: on the journal and, as an optional one, on the
/// history.
fn kept_rules(config: &ChaosConfig, with_optional: bool) -> Vec<(Option<String>, CommentedRule)> {
    let journal = permissions::journal_permissions(config);
    let history = permissions::history_permissions(config);
    let without = history.first().map(|optional| optional.without);
    let history = Vec::from_iter(history.into_iter().map(|optional| optional.grant));

    let kept = [(journal, None), (history, without)].into_iter();
    let kept = kept.filter(|(_, without)| with_optional || without.is_none());
    let rules = kept.filter_map(|(grants, without)| {
        let rule = permissions::rule_of(&grants)?;
        let namespace = grants.first()?.namespace.clone();
        Some((namespace, CommentedRule { rule, without }))
    });
    rules.collect()
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

/// The roles for what macaque reads where it has no other role: one in the cluster, and one in each namespace.
fn elsewhere(config: &ChaosConfig) -> Vec<ScopedRules> {
    let of_scope = permissions::scope_permissions(config).into_iter();
    let mut by_place: BTreeMap<Option<String>, Vec<Permission>> = BTreeMap::new();
    for grant in of_scope.chain(permissions::guard_permissions(config)) {
        let known = by_place.entry(grant.namespace).or_default();
        if !known.contains(&grant.permission) {
            known.push(grant.permission);
        }
    }

    let roles = by_place.into_iter().map(|(namespace, needed)| ScopedRules {
        shared: true,
        ..ScopedRules::new(namespace, permissions::rules(&needed))
    });
    roles.collect()
}

/// The service account: where macaque runs, if it runs in a cluster, else in the first namespace in scope.
fn account(args: &RbacArgs, view: &CommandSettings) -> Result<ServiceAccount, String> {
    let own = setup::own_namespace();
    let first = view.config.target.namespaces.names().first().cloned();
    let namespace = args.service_account_namespace.clone().or(own).or(first);
    let namespace = namespace.ok_or_else(|| {
        let scope = match view.config.target.namespaces.selector() {
            Some(selector) => format!("namespaces with {selector}"),
            None => "all namespaces".to_owned(),
        };
        format!("--service-account-namespace: is required with {scope} in scope: name the namespace that macaque runs in")
    })?;

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
