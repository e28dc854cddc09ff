//! The rows of the prediction, in the order in which the API server would come to them.

use super::*;

/// A budget of 3 healthy pods out of 4, with one disruption left.
pub(crate) fn budget() -> Budget {
    Budget {
        namespace: "shop".into(),
        name: "web".into(),
        selector: BudgetCoverage::Matching("app=web".parse().unwrap()),
        min_available: Some("3".into()),
        max_unavailable: None,
        unhealthy: UnhealthyPodPolicy::IfHealthyBudget,
        generation: 1,
        status: BudgetStatus {
            observed_generation: 1,
            disruptions_allowed: 1,
            current_healthy: 4,
            desired_healthy: 3,
            expected_pods: 4,
            disrupted_pods: 0,
            sync_failed: None,
            complaint: None,
        },
    }
}

fn exhausted() -> Budget {
    let mut budget = budget();
    budget.status.disruptions_allowed = 0;
    budget.status.current_healthy = 3;
    budget
}

fn prediction(pod: &Pod, budgets: &[Budget]) -> String {
    predict(pod, budgets, &PlannedDisruptions::default()).to_string()
}

#[test]
fn a_budget_with_room_allows_and_an_exhausted_one_refuses_in_the_servers_words() {
    assert_eq!(
        prediction(&Pod::sample(), &[budget()]),
        "allowed: budget web allows 1"
    );
    let words = "refused by budget web: The disruption budget web needs 3 healthy pods and has 3 currently";
    assert_eq!(prediction(&Pod::sample(), &[exhausted()]), words);
}

#[test]
fn a_budget_with_nothing_left_and_enough_healthy_pods_says_only_that() {
    let mut budget = exhausted();
    // As a maxUnavailable over bare pods, of which the disruption controller expects none.
    budget.status.desired_healthy = 0;
    budget.status.expected_pods = 0;

    let words = "refused by budget web: The disruption budget web does not allow evicting pods currently";
    assert_eq!(prediction(&Pod::sample(), std::slice::from_ref(&budget)), words);
    budget.status.complaint = Some("(Frozen): the sale is on".into());
    assert_eq!(
        prediction(&Pod::sample(), &[budget]),
        format!("{words} (Frozen): the sale is on")
    );
}

#[test]
fn one_disruption_left_is_predicted_for_one_pod_only() {
    let mut planned = PlannedDisruptions::default();
    let first = predict(&Pod::sample(), &[budget()], &planned);
    planned.note("shop", &first);
    assert!(first.is_allowed());
    assert!(!predict(&Pod::sample(), &[budget()], &planned).is_allowed());

    let elsewhere = Budget {
        namespace: "other".into(),
        ..budget()
    };
    let mut stranger = Pod::sample();
    stranger.id.namespace = "other".into();
    assert!(
        predict(&stranger, &[elsewhere], &planned).is_allowed(),
        "a namesake elsewhere has its own"
    );
}

#[test]
fn no_budget_is_asked_for_pods_that_do_not_run_even_if_two_cover_them() {
    for phase in [PodPhase::Pending, PodPhase::Succeeded, PodPhase::Failed] {
        assert!(
            predict(
                &Pod {
                    phase,
                    ..Pod::sample()
                },
                &[exhausted(), exhausted()],
                &PlannedDisruptions::default()
            )
            .is_allowed()
        );
    }

    let unknown = Pod {
        phase: PodPhase::Unknown,
        ..Pod::sample()
    };
    assert!(!predict(&unknown, &[exhausted()], &PlannedDisruptions::default()).is_allowed());

    let terminating = Pod {
        terminating: true,
        ..Pod::sample()
    };
    assert!(predict(&terminating, &[exhausted()], &PlannedDisruptions::default()).is_allowed());
}

#[test]
fn two_budgets_refuse_even_if_both_allow() {
    let other = Budget {
        name: "all".into(),
        selector: BudgetCoverage::Matching(Selector::default()),
        ..budget()
    };
    let prediction = predict(&Pod::sample(), &[budget(), other], &PlannedDisruptions::default());
    assert_eq!(prediction, Prediction::Refused(Refusal::SeveralBudgets));
}

#[test]
fn a_budget_covers_by_selector_in_its_own_namespace_only() {
    let covers = |selector| {
        Budget {
            selector,
            ..exhausted()
        }
        .covers(&Pod::sample())
    };

    assert!(covers(BudgetCoverage::Matching(Selector::default())));
    assert!(!covers(BudgetCoverage::Matching("app=cart".parse().unwrap())));
    assert!(!covers(BudgetCoverage::Nothing));
    assert!(!covers(BudgetCoverage::Invalid("no such operator".into())));
    assert!(
        !Budget {
            namespace: "other".into(),
            ..exhausted()
        }
        .covers(&Pod::sample())
    );
}

#[test]
fn an_unready_pod_is_judged_by_the_policy_for_unhealthy_pods() {
    let unready = Pod {
        ready: false,
        ..Pod::sample()
    };
    let allowed = |budget: Budget| predict(&unready, &[budget], &PlannedDisruptions::default()).is_allowed();
    let always = Budget {
        unhealthy: UnhealthyPodPolicy::AlwaysAllow,
        ..exhausted()
    };
    let mut unsynced = always.clone();
    unsynced.generation = 9;
    assert!(
        allowed(always) && allowed(unsynced),
        "AlwaysAllow asks nothing, not even whether it was synced"
    );
    assert!(allowed(exhausted()), "healthy enough without it");

    let mut unhealthy = exhausted();
    unhealthy.status.current_healthy = 2;
    assert!(!allowed(unhealthy), "too few healthy pods");

    let mut none_desired = exhausted();
    none_desired.status.desired_healthy = 0;
    none_desired.status.current_healthy = 0;
    assert!(
        !allowed(none_desired),
        "minAvailable 0 with unready pods only is refused for ever"
    );
    assert!(!allowed(Budget {
        unhealthy: UnhealthyPodPolicy::Unrecognized("Later".into()),
        ..exhausted()
    }));
}

#[test]
fn a_budget_that_is_not_synced_or_broken_refuses() {
    let mut unsynced = budget();
    unsynced.generation = 2;
    assert!(prediction(&Pod::sample(), &[unsynced]).ends_with("is still being processed by the server."));

    let mut negative = budget();
    negative.status.disruptions_allowed = -1;
    assert!(
        prediction(&Pod::sample(), &[negative])
            .ends_with("web does not allow evicting pods currently: pdb disruptions allowed is negative")
    );

    let mut overfull = budget();
    overfull.status.disrupted_pods = MAX_DISRUPTED_PODS + 1;
    assert!(
        prediction(&Pod::sample(), &[overfull])
            .ends_with("too many pending evictions not confirmed by PDB controller")
    );

    let mut failed = exhausted();
    failed.status.sync_failed = Some("found no controllers for pod \"web-0\"".into());
    assert!(prediction(&Pod::sample(), &[failed]).contains("failed sync: found no controllers"));
}
