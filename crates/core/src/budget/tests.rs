//! The rows of the local verdict, each in the order in which the API server would come to it.

use super::*;

/// A budget of 3 healthy pods out of 4, with one disruption left.
fn budget() -> Budget {
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

fn spent() -> Budget {
    let mut budget = budget();
    (budget.status.disruptions_allowed, budget.status.current_healthy) = (0, 3);
    budget
}

fn verdict(pod: &Pod, budgets: &[Budget]) -> String {
    foretell(pod, budgets, &PlannedDisruptions::default()).to_string()
}

#[test]
fn a_budget_with_room_allows_and_a_spent_one_refuses_in_the_servers_words() {
    assert_eq!(
        verdict(&Pod::sample(), &[budget()]),
        "allowed: budget web allows 1"
    );
    let words = "refused by budget web: The disruption budget web needs 3 healthy pods and has 3 currently";
    assert_eq!(verdict(&Pod::sample(), &[spent()]), words);
}

#[test]
fn a_budget_with_nothing_left_and_pods_to_spare_says_only_that() {
    let mut budget = spent();
    // As a maxUnavailable over bare pods, of which the disruption controller expects none.
    (budget.status.desired_healthy, budget.status.expected_pods) = (0, 0);
    let words = "refused by budget web: The disruption budget web does not allow evicting pods currently";
    assert_eq!(verdict(&Pod::sample(), std::slice::from_ref(&budget)), words);
    budget.status.complaint = Some("(Frozen): the sale is on".into());
    assert_eq!(
        verdict(&Pod::sample(), &[budget]),
        format!("{words} (Frozen): the sale is on")
    );
}

#[test]
fn one_disruption_left_is_foretold_to_one_pod_only() {
    let mut planned = PlannedDisruptions::default();
    let first = foretell(&Pod::sample(), &[budget()], &planned);
    planned.note("shop", &first);
    assert!(first.is_allowed());
    assert!(!foretell(&Pod::sample(), &[budget()], &planned).is_allowed());
    let elsewhere = Budget {
        namespace: "other".into(),
        ..budget()
    };
    let mut stranger = Pod::sample();
    stranger.id.namespace = "other".into();
    assert!(
        foretell(&stranger, &[elsewhere], &planned).is_allowed(),
        "a namesake elsewhere has its own"
    );
}

#[test]
fn pods_that_do_not_run_ask_no_budget_even_two() {
    for phase in [PodPhase::Pending, PodPhase::Succeeded, PodPhase::Failed] {
        assert!(
            foretell(
                &Pod {
                    phase,
                    ..Pod::sample()
                },
                &[spent(), spent()],
                &PlannedDisruptions::default()
            )
            .is_allowed()
        );
    }
    let unknown = Pod {
        phase: PodPhase::Unknown,
        ..Pod::sample()
    };
    assert!(!foretell(&unknown, &[spent()], &PlannedDisruptions::default()).is_allowed());
    let terminating = Pod {
        terminating: true,
        ..Pod::sample()
    };
    assert!(foretell(&terminating, &[spent()], &PlannedDisruptions::default()).is_allowed());
}

#[test]
fn two_budgets_refuse_whatever_they_hold() {
    let other = Budget {
        name: "all".into(),
        selector: BudgetCoverage::Matching(Selector::default()),
        ..budget()
    };
    let forecast = foretell(&Pod::sample(), &[budget(), other], &PlannedDisruptions::default());
    assert_eq!(forecast, BudgetForecast::Refused(Refusal::SeveralBudgets));
}

#[test]
fn a_budget_covers_by_selector_in_its_own_namespace_only() {
    let covers = |selector| Budget { selector, ..spent() }.covers(&Pod::sample());
    assert!(covers(BudgetCoverage::Matching(Selector::default())));
    assert!(!covers(BudgetCoverage::Matching("app=cart".parse().unwrap())));
    assert!(!covers(BudgetCoverage::Nothing));
    assert!(!covers(BudgetCoverage::Invalid("no such operator".into())));
    assert!(
        !Budget {
            namespace: "other".into(),
            ..spent()
        }
        .covers(&Pod::sample())
    );
}

#[test]
fn an_unready_pod_goes_by_the_policy_for_unhealthy_pods() {
    let unready = Pod {
        ready: false,
        ..Pod::sample()
    };
    let allowed = |budget: Budget| foretell(&unready, &[budget], &PlannedDisruptions::default()).is_allowed();
    let always = Budget {
        unhealthy: UnhealthyPodPolicy::AlwaysAllow,
        ..spent()
    };
    let mut unsynced = always.clone();
    unsynced.generation = 9;
    assert!(
        allowed(always) && allowed(unsynced),
        "AlwaysAllow asks nothing, not even whether it was synced"
    );
    assert!(allowed(spent()), "healthy enough without it");
    let mut sick = spent();
    sick.status.current_healthy = 2;
    assert!(!allowed(sick), "too few healthy pods");
    let mut none_desired = spent();
    (
        none_desired.status.desired_healthy,
        none_desired.status.current_healthy,
    ) = (0, 0);
    assert!(
        !allowed(none_desired),
        "minAvailable 0 with unready pods only is refused for ever"
    );
    assert!(!allowed(Budget {
        unhealthy: UnhealthyPodPolicy::Unrecognized("Later".into()),
        ..spent()
    }));
}

#[test]
fn a_budget_that_is_not_synced_or_broken_refuses() {
    let mut unsynced = budget();
    unsynced.generation = 2;
    assert!(verdict(&Pod::sample(), &[unsynced]).ends_with("is still being processed by the server."));
    let mut negative = budget();
    negative.status.disruptions_allowed = -1;
    assert!(
        verdict(&Pod::sample(), &[negative])
            .ends_with("web does not allow evicting pods currently: pdb disruptions allowed is negative")
    );
    let mut crowded = budget();
    crowded.status.disrupted_pods = MOST_DISRUPTED_PODS + 1;
    assert!(
        verdict(&Pod::sample(), &[crowded])
            .ends_with("too many pending evictions not confirmed by PDB controller")
    );
    let mut failed = spent();
    failed.status.sync_failed = Some("found no controllers for pod \"web-0\"".into());
    assert!(verdict(&Pod::sample(), &[failed]).contains("failed sync: found no controllers"));
}
