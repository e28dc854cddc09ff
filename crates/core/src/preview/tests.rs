//! A preview picks as a round does, with predictions in place of answers, and chances follow from many draws.

use std::collections::BTreeMap;

use super::*;
use crate::budget::{Budget, BudgetCoverage, BudgetStatus, UnhealthyPodPolicy};
use crate::config::DrawBy;
use crate::pod::PodPhase;
use crate::refusal::Refusal;
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
            },
            pod,
            server_answer: None,
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
        pods: pods.into_iter().flatten().collect(),
        budgets: index,
        sampled_from: None,
        disrupt: DisruptConfig {
            count,
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
