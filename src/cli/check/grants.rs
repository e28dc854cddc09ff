//! Holds what the API server grants against what the plan needs: what is missing, and what is too much.

use crate::k8s::{Cluster, ClusterError};
use macaque_core::config::Plan;
use macaque_core::permissions::{self, Grant, Purpose, Right, Suspicion};

use super::Finding;

/// What a grant that is not held means.
#[derive(Clone, Copy)]
enum Want {
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
    plan: &Plan,
    namespace: Option<&str>,
    findings: &mut Vec<Finding>,
) {
    let needed = permissions::needed(plan, Purpose::Rounds);
    let to_arm = plan.dry_run.then(|| Right::to_disrupt(plan.disrupt.method));
    let wanted = needed
        .into_iter()
        .map(|right| (right, Want::Needed))
        .chain(to_arm.map(|right| (right, Want::ToArm)))
        .chain([(permissions::LIST_BUDGETS, Want::ToPreview)]);
    for (right, want) in wanted {
        let grant = right.within(namespace);
        let held = cluster.holds(&grant).await;
        findings.push(permission(&grant, held, want));
    }
}

/// Asks for the rights that the journal needs.
pub(super) async fn journal(cluster: &Cluster, plan: &Plan, findings: &mut Vec<Finding>) {
    for grant in permissions::to_keep_the_journal(plan) {
        let held = cluster.holds(&grant).await;
        findings.push(permission(&grant, held, Want::Needed));
    }
}

fn permission(grant: &Grant, held: Result<bool, ClusterError>, want: Want) -> Finding {
    let what = format!("may {grant}");
    match (held, want) {
        (Err(error), _) => Finding::failed(what, error.to_string(), "see the API server's words"),
        (Ok(true), Want::Needed) => Finding::ok(what, "granted"),
        (Ok(true), Want::ToArm) => Finding::ok(what, "granted; a dry run does not use it"),
        (Ok(true), Want::ToPreview) => Finding::ok(what, "granted; rounds do not use it"),
        (Ok(false), Want::Needed) => Finding::failed(what, "not granted", grant.remedy()),
        (Ok(false), Want::ToArm) => Finding::note(
            what,
            "not granted, and a dry run does not need it",
            "grant it before arming",
        ),
        (Ok(false), Want::ToPreview) => Finding::note(
            what,
            "not granted, and only the commands that read budgets need it",
            "`macaque rbac --preview` grants it",
        ),
    }
}

/// Asks for rights that the plan does not need, the whole cluster first. Whoever may do everything there is asked
/// no more.
pub(super) async fn excessive(cluster: &Cluster, plan: &Plan, findings: &mut Vec<Finding>) {
    let (mut asked, before) = (0, findings.len());
    for Suspicion { namespace, rights } in permissions::excessive(plan) {
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
        findings.push(Finding::ok("no more than it needs", detail));
    }
}

fn excess(grant: &Grant, why: &str) -> Finding {
    let bindings = match &grant.namespace {
        Some(namespace) => format!("kubectl -n {namespace} get rolebindings,clusterrolebindings -o wide"),
        None => "kubectl get clusterrolebindings -o wide".to_owned(),
    };
    Finding::warning(
        format!("may {grant}"),
        format!("granted, and macaque does not need it: {why}"),
        format!("find who grants it with `{bindings}`, and bind what `macaque rbac` prints instead"),
    )
}

fn unasked(error: &ClusterError) -> Finding {
    Finding::failed(
        "no more than it needs",
        error.to_string(),
        "see the API server's words",
    )
}
