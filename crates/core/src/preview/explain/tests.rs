//! An explanation names every rule that exempts the pod and every number of its budgets.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::budget::{Budget, UnhealthyPodPolicy};
use crate::config::TargetConfig;
use crate::guard::{GuardAnswer, RolloutGuard};

fn now() -> Timestamp {
    "2026-06-10T12:00:00Z".parse().unwrap()
}

/// A ready pod of the Deployment `web`, twelve seconds old.
fn web() -> Pod {
    Pod {
        created: Some("2026-06-10T11:59:48Z".parse().unwrap()),
        ..Pod::sample()
    }
}

fn rules(min_age: u64, method: DisruptionMethod) -> EligibilityConfig {
    EligibilityConfig {
        target: TargetConfig {
            selector: "app=web".parse().unwrap(),
            min_age: Duration::from_secs(min_age),
            ..TargetConfig::all_of("shop")
        },
        method,
        own_pod: None,
        metadata: Arc::default(),
    }
}

fn budget(allowed: i64, healthy: i64) -> Budget {
    let mut budget = crate::budget::tests::budget();
    budget.status.disruptions_allowed = allowed;
    budget.status.current_healthy = healthy;
    budget
}

fn under(budgets: Vec<Budget>) -> BudgetIndex {
    let mut index = BudgetIndex::default();
    index.add(budgets);
    index
}

/// The explanation of `pod` with every guard off.
fn explained(pod: &Pod, rules: &EligibilityConfig, budgets: &BudgetIndex) -> PodExplanation {
    let guards = ExplainedGuards {
        config: &GuardConfig::off(),
        of_victim: &[],
        of_round: &[],
    };
    explain(pod, rules, now(), budgets, guards)
}

#[test]
fn the_conclusion_names_every_rule_that_exempts_the_pod() {
    let mut pod = web();
    pod.id.namespace = "elsewhere".into();
    pod.labels.clear();
    let explained = self::explained(&pod, &rules(60, DisruptionMethod::Evict), &BudgetIndex::default());

    assert_eq!(
        explained.conclusion,
        "elsewhere/web-0 cannot be picked: outside the namespaces in scope; \
         does not match the selector; younger than 1m (12s)."
    );
    assert_eq!(explained.exempt(), Some("outside the namespaces in scope"));
    assert_eq!(
        explained.rules[0].setting.as_deref(),
        Some("target.namespaces = [shop]")
    );
}

#[test]
fn a_budgets_arithmetic_is_put_in_words() {
    let explained = self::explained(
        &web(),
        &rules(0, DisruptionMethod::Evict),
        &under(vec![budget(1, 4)]),
    );

    assert_eq!(explained.exempt(), None);
    assert_eq!(
        explained.budgets.unwrap()[0].words,
        [
            "budget web, minAvailable 3: 4 expected, 4 healthy, 3 needed, so it allows 1",
            "running pods that are not ready can be evicted now, since enough others are healthy (IfHealthyBudget)",
        ]
    );
    assert_eq!(
        explained.conclusion,
        "shop/web-0 can be picked, and its eviction would be allowed: budget web allows 1; webhooks and \
         policies were not asked."
    );
}

#[test]
fn the_arithmetic_names_what_is_wrong_with_a_budget() {
    let mut broken = budget(0, 4);
    broken.generation = 2;
    broken.status.disrupted_pods = 2;
    broken.status.sync_failed = Some("found no controllers for pod \"web-0\"".into());
    broken.unhealthy = UnhealthyPodPolicy::Unrecognized("Sometimes".into());

    assert_eq!(
        broken.arithmetic(0).words,
        [
            "budget web, minAvailable 3: 4 expected, 4 healthy, 3 needed, and its status allows 0",
            "its status is for an older version of its spec: until its controller catches up no ready pod can be evicted",
            "its controller cannot compute it: found no controllers for pod \"web-0\"",
            "evicted pods whose deletion its controller has not seen yet: 2",
            "running pods that are not ready count like any other, since macaque does not know the policy Sometimes",
        ]
    );
}

#[test]
fn under_several_budgets_none_lets_a_pod_go_whatever_its_policy_for_unready_pods() {
    let named = |name: &str| Budget {
        name: name.into(),
        unhealthy: UnhealthyPodPolicy::AlwaysAllow,
        ..budget(1, 4)
    };
    let ready = web();
    let unready = Pod {
        ready: false,
        ..web()
    };
    let rows = [
        (
            vec![named("a"), named("b")],
            "another budget covers the pod too: ",
        ),
        (
            vec![named("a"), named("b"), named("c")],
            "2 other budgets cover the pod too: ",
        ),
    ];

    for (budgets, beginning) in rows {
        for pod in [&ready, &unready] {
            let rules = rules(0, DisruptionMethod::Evict);
            let explained = self::explained(pod, &rules, &under(budgets.clone()));
            let expected = format!("{beginning}while it runs its eviction is refused, ready or not");
            for budget in explained.budgets.unwrap() {
                assert_eq!(budget.words[1..], [&*expected]);
            }
            assert!(explained.prediction.is_stopped());
            let refused = "its eviction would be refused by several budgets at once";
            assert!(explained.conclusion.contains(refused), "{}", explained.conclusion);
        }
    }
}

