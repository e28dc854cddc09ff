//! A preview picks as a round does, with predictions in place of answers, and chances follow from many draws.

use std::collections::BTreeMap;

use super::*;
use crate::budget::{Budget, BudgetCoverage, BudgetStatus, UnhealthyPodPolicy};
use crate::config::{DrawBy, VictimCount};
use crate::guard::{GuardAnswer, GuardConfig, MinReady, judge_siblings};
use crate::pod::PodPhase;
use crate::refusal::Refusal;
use crate::siblings::SiblingPods;
use crate::verdict::DisruptionVerdict;

/// `app-0`, `app-1` and so on, of the Deployment `app`; without an owner if `app` is "bare".
fn pods(app: &str, replicas: usize) -> Vec<PreviewedPod> {
    let owner = (app != "bare").then(|| PodOwner {
        kind: "Deployment".into(),
        name: app.into(),
    });
    let pod = |n: usize| {
        let id = PodRef {
            namespace: "shop".into(),
            name: format!("{app}-{n}"),
            uid: format!("{app}-{n}"),
        };
        let pod = Pod {
            id: id.clone(),
            labels: BTreeMap::from([("app".into(), app.into())]),
            owner: owner.clone(),
            ..Pod::sample()
        };
        PreviewedPod {
            candidate: Candidate {
                pod: id,
                owner: owner.clone(),
                team: None,
                period_end: None,
            },
            pod,
            server_answer: None,
            guards: Rc::default(),
        }
    };

    (0..replicas).map(pod).collect()
}

fn budget(app: &str, allowed: i64) -> Budget {
    Budget {
        namespace: "shop".into(),
        name: app.into(),
        selector: BudgetCoverage::Matching(format!("app={app}").parse().unwrap()),
        min_available: Some("1".into()),
        max_unavailable: None,
        unhealthy: UnhealthyPodPolicy::IfHealthyBudget,
        generation: 1,
        status: BudgetStatus {
            observed_generation: 1,
            disruptions_allowed: allowed,
            ..BudgetStatus::default()
        },
    }
}

fn preview(
    pods: impl IntoIterator<Item = Vec<PreviewedPod>>,
    budgets: Vec<Budget>,
    count: usize,
) -> RoundPreview {
    let mut index = BudgetIndex::default();
    index.add(budgets);

    RoundPreview {
        turns: PreviewedTurns::Everybody,
        recovered: RecoveredGuard::Off,
        pods: pods.into_iter().flatten().collect(),
        budgets: index,
        sampled_from: None,
        round_guards: Vec::new(),
        disrupt: DisruptConfig {
            count: VictimCount::Fixed(count),
            ..DisruptConfig::default()
        },
    }
}

fn chance_of(preview: &RoundPreview, chances: &VictimChances, app: &str) -> f64 {
    let of = preview.pods.iter().zip(&chances.of);
    of.filter(|(pod, _)| pod.pod.labels["app"] == app)
        .map(|(_, chance)| chance)
        .sum()
}

#[test]
fn one_disruption_left_allows_one_victim_and_refuses_the_next() {
    let bare = pods("bare", 3);
    let preview = preview([bare], vec![budget("bare", 1)], 2);

    for seed in 0..20 {
        let words: Vec<_> = preview
            .pick(seed)
            .iter()
            .map(|v| v.prediction.to_string())
            .collect();
        assert_eq!(words[0], "allowed: budget bare allows 1");
        assert!(words[1].starts_with("refused by budget bare"), "{words:?}");
        assert_eq!(words.len(), 3, "all three are tried, and one may go");
    }
}

#[test]
fn a_refused_owner_is_tried_once_before_the_others() {
    let preview = preview([pods("db", 3), pods("web", 2)], vec![budget("db", 0)], 1);
    for seed in 0..50 {
        let victims = preview.pick(seed);
        let last = victims.last().unwrap();
        assert_eq!(last.owner.as_ref().unwrap().name, "web");
        assert!(victims.len() <= 2, "{victims:?}");
        assert_eq!(preview.pick_in_dry_run(seed).len(), 1);
    }
}

#[test]
fn chances_are_calculated_where_that_is_simple() {
    let preview = preview(
        [pods("db", 3), pods("web", 2), pods("bare", 2)],
        vec![budget("db", 0)],
        1,
    );
    let chances = preview.chances(&[]);

    assert!(!chances.estimated);
    assert_eq!(chance_of(&preview, &chances, "db"), 0.0);
    assert_eq!(chance_of(&preview, &chances, "web"), 0.5);

    let estimated = preview.estimated_chances(&(0..4000).collect::<Vec<_>>());

    for (exact, estimated) in chances.of.iter().zip(estimated) {
        assert!((exact - estimated).abs() < 0.03, "{exact} is not {estimated}");
    }
}

