//! An audit as a whole; each finding is tested next to its code.

use std::collections::BTreeMap;

use super::*;
use crate::budget::{BudgetCoverage, BudgetStatus, UnhealthyPodPolicy};
use crate::pod::PodOwner;

pub(super) fn owner(kind: &str, name: &str) -> Option<PodOwner> {
    Some(PodOwner {
        kind: kind.into(),
        name: name.into(),
    })
}

pub(super) fn unready() -> Pod {
    Pod {
        ready: false,
        ..Pod::sample()
    }
}

/// A budget that needs `needs` of `expected` pods and has `healthy`, written as `minAvailable`.
pub(super) fn budget(needs: i64, healthy: i64, expected: i64) -> Budget {
    Budget {
        namespace: "shop".into(),
        name: "web".into(),
        selector: BudgetCoverage::Matching("app=web".parse().unwrap()),
        min_available: Some(needs.to_string()),
        max_unavailable: None,
        unhealthy: UnhealthyPodPolicy::IfHealthyBudget,
        generation: 1,
        status: BudgetStatus {
            observed_generation: 1,
            disruptions_allowed: (healthy - needs).max(0),
            current_healthy: healthy,
            desired_healthy: needs,
            expected_pods: expected,
            disrupted_pods: 0,
            sync_failed: None,
            complaint: None,
        },
    }
}

pub(super) fn at_most(limit: &str, needs: i64, healthy: i64, expected: i64) -> Budget {
    Budget {
        min_available: None,
        max_unavailable: Some(limit.into()),
        ..budget(needs, healthy, expected)
    }
}

pub(super) fn at_least(limit: &str, needs: i64, healthy: i64, expected: i64) -> Budget {
    Budget {
        min_available: Some(limit.into()),
        ..budget(needs, healthy, expected)
    }
}

pub(super) fn named(name: &str, budget: Budget) -> Budget {
    Budget {
        name: name.into(),
        ..budget
    }
}

/// The words found on one budget over `pods`.
pub(super) fn found(budget: Budget, pods: &[Pod]) -> Vec<String> {
    audit(vec![budget], pods)
        .iter()
        .map(|finding| format!("{} {}", finding.severity, finding.reason))
        .collect()
}

/// The one finding of `budget` over `pods`.
pub(super) fn only(budget: Budget, pods: &[Pod]) -> BudgetFinding {
    let mut findings = audit(vec![budget], pods);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

#[test]
fn errors_come_first() {
    let cart = |count| {
        let pod = Pod {
            owner: owner("Deployment", "cart"),
            labels: BTreeMap::new(),
            ..Pod::sample()
        };
        vec![pod; count]
    };
    let pods = [cart(2), vec![Pod::sample(); 3]].concat();
    let stray = Budget {
        selector: BudgetCoverage::Nothing,
        ..named("a", budget(1, 0, 0))
    };
    let findings = audit(vec![stray, budget(3, 3, 3)], &pods);
    let severities: Vec<_> = findings.iter().map(|finding| finding.severity).collect();

    assert_eq!(
        severities,
        [
            FindingSeverity::Error,
            FindingSeverity::Warning,
            FindingSeverity::Note
        ]
    );
}

#[test]
fn a_scopes_selector_leaves_out_budgets_of_other_pods_and_counts_all_pods() {
    let mut canary = Pod::sample();
    canary.labels.insert("track".into(), "canary".into());
    let cart = Pod {
        labels: BTreeMap::from([("app".into(), "cart".into())]),
        owner: owner("Deployment", "cart"),
        ..Pod::sample()
    };
    let of_cart = Budget {
        selector: BudgetCoverage::Matching("app=cart".parse().unwrap()),
        ..named("cart", budget(2, 2, 2))
    };
    let lost = Budget {
        selector: BudgetCoverage::Matching("app=gone".parse().unwrap()),
        ..named("lost", budget(1, 0, 0))
    };
    let mut audit = BudgetAudit::new(
        vec![budget(1, 3, 3), of_cart, lost],
        "track=canary".parse().unwrap(),
    );
    for pod in [Pod::sample(), Pod::sample(), canary, cart.clone(), cart] {
        audit.count(&pod);
    }

    let summaries = audit.summaries();
    let names: Vec<_> = summaries.iter().map(|summary| &*summary.name).collect();
    assert_eq!(names, ["lost", "web"]);
    let covers = BTreeMap::from([("deployment/web".to_owned(), 3)]);
    assert_eq!(summaries[1].covers, covers);
    assert_eq!(audit.findings().len(), 1, "only that `lost` matches nothing");
}

#[test]
fn a_summary_holds_the_arithmetic_and_the_findings() {
    let bare = Pod {
        owner: None,
        ..Pod::sample()
    };
    let mut audit = BudgetAudit::new(vec![budget(3, 3, 3)], Selector::default());
    for pod in [Pod::sample(), bare.clone(), bare] {
        audit.count(&pod);
    }

    let [summary] = &audit.summaries()[..] else {
        panic!("one budget");
    };
    let covers = [("bare pods".to_owned(), 2), ("deployment/web".to_owned(), 1)];
    assert_eq!(summary.covers, BTreeMap::from(covers));
    assert_eq!(
        (summary.needs, summary.healthy, summary.expected, summary.allows),
        (3, 3, 3, 0)
    );
    assert_eq!(summary.findings, [FindingReason::Never]);
}