#[test]
fn a_pod_that_is_terminating_is_not_called_ready() {
    let pod = Pod {
        terminating: true,
        ..web()
    };
    let rules = rules(0, DisruptionMethod::Evict);
    let explained = self::explained(&pod, &rules, &BudgetIndex::default());
    assert_eq!(
        (explained.ready, explained.state),
        (false, ReplicaState::Terminating)
    );
}

#[test]
fn a_refusal_is_in_the_servers_words_and_a_deletion_asks_no_budget() {
    let exhausted = under(vec![budget(0, 3)]);
    let explained = self::explained(&web(), &rules(0, DisruptionMethod::Evict), &exhausted);

    assert_eq!(
        explained.conclusion,
        "shop/web-0 can be picked, but its eviction would be refused by budget web: The disruption budget web needs 3 \
         healthy pods and has 3 currently."
    );

    let explained = self::explained(&web(), &rules(0, DisruptionMethod::Delete), &exhausted);
    assert_eq!(explained.budgets, None);
    assert_eq!(
        explained.conclusion,
        "shop/web-0 can be picked, and its deletion would be allowed: a deletion does not check budgets; \
         webhooks and policies were not asked."
    );
}

#[test]
fn unreadable_budgets_leave_the_conclusion_open() {
    let mut unread = BudgetIndex::default();
    unread.add_unreadable(None, "forbidden".into());
    let explained = self::explained(&web(), &rules(0, DisruptionMethod::Evict), &unread);
    assert_eq!(explained.budgets, None);
    assert_eq!(
        explained.conclusion,
        "shop/web-0 can be picked; whether its eviction would be allowed is unknown: budgets could not be read."
    );
}

fn finding(guard: &str, answer: GuardAnswer, seen: &str) -> GuardFinding {
    let setting = format!("guards.{guard}");
    GuardFinding::new(guard, answer, setting, seen.to_owned())
}

#[test]
fn every_guard_has_a_row_and_the_conclusion_names_the_one_that_stops_the_disruption() {
    let config = GuardConfig {
        rollout: RolloutGuard::Off,
        ..GuardConfig::default()
    };
    let of_victim = [
        finding("recovered", GuardAnswer::Go, "no victim is recovering"),
        finding("freeze", GuardAnswer::Go, "namespace shop is not frozen"),
        finding("whole", GuardAnswer::HoldsBack, "2 of 3 pods ready"),
        finding("min_ready", GuardAnswer::Go, "2 would stay ready, 1 required"),
    ];
    let of_round = [
        finding("drains", GuardAnswer::Go, "0 pods are being disrupted by others"),
        finding("no-page", GuardAnswer::Go, "no series"),
    ];
    let guards = ExplainedGuards {
        config: &config,
        of_victim: &of_victim,
        of_round: &of_round,
    };
    let rules = rules(0, DisruptionMethod::Evict);
    let explained = explain(&web(), &rules, now(), &BudgetIndex::default(), guards);

    let rows: Vec<_> = explained
        .guards
        .iter()
        .map(|row| format!("{} | {} | {} | {}", row.guard, row.result, row.setting, row.seen))
        .collect();
    assert_eq!(
        rows,
        [
            "recovered | ok | guards.recovered | no victim is recovering",
            "freeze | ok | guards.freeze | namespace shop is not frozen",
            "whole | holds back | guards.whole | 2 of 3 pods ready",
            "rollout | off | guards.rollout = false | ",
            "min_ready | ok | guards.min_ready | 2 would stay ready, 1 required",
            "drains | ok | guards.drains | 0 pods are being disrupted by others",
            "nodes | off | guards.nodes = \"off\" | ",
            "no-page | ok | guards.no-page | no series",
        ]
    );
    assert_eq!(
        explained.conclusion,
        "shop/web-0 can be picked, but would not be disrupted: guard whole holds back: 2 of 3 pods ready."
    );

    let of_round = [finding("no-page", GuardAnswer::CannotAnswer, "HTTP 502")];
    let guards = ExplainedGuards {
        of_round: &of_round,
        ..guards
    };
    let explained = explain(&web(), &rules, now(), &BudgetIndex::default(), guards);
    assert_eq!(
        explained.conclusion,
        "shop/web-0 can be picked, but the round would end: guard no-page cannot answer: HTTP 502."
    );
}
