//! Pods that are terminating or finished, which a whole `minAvailable` counts among the expected pods.

use crate::budget::audit::tests::{budget, found, only, owner};
use crate::pod::{Pod, PodPhase};

#[test]
fn pods_that_are_terminating_or_finished_change_no_verdict() {
    let terminating = |kind: &str, name: &str| {
        let mut pod = Pod {
            terminating: true,
            owner: owner(kind, "web"),
            ..Pod::sample()
        };
        pod.id.name = name.into();
        pod
    };
    let finished = Pod {
        phase: PodPhase::Failed,
        ready: false,
        ..Pod::sample()
    };
    let replaced = || terminating("Deployment", "web-7d4b9-x7k2p");
    let awaited = || terminating("StatefulSet", "web-3");
    // The pods that stay, those that do not, and what is found of a budget that needs `needs` of all of them.
    let rows = [
        ("none", 3, vec![], 3, "error never"),
        ("replaced at once", 3, vec![replaced()], 3, "error never"),
        (
            "several",
            3,
            vec![replaced(), replaced(), finished.clone()],
            3,
            "error never",
        ),
        (
            "evicted by the kubelet",
            3,
            vec![finished.clone()],
            3,
            "error never",
        ),
        ("the only replica", 1, vec![replaced()], 1, "error never"),
        (
            "the only replica of a StatefulSet",
            0,
            vec![awaited()],
            1,
            "error never",
        ),
        ("to be replaced", 3, vec![awaited()], 3, "note exhausted"),
        ("more replicas than needed", 4, vec![replaced()], 3, ""),
    ];

    for (name, live, leaving, needs, expected) in rows {
        let pods = [vec![Pod::sample(); live], leaving].concat();
        let counted = i64::try_from(pods.len()).unwrap();
        let healthy = i64::try_from(live).unwrap();
        let budget = budget(needs, healthy, counted);
        let found = found(budget, &pods);
        assert_eq!(found.join(","), expected, "{name}");
    }
}

#[test]
fn a_workload_that_is_about_to_be_replaced_is_not_taken_for_a_smaller_one() {
    let pods = vec![Pod::sample(); 3];
    assert_eq!(
        found(budget(3, 3, 4), &pods),
        ["note exhausted"],
        "the status knows of a fourth"
    );
}

#[test]
fn a_finding_says_how_many_of_the_counted_pods_are_leaving() {
    let terminating = Pod {
        terminating: true,
        ..Pod::sample()
    };
    let pods = [vec![Pod::sample(); 3], vec![terminating; 2]].concat();
    let finding = only(budget(3, 3, 5), &pods);

    assert_eq!(
        finding.says,
        "no healthy pod can ever be evicted: minAvailable: 3 requires 3 healthy pods of the 5 that it counts, and 2 of \
         them are terminating or finished"
    );
    assert!(
        finding.remedy.starts_with("lower minAvailable to 2,"),
        "{}",
        finding.remedy
    );
}

#[test]
fn a_budget_over_pods_that_all_leave_has_no_finding() {
    let done = Pod {
        phase: PodPhase::Succeeded,
        ready: false,
        owner: owner("Job", "import"),
        ..Pod::sample()
    };
    let none: [&str; 0] = [];
    assert_eq!(found(budget(1, 0, 2), &[done.clone(), done]), none);
}