#[test]
fn chances_of_a_draw_by_owner_are_calculated_too() {
    let mut preview = preview(
        [pods("db", 3), pods("web", 8), pods("cart", 2), pods("bare", 2)],
        vec![budget("db", 0)],
        1,
    );
    preview.disrupt.draw = DrawBy::Owner;
    let chances = preview.chances(&[]);

    assert!(!chances.estimated);

    // Four owners are left: web, cart, and each bare pod for itself.
    for (app, chance) in [("db", 0.0), ("web", 0.25), ("cart", 0.25), ("bare", 0.5)] {
        assert_eq!(chance_of(&preview, &chances, app), chance, "{app}");
    }

    let estimated = preview.estimated_chances(&(0..4000).collect::<Vec<_>>());

    for (exact, estimated) in chances.of.iter().zip(estimated) {
        assert!((exact - estimated).abs() < 0.03, "{exact} is not {estimated}");
    }
}

#[test]
fn chances_are_estimated_where_they_are_not_simple() {
    let seeds: Vec<_> = (0..4000).collect();
    let two = preview([pods("web", 3), pods("cart", 1)], vec![], 2);
    let chances = two.chances(&seeds);

    assert!(chances.estimated);
    // One victim an owner and two owners: each owner gives one.
    assert_eq!(chance_of(&two, &chances, "cart"), 1.0);
    assert!((chance_of(&two, &chances, "web") - 1.0).abs() < 1e-9);

    let mut mixed = preview([pods("web", 2)], vec![budget("web", 0)], 1);
    mixed.pods[0].pod.phase = PodPhase::Pending;
    let chances = mixed.chances(&seeds);

    assert!(chances.estimated);
    assert_eq!(chances.of, [1.0, 0.0], "no budget is checked for a pending pod");
}

#[test]
fn where_no_pod_is_allowed_every_chance_is_zero() {
    let preview = preview([pods("db", 3)], vec![budget("db", 0)], 2);
    let chances = preview.chances(&[1, 2, 3]);
    assert_eq!((chances.estimated, chances.of), (false, vec![0.0; 3]));
}

#[test]
fn a_deletion_asks_no_budget() {
    let mut preview = preview([pods("db", 3)], vec![budget("db", 0)], 1);
    preview.disrupt.method = DisruptionMethod::Delete;
    let first = &preview.pick(1)[0];
    assert_eq!(
        first.prediction.to_string(),
        "allowed: a deletion does not check budgets"
    );
}

#[test]
fn unreadable_budgets_make_the_prediction_unknown() {
    let mut preview = preview([pods("db", 3)], vec![], 1);
    preview.budgets.add_unreadable(Some("shop"), "forbidden".into());
    let victims = preview.pick(1);

    assert_eq!(victims.len(), 1, "what may have happened spends the count");
    assert_eq!(
        victims[0].prediction.to_string(),
        "unknown: budgets could not be read"
    );
    assert_eq!(preview.budgets.in_namespace("shop"), Err("forbidden"));
    assert_eq!(preview.budgets.in_namespace("elsewhere"), Ok(&[][..]));
}

#[test]
fn the_servers_answer_outranks_the_budgets_but_ignores_planned_disruptions() {
    let mut preview = preview([pods("bare", 2)], vec![budget("bare", 1)], 2);

    for pod in &mut preview.pods {
        pod.server_answer = Some(DisruptionVerdict::Accepted.into());
    }

    let words: Vec<_> = preview.pick(1).iter().map(|v| v.prediction.to_string()).collect();

    assert_eq!(words[0], "allowed: the API server allows it");
    assert!(words[1].starts_with("refused by budget bare"), "{words:?}");

    preview.pods[0].server_answer = Some(Prediction::Refused(Refusal::SeveralBudgets));
    let prediction = preview.prediction(&preview.pods[0], &PlannedDisruptions::default());

    assert!(prediction.is_stopped());
}

#[test]
fn a_webhook_that_cannot_be_asked_makes_the_prediction_unknown() {
    let verdict = DisruptionVerdict::Refused(Refusal::Webhook {
        name: "guard.example".into(),
        message: "does not support dry run".into(),
        temporary: false,
    });

    assert_eq!(
        Prediction::from(verdict).to_string(),
        "unknown: webhook guard.example cannot be asked: it does not support dry run"
    );

    let denial = DisruptionVerdict::Refused(Refusal::Webhook {
        name: "guard.example".into(),
        message: "no".into(),
        temporary: false,
    });
    assert!(Prediction::from(denial).is_stopped());
}

fn findings(guard: &str) -> Vec<GuardFinding> {
    let go = GuardFinding::new("freeze", GuardAnswer::Go, String::new(), String::new());
    let hold = GuardFinding {
        guard: guard.to_owned(),
        answer: GuardAnswer::HoldsBack,
        seen: "not now".to_owned(),
        ..go.clone()
    };
    vec![go, hold]
}

