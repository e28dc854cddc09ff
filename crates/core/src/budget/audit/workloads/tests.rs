//! Every finding on a workload, and next to it a state that looks similar and is none.

use super::*;
use crate::budget::audit::tests::{budget, named, owner};
use crate::budget::audit::{FindingSeverity, audit};
use crate::budget::{Budget, BudgetCoverage};
use crate::pod::{Pod, PodPhase};
use crate::selector::Selector;

#[test]
fn two_budgets_on_a_pod_are_named_with_the_workload() {
    let all = Budget {
        selector: BudgetCoverage::Matching(Selector::default()),
        ..named("all", budget(1, 4, 4))
    };
    let findings = audit(vec![budget(3, 4, 4), all.clone()], &vec![Pod::sample(); 4]);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let BudgetFinding {
        severity,
        reason,
        object,
        budgets,
        says,
        ..
    } = &findings[0];
    assert_eq!(
        (*severity, *reason),
        (FindingSeverity::Error, FindingReason::SeveralBudgets)
    );
    assert_eq!(object.to_string(), "deployment shop/web");
    assert_eq!(*budgets, ["all", "web"]);
    assert!(
        says.starts_with("budgets all and web cover the same 4 pods"),
        "{says}"
    );

    let elsewhere = Budget {
        namespace: "other".into(),
        ..all
    };
    let found = audit(vec![budget(3, 4, 4), elsewhere], &vec![Pod::sample(); 4]);
    assert!(
        found
            .iter()
            .all(|finding| finding.reason == FindingReason::MatchesNothing)
    );
}

#[test]
fn two_budgets_over_pods_that_ended_harm_nobody() {
    let ended = Pod {
        phase: PodPhase::Succeeded,
        owner: owner("Job", "web"),
        ..Pod::sample()
    };
    assert!(audit(vec![budget(0, 1, 1), named("all", budget(0, 1, 1))], &[ended]).is_empty());
}

#[test]
fn a_workload_of_several_pods_without_a_budget_is_a_note() {
    let finding = audit(Vec::new(), &[Pod::sample(), Pod::sample()]).remove(0);
    assert_eq!(
        (finding.severity, finding.reason),
        (FindingSeverity::Note, FindingReason::NoBudget)
    );
    assert_eq!(finding.object.to_string(), "deployment shop/web");
}

#[test]
fn one_replica_and_pods_that_no_budget_is_meant_for_need_none() {
    let mut second = Pod::sample();
    second.terminating = true;

    assert!(
        audit(Vec::new(), &[Pod::sample(), second]).is_empty(),
        "one goes, one is left"
    );

    for owner in [owner("DaemonSet", "logs"), owner("Job", "import"), None] {
        let pod = Pod {
            owner,
            ..Pod::sample()
        };
        assert!(audit(Vec::new(), &[pod.clone(), pod]).is_empty());
    }
}
