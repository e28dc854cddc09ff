//! Every finding, and next to it a state that looks similar and is none.

use std::collections::BTreeMap;

use super::*;
use crate::budget::{BudgetCoverage, BudgetStatus, UnhealthyPodPolicy};
use crate::pod::PodOwner;

fn owner(kind: &str, name: &str) -> Option<PodOwner> {
    Some(PodOwner {
        kind: kind.into(),
        name: name.into(),
    })
}

fn unready() -> Pod {
    Pod {
        ready: false,
        ..Pod::sample()
    }
}

/// A budget that needs `needs` of `expected` pods and has `healthy`, written as `minAvailable`.
fn budget(needs: i64, healthy: i64, expected: i64) -> Budget {
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

fn at_most(limit: &str, needs: i64, healthy: i64, expected: i64) -> Budget {
    Budget {
        min_available: None,
        max_unavailable: Some(limit.into()),
        ..budget(needs, healthy, expected)
    }
}

fn at_least(limit: &str, needs: i64, healthy: i64, expected: i64) -> Budget {
    Budget {
        min_available: Some(limit.into()),
        ..budget(needs, healthy, expected)
    }
}

fn named(name: &str, budget: Budget) -> Budget {
    Budget {
        name: name.into(),
        ..budget
    }
}

/// The words found on one budget over `pods`.
fn found(budget: Budget, pods: &[Pod]) -> Vec<String> {
    audit(vec![budget], pods)
        .iter()
        .map(|finding| format!("{} {}", finding.severity, finding.reason))
        .collect()
}

/// The one finding of `budget` over `pods`.
fn only(budget: Budget, pods: &[Pod]) -> BudgetFinding {
    let mut findings = audit(vec![budget], pods);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

#[test]
fn a_budget_that_allows_a_disruption_has_no_finding() {
    let none: [&str; 0] = [];
    assert_eq!(found(budget(3, 4, 4), &vec![Pod::sample(); 4]), none);
    assert_eq!(found(at_most("1", 2, 3, 3), &vec![Pod::sample(); 3]), none);
    assert_eq!(found(at_least("50%", 2, 4, 4), &vec![Pod::sample(); 4]), none);
    assert_eq!(found(at_least("0", 0, 1, 1), &[Pod::sample()]), none);
}

#[test]
fn a_limit_of_no_disruption_never_allows_an_eviction() {
    for never in [
        at_most("0", 3, 3, 3),
        at_most("0%", 3, 3, 3),
        at_least("100%", 3, 3, 3),
        at_least("120%", 3, 3, 3),
        budget(3, 3, 3),
        budget(5, 3, 3),
        at_least("90%", 3, 3, 3),
    ] {
        assert_eq!(
            found(never.clone(), &vec![Pod::sample(); 3]),
            ["error never"],
            "{never:?}"
        );
    }
}

#[test]
fn a_limit_of_nothing_is_never_whatever_the_status_says() {
    let mut unsynced = at_most("0", 0, 0, 0);
    unsynced.generation = 2;
    assert_eq!(found(unsynced, &[Pod::sample(), Pod::sample()]), ["error never"]);
}

#[test]
fn a_single_replica_under_min_available_1_is_named_as_such() {
    let finding = only(budget(1, 1, 1), &[Pod::sample()]);

    assert_eq!(finding.reason, FindingReason::Never);
    assert!(
        finding.says.starts_with("its only pod can never be evicted"),
        "{}",
        finding.says
    );
    assert!(
        finding.remedy.starts_with("run two replicas"),
        "{}",
        finding.remedy
    );

    let allowed: [&str; 0] = [];
    assert_eq!(found(at_most("1", 0, 1, 1), &[Pod::sample()]), allowed);
}

#[test]
fn never_says_the_number_that_would_do() {
    let finding = only(budget(3, 3, 3), &vec![Pod::sample(); 3]);

    assert!(
        finding
            .says
            .contains("requires 3 healthy pods of the 3 that it counts"),
        "{}",
        finding.says
    );
    assert!(
        finding.remedy.contains("lower minAvailable to 2"),
        "{}",
        finding.remedy
    );

    let percent = only(at_least("90%", 3, 3, 3), &vec![Pod::sample(); 3]);
    assert!(!percent.remedy.contains("lower"), "{}", percent.remedy);
}

#[test]
fn a_limit_in_replicas_over_bare_pods_never_allows_an_eviction() {
    let bare = Pod {
        owner: None,
        ..Pod::sample()
    };

    for uncounted in [at_most("1", 0, 0, 0), at_least("50%", 0, 0, 0)] {
        let finding = only(uncounted, std::slice::from_ref(&bare));
        assert_eq!(finding.reason, FindingReason::Never);
        assert!(
            finding.says.ends_with("its pods have no controller"),
            "{}",
            finding.says
        );
    }

    let none: [&str; 0] = [];
    let counted = [bare.clone(), bare];

    assert_eq!(
        found(budget(1, 2, 2), &counted),
        none,
        "a whole number counts bare pods"
    );
}

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
fn a_failed_sync_is_put_in_the_controllers_words() {
    let daemon = Pod {
        owner: owner("DaemonSet", "logs"),
        ..Pod::sample()
    };
    let mut failed = at_most("1", 0, 0, 0);
    failed.status.observed_generation = 0;
    failed.status.sync_failed = Some("daemonsets.apps does not implement the scale subresource".into());
    let finding = only(failed, &[daemon.clone(), daemon]);

    assert_eq!(finding.reason, FindingReason::SyncFailed);
    assert!(finding.says.contains("does not implement the scale subresource"));
    assert!(
        finding
            .remedy
            .contains("exclude daemonset/logs from its selector"),
        "{}",
        finding.remedy
    );
}

#[test]
fn a_status_of_an_older_spec_is_not_yet_rather_than_never() {
    let mut unsynced = budget(3, 3, 3);
    unsynced.generation = 2;
    assert_eq!(found(unsynced, &vec![Pod::sample(); 3]), ["warning unsynced"]);
}

#[test]
fn a_selector_that_covers_nothing_is_named_by_its_reason() {
    let with = |selector| Budget {
        selector,
        ..budget(1, 0, 0)
    };
    let rows = [
        (
            BudgetCoverage::Matching("app=cart".parse().unwrap()),
            "warning matches-nothing",
        ),
        (BudgetCoverage::Nothing, "warning no-selector"),
        (
            BudgetCoverage::Invalid("\"Near\" is not an operator".into()),
            "error invalid-selector",
        ),
    ];

    for (selector, word) in rows {
        assert_eq!(found(with(selector), &[Pod::sample()]), [word]);
    }

    let empty = only(with(BudgetCoverage::Matching(Selector::default())), &[]);

    assert!(
        empty.says.contains("every pod in the namespace"),
        "{}",
        empty.says
    );
}

#[test]
fn a_budget_without_a_limit_allows_nothing() {
    let unlimited = Budget {
        min_available: None,
        ..budget(0, 0, 0)
    };
    assert_eq!(found(unlimited, &[Pod::sample()]), ["error no-limit"]);
}

#[test]
fn unready_pods_that_block_are_a_warning_with_the_policy_that_helps() {
    let finding = only(
        budget(3, 2, 4),
        &[Pod::sample(), Pod::sample(), unready(), unready()],
    );

    assert_eq!(finding.reason, FindingReason::UnhealthyPods);
    assert!(
        finding.says.contains("not even the 2 that are not ready"),
        "{}",
        finding.says
    );
    assert!(finding.remedy.contains("unhealthyPodEvictionPolicy: AlwaysAllow"));
}

#[test]
fn unready_pods_under_always_allow_or_enough_healthy_ones_do_not_block() {
    let pods = [Pod::sample(), Pod::sample(), Pod::sample(), unready()];
    let enough = budget(3, 3, 4);

    assert_eq!(found(enough, &pods), ["note exhausted"], "the unready one may go");

    let always = Budget {
        unhealthy: UnhealthyPodPolicy::AlwaysAllow,
        ..budget(3, 2, 4)
    };
    assert_eq!(
        found(always, &[Pod::sample(), Pod::sample(), unready(), unready()]),
        ["note exhausted"]
    );
}

#[test]
fn min_available_0_with_unready_pods_only_blocks_them() {
    assert_eq!(found(budget(0, 0, 1), &[unready()]), ["warning unhealthy-pods"]);
}

#[test]
fn an_exhausted_budget_is_not_now_with_its_arithmetic() {
    let pending = Pod {
        phase: PodPhase::Pending,
        ready: false,
        ..Pod::sample()
    };
    let finding = only(
        budget(3, 3, 4),
        &[Pod::sample(), Pod::sample(), Pod::sample(), pending],
    );

    assert_eq!(
        (finding.severity, finding.reason),
        (FindingSeverity::Note, FindingReason::Exhausted)
    );
    assert_eq!(
        finding.says,
        "no pod can be evicted now: it needs 3 healthy pods and has 3 of the 4 that it counts"
    );
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