fn hold(pods: &mut [PreviewedPod]) {
    let guards: Rc<[_]> = findings("whole").into();
    for pod in pods {
        pod.guards = Rc::clone(&guards);
    }
}

#[test]
fn a_held_owner_costs_one_attempt_and_its_other_pods_are_not_tried_at_all() {
    let mut preview = preview([pods("db", 3), pods("web", 2)], vec![budget("web", 0)], 1);
    hold(&mut preview.pods[..3]);
    let mut both = 0;

    for seed in 0..50 {
        let victims = preview.pick(seed);
        let held = victims
            .iter()
            .filter(|victim| matches!(victim.prediction, Prediction::Held(_)));
        assert_eq!(held.count(), 1, "{victims:?}");
        assert_eq!(victims.len(), 3, "each pod of web is tried, and one of db");
        both += usize::from(victims[0].prediction.to_string() == "guard whole holds back: not now");

        let in_dry_run = preview.pick_in_dry_run(seed);
        let last = in_dry_run.last().unwrap();
        assert_eq!(last.owner.as_ref().unwrap().name, "web");
        assert_eq!(
            in_dry_run.iter().map(|victim| &victim.pod).collect::<Vec<_>>(),
            victims[..in_dry_run.len()]
                .iter()
                .map(|victim| &victim.pod)
                .collect::<Vec<_>>()
        );
    }
    assert!((1..50).contains(&both), "both owners are drawn first: {both}");

    let chances = preview.chances(&[]);
    assert_eq!((chances.estimated, chances.of), (false, vec![0.0; 5]));
}

#[test]
fn chances_go_past_held_owners_and_are_calculated() {
    let mut preview = preview([pods("db", 3), pods("web", 2), pods("bare", 2)], vec![], 1);
    hold(&mut preview.pods[..3]);
    let chances = preview.chances(&[]);

    assert!(!chances.estimated);
    assert_eq!(chance_of(&preview, &chances, "db"), 0.0);
    assert_eq!(chance_of(&preview, &chances, "web"), 0.5);

    let estimated = preview.estimated_chances(&(0..4000).collect::<Vec<_>>());
    for (exact, estimated) in chances.of.iter().zip(estimated) {
        assert!((exact - estimated).abs() < 0.03, "{exact} is not {estimated}");
    }
}

#[test]
fn the_chances_of_an_owner_with_held_pods_and_others_are_estimated() {
    let mut preview = preview([pods("web", 2)], vec![], 1);
    hold(&mut preview.pods[..1]);
    let chances = preview.chances(&(0..4000).collect::<Vec<_>>());

    assert!(chances.estimated);
    assert_eq!(chances.of[0], 0.0);
    assert!(
        (chances.of[1] - 0.5).abs() < 0.03,
        "a hold closes the owner: {chances:?}"
    );
}

#[test]
fn a_guard_of_the_round_ends_it_before_any_victim() {
    let mut preview = preview([pods("db", 3), pods("web", 2)], vec![budget("db", 0)], 1);
    preview.round_guards = findings("no-page");

    assert_eq!(preview.pick(1), []);
    assert_eq!(preview.pick_in_dry_run(1), []);
    assert_eq!(preview.chances(&[1, 2]).of, [0.0; 5]);
    for pod in &preview.pods {
        let prediction = preview.prediction(pod, &PlannedDisruptions::default());
        assert_eq!(
            prediction.to_string(),
            "the round would end: guard no-page holds back: not now"
        );
    }
}

#[test]
fn only_whether_a_victim_is_ready_makes_a_difference_to_the_guards_of_an_owner() {
    let listed = pods("web", 3).into_iter().enumerate().map(|(n, pod)| Pod {
        ready: n != 1,
        ..pod.pod
    });
    let listed: Vec<_> = listed.collect();
    let mut siblings = SiblingPods::wanting(Some(3));
    for pod in &listed {
        siblings.add(pod);
    }
    let config = GuardConfig {
        whole: false,
        min_ready: MinReady::Count(2),
        ..GuardConfig::default()
    };
    let now = "2026-06-10T12:00:00Z".parse().unwrap();
    let before = findings("freeze")[..1].to_vec();
    let mut guards = VictimGuards::judge(before.clone(), &siblings, &config, None, now);

    assert!(!guards.hold_every_pod());
    let later = findings("no-page");
    guards.extend(later.clone());
    assert!(guards.hold_every_pod());

    for pod in &listed {
        let uid = &pod.id.uid;
        let alone = judge_siblings(uid, &siblings, &config, None, now);
        assert_eq!(
            guards.findings(is_ready(&siblings, uid)),
            [&before[..], &alone, &later].concat(),
            "{uid}"
        );
    }
    let holds = [true, false].map(|is_ready| first_hold(guards.findings(is_ready)).unwrap().guard);
    assert_eq!(holds, ["min_ready", "no-page"]);
}
