//! Compares the permissions that the API server grants with those that the configuration needs: missing and excess ones.

use macaque_core::config::ChaosConfig;
use macaque_core::permissions::{
    self, ExcessPermissions, OptionalPermission, Permission, PermissionPurpose, ScopedPermission,
};

use super::CheckFinding;
use crate::k8s::{ApiError, Cluster};

/// What a missing permission means.
#[derive(Clone, Copy)]
enum PermissionUse {
    /// Rounds fail without it.
    Rounds,
    /// Rounds will fail without it once `dry_run` is `false`.
    ArmedRounds,
    /// Some commands fail without it; rounds do not.
    Preview,
}

/// Checks every permission that `config` needs in `namespace`, or in all.
pub(super) async fn required(
    cluster: &Cluster,
    config: &ChaosConfig,
    namespace: Option<&str>,
    findings: &mut Vec<CheckFinding>,
) {
    let needed = permissions::needed(config, PermissionPurpose::Rounds);
    let to_arm = config
        .dry_run
        .then(|| Permission::to_disrupt(config.disrupt.method));
    let wanted = needed
        .into_iter()
        .map(|permission| (permission, PermissionUse::Rounds))
        .chain(to_arm.map(|permission| (permission, PermissionUse::ArmedRounds)))
        .chain([(permissions::LIST_BUDGETS, PermissionUse::Preview)]);

    for (permission, want) in wanted {
        let grant = permission.within(namespace);
        let held = cluster.holds(&grant).await;
        findings.push(permission_check(&grant, held, want));
    }
}

/// Checks the permissions in `namespace`, or in all, with which guards and recoveries see more, and Events are written.
pub(super) async fn optional(
    cluster: &Cluster,
    config: &ChaosConfig,
    namespace: Option<&str>,
    findings: &mut Vec<CheckFinding>,
) {
    check_optional(cluster, permissions::optional(config, namespace), findings).await;
}

/// Checks the permissions with which the history is written.
pub(super) async fn history(cluster: &Cluster, config: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    check_optional(cluster, permissions::history_permissions(config), findings).await;
}

async fn check_optional(
    cluster: &Cluster,
    permissions: Vec<OptionalPermission>,
    findings: &mut Vec<CheckFinding>,
) {
    for OptionalPermission { grant, without } in permissions {
        let what = format!("may {grant}");
        let finding = match cluster.holds(&grant).await {
            Ok(true) => CheckFinding::ok(what, "granted; it is optional"),
            Ok(false) => CheckFinding::note(
                what,
                format!("not granted, and optional: without it {without}"),
                "`macaque rbac` grants it",
            ),
            Err(error) => CheckFinding::failed(what, error.to_string(), "see the API server's message"),
        };
        findings.push(in_its_namespace(finding, &grant));
    }
}

/// Checks whether macaque sees that owners in `namespace`, or in all, are frozen. It works without that, and is not
/// granted it by default, so that only people who freeze owners need to know.
pub(super) async fn owner_freeze(
    cluster: &Cluster,
    config: &ChaosConfig,
    namespace: Option<&str>,
    findings: &mut Vec<CheckFinding>,
) {
    let mut unread = Vec::new();
    for grant in permissions::owner_freeze_permissions(config, namespace) {
        // What the API server does not answer here, the checks of other permissions say.
        if let Ok(false) = cluster.holds(&grant).await {
            unread.push(grant.permission.to_string());
        }
    }
    if unread.is_empty() {
        return;
    }

    let finding = CheckFinding::note(
        format!("freeze of owners in {}", place(namespace)),
        format!(
            "not read, without the permission to {}: macaque/frozen on an owner has no effect",
            unread.join(" and ")
        ),
        "freeze the namespace or, in the pod template, the pods",
    );
    findings.push(match namespace {
        Some(namespace) => finding.in_namespace(namespace, "freeze of owners"),
        None => finding,
    });
}

/// Checks whether Events about a Deployment can be written on it, where `kubectl describe` shows them.
pub(super) async fn deployment_events(
    cluster: &Cluster,
    config: &ChaosConfig,
    namespace: Option<&str>,
    findings: &mut Vec<CheckFinding>,
) {
    let Some(grant) = permissions::deployment_event_permission(config, namespace) else {
        return;
    };
    // What the API server does not answer here, the checks of other permissions say.
    if !matches!(cluster.holds(&grant).await, Ok(false)) {
        return;
    }

    let permission = grant.permission;
    let finding = CheckFinding::note(
        format!("Events about Deployments in {}", place(namespace)),
        format!("written on the ReplicaSet instead, without the permission to {permission}"),
        "`macaque rbac` grants it",
    );
    findings.push(match namespace {
        Some(namespace) => finding.in_namespace(namespace, "Events about Deployments"),
        None => finding,
    });
}

