//! Every finding on a budget, and a similar state that is not a finding.

mod departing;

use super::*;
use crate::budget::UnhealthyPodPolicy;
use crate::budget::audit::tests::{at_least, at_most, budget, found, named, only, owner, unready};
use crate::budget::audit::{FindingSeverity, audit};
use crate::pod::{Pod, PodPhase};

#[test]
fn a_budget_that_allows_a_disruption_has_no_finding() {
    let none: [&str; 0] = [];
    assert_eq!(found(budget(3, 4, 4), &vec![Pod::sample(); 4]), none);
    assert_eq!(found(at_most("1", 2, 3, 3), &vec![Pod::sample(); 3]), none);
    assert_eq!(found(at_least("50%", 2, 4, 4), &vec![Pod::sample(); 4]), none);
    assert_eq!(found(at_least("0", 0, 1, 1), &[Pod::sample()]), none);
}

#[test]
fn a_limit_that_leaves_no_disruption_never_allows_an_eviction() {
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
fn a_limit_of_zero_is_never_even_with_another_status() {
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
fn a_never_finding_says_which_number_would_allow_an_eviction() {
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
fn a_status_of_an_older_spec_means_not_yet_rather_than_never() {
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
fn the_policy_for_unready_pods_is_no_remedy_where_several_budgets_refuse() {
    let findings = audit(
        vec![named("web", budget(3, 2, 3)), named("also-web", budget(1, 2, 3))],
        &[Pod::sample(), Pod::sample(), unready()],
    );
    let reasons: Vec<_> = findings.iter().map(|finding| finding.reason).collect();

    assert!(reasons.contains(&FindingReason::SeveralBudgets), "{findings:?}");
    assert!(!reasons.contains(&FindingReason::UnhealthyPods), "{findings:?}");
}

#[test]
fn an_exhausted_budget_is_a_note_with_its_arithmetic() {
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
        "no healthy pod can be evicted now: it needs 3 and has 3 of the 4 pods that it counts"
    );
}
