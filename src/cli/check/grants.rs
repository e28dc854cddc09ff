//! Holds what the API server grants against what the plan needs: what is missing, and what is too much.

use macaque_core::config::ChaosConfig;
use macaque_core::permissions::{self, ExcessPermissions, Permission, PermissionPurpose, ScopedPermission};

use super::CheckFinding;
use crate::k8s::{ApiError, Cluster};

/// What a grant that is not held means.
#[derive(Clone, Copy)]
enum PermissionNeed {
    /// Rounds fail without it.
    Needed,
    /// Rounds will fail without it once macaque is armed.
    ToArm,
    /// Some commands fail without it; rounds do not.
    ToPreview,
}

/// Asks for every right that the plan needs in `namespace`, or in all.
pub(super) async fn needed(
    cluster: &Cluster,
    plan: &ChaosConfig,
    namespace: Option<&str>,
    findings: &mut Vec<CheckFinding>,
) {
    let needed = permissions::needed(plan, PermissionPurpose::Rounds);
    let to_arm = plan.dry_run.then(|| Permission::to_disrupt(plan.disrupt.method));
    let wanted = needed
        .into_iter()
        .map(|right| (right, PermissionNeed::Needed))
        .chain(to_arm.map(|right| (right, PermissionNeed::ToArm)))
        .chain([(permissions::LIST_BUDGETS, PermissionNeed::ToPreview)]);
    for (right, want) in wanted {
        let grant = right.within(namespace);
        let held = cluster.holds(&grant).await;
        findings.push(permission(&grant, held, want));
    }
}

/// Asks for the rights that the journal needs.
pub(super) async fn journal(cluster: &Cluster, plan: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    for grant in permissions::journal_permissions(plan) {
        let held = cluster.holds(&grant).await;
        findings.push(permission(&grant, held, PermissionNeed::Needed));
    }
}

fn permission(grant: &ScopedPermission, held: Result<bool, ApiError>, want: PermissionNeed) -> CheckFinding {
    let what = format!("may {grant}");
    match (held, want) {
        (Err(error), _) => CheckFinding::failed(what, error.to_string(), "see the API server's words"),
        (Ok(true), PermissionNeed::Needed) => CheckFinding::ok(what, "granted"),
        (Ok(true), PermissionNeed::ToArm) => CheckFinding::ok(what, "granted; a dry run does not use it"),
        (Ok(true), PermissionNeed::ToPreview) => CheckFinding::ok(what, "granted; rounds do not use it"),
        (Ok(false), PermissionNeed::Needed) => CheckFinding::failed(what, "not granted", grant.remedy()),
        (Ok(false), PermissionNeed::ToArm) => CheckFinding::note(
            what,
            "not granted, and a dry run does not need it",
            "grant it before arming",
        ),
        (Ok(false), PermissionNeed::ToPreview) => CheckFinding::note(
            what,
            "not granted, and only the commands that read budgets need it",
            "`macaque rbac --preview` grants it",
        ),
    }
}

/// Asks for rights that the plan does not need, the whole cluster first. Whoever may do everything there is asked
/// no more.
pub(super) async fn excessive(cluster: &Cluster, plan: &ChaosConfig, findings: &mut Vec<CheckFinding>) {
    let (mut asked, before) = (0, findings.len());
    for ExcessPermissions { namespace, rights } in permissions::excessive(plan) {
        let namespace = namespace.as_deref();
        let everything = permissions::EVERYTHING.within(namespace);
        match cluster.holds(&everything).await {
            Ok(false) => {}
            Ok(true) => {
                findings.push(excess(&everything, "everything is granted"));
                if namespace.is_none() {
                    return;
                }
                continue;
            }
            Err(error) => return findings.push(unasked(&error)),
        }
        for (right, why) in rights {
            let grant = right.within(namespace);
            asked += 1;
            match cluster.holds(&grant).await {
                Ok(false) => {}
                Ok(true) => findings.push(excess(&grant, why)),
                Err(error) => return findings.push(unasked(&error)),
            }
        }
    }
    if findings.len() == before {
        let detail = format!("none of the {asked} further grants that were asked for is held");
        findings.push(CheckFinding::ok("no more than it needs", detail));
    }
}

fn excess(grant: &ScopedPermission, why: &str) -> CheckFinding {
    let bindings = match &grant.namespace {
        Some(namespace) => format!("kubectl -n {namespace} get rolebindings,clusterrolebindings -o wide"),
        None => "kubectl get clusterrolebindings -o wide".to_owned(),
    };
    CheckFinding::warning(
        format!("may {grant}"),
        format!("granted, and macaque does not need it: {why}"),
        format!("find who grants it with `{bindings}`, and bind what `macaque rbac` prints instead"),
    )
}

fn unasked(error: &ApiError) -> CheckFinding {
    CheckFinding::failed(
        "no more than it needs",
        error.to_string(),
        "see the API server's words",
    )
}