fn place(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"))
}

/// Checks the permissions in the cluster by which macaque finds what is in scope.
pub(super) async fn scope(cluster: &Cluster, config: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    for grant in permissions::scope_permissions(config) {
        let held = cluster.holds(&grant).await;
        findings.push(permission_check(&grant, held, PermissionUse::Rounds));
    }
}

/// Checks the permissions that guards need outside the namespaces in scope.
pub(super) async fn guards(cluster: &Cluster, config: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    for grant in permissions::guard_permissions(config) {
        let held = cluster.holds(&grant).await;
        findings.push(permission_check(&grant, held, PermissionUse::Rounds));
    }
}

/// Checks the permissions that the journal needs.
pub(super) async fn journal(cluster: &Cluster, config: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    for grant in permissions::journal_permissions(config) {
        let held = cluster.holds(&grant).await;
        findings.push(permission_check(&grant, held, PermissionUse::Rounds));
    }
}

fn permission_check(
    grant: &ScopedPermission,
    held: Result<bool, ApiError>,
    want: PermissionUse,
) -> CheckFinding {
    let what = format!("may {grant}");
    let finding = match (held, want) {
        (Err(error), _) => CheckFinding::failed(what, error.to_string(), "see the API server's message"),
        (Ok(true), PermissionUse::Rounds) => CheckFinding::ok(what, "granted"),
        (Ok(true), PermissionUse::ArmedRounds) => {
            CheckFinding::ok(what, "granted; a dry run does not use it")
        }
        (Ok(true), PermissionUse::Preview) => CheckFinding::ok(what, "granted; rounds do not use it"),
        (Ok(false), PermissionUse::Rounds) => CheckFinding::failed(what, "not granted", grant.remedy()),
        (Ok(false), PermissionUse::ArmedRounds) => CheckFinding::note(
            what,
            "not granted, and a dry run does not need it",
            "grant it before you set dry_run to false",
        ),
        (Ok(false), PermissionUse::Preview) => CheckFinding::note(
            what,
            "not granted, and only plan, why and budgets need it",
            "`macaque rbac --preview` grants it",
        ),
    };
    in_its_namespace(finding, grant)
}

/// The finding as one about its namespace, if the permission is any object's of a namespace.
fn in_its_namespace(finding: CheckFinding, grant: &ScopedPermission) -> CheckFinding {
    match (&grant.namespace, &grant.name) {
        (Some(namespace), None) => finding.in_namespace(namespace, &format!("may {}", grant.permission)),
        _ => finding,
    }
}

/// Checks for permissions that `config` does not need, in the whole cluster first. If everything is granted there, no
/// more is checked.
pub(super) async fn excessive(cluster: &Cluster, config: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    let mut asked = 0;
    let before = findings.len();

    for ExcessPermissions {
        namespace,
        permissions,
    } in permissions::excessive(config)
    {
        let namespace = namespace.as_deref();
        let everything = permissions::EVERYTHING.within(namespace);
        match cluster.holds(&everything).await {
            Ok(false) => {}
            Ok(true) => {
                findings.push(excess(&everything, "it includes every permission"));
                if namespace.is_none() {
                    return;
                }
                continue;
            }
            Err(error) => return findings.push(unanswered(&error)),
        }
        for (permission, why) in permissions {
            let grant = permission.within(namespace);
            asked += 1;
            match cluster.holds(&grant).await {
                Ok(false) => {}
                Ok(true) => findings.push(excess(&grant, why)),
                Err(error) => return findings.push(unanswered(&error)),
            }
        }
    }

    if findings.len() == before {
        let detail = format!("none of {asked} other permissions is granted");
        findings.push(CheckFinding::ok("excess permissions", detail));
    }
}

fn excess(grant: &ScopedPermission, why: &str) -> CheckFinding {
    let remedy = |namespace: Option<&str>| {
        let bindings = match namespace {
            Some(namespace) => format!("kubectl -n {namespace} get rolebindings,clusterrolebindings -o wide"),
            None => "kubectl get clusterrolebindings -o wide".to_owned(),
        };
        format!("find its binding with `{bindings}`, and bind what `macaque rbac` prints instead")
    };

    let finding = CheckFinding::warning(
        format!("may {grant}"),
        format!("granted, but not needed: {why}"),
        remedy(grant.namespace.as_deref()),
    );
    let mut finding = in_its_namespace(finding, grant);
    if let Some(found) = &mut finding.in_namespace {
        found.remedy = Some(remedy(Some("NAMESPACE")));
    }
    finding
}

fn unanswered(error: &ApiError) -> CheckFinding {
    CheckFinding::failed(
        "excess permissions",
        error.to_string(),
        "see the API server's message",
    )
}
