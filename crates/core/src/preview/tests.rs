//! Forecasts drive the round's own choice, and chances say how often.

use std::collections::BTreeMap;

use super::*;
use crate::budget::{BudgetCoverage, BudgetStatus, UnhealthyPodPolicy};
use crate::config::DrawBy;
use crate::pod::PodPhase;
use crate::verdict::DisruptionVerdict;

/// `app-0`, `app-1` and so on, of the Deployment `app`; without an owner if `app` is "bare".
fn subjects(app: &str, replicas: usize) -> Vec<PreviewedPod> {
    let owner = (app != "bare").then(|| PodOwner {
        kind: "Deployment".into(),
        name: app.into(),
    });
    let subject = |n: usize| {
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
            heard: None,
        }
    };
    (0..replicas).map(subject).collect()
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
    subjects: impl IntoIterator<Item = Vec<PreviewedPod>>,
    budgets: Vec<Budget>,
    count: usize,
) -> RoundPreview {
    let mut known = BudgetIndex::default();
    known.add(budgets);
    RoundPreview {
        subjects: subjects.into_iter().flatten().collect(),
        budgets: known,
        crowd: None,
        limits: DisruptConfig {
            count,
            ..DisruptConfig::default()
        },
    }
}

fn chance_of(preview: &RoundPreview, chances: &VictimChances, app: &str) -> f64 {
    let of = preview.subjects.iter().zip(&chances.of);
    of.filter(|(subject, _)| subject.pod.labels["app"] == app)
        .map(|(_, chance)| chance)
        .sum()
}

#[test]
fn one_budget_pays_for_one_victim_and_the_next_is_another_owners() {
    let bare = subjects("bare", 3);
    let preview = preview([bare], vec![budget("bare", 1)], 2);
    for seed in 0..20 {
        let words: Vec<_> = preview
            .choose(seed)
            .iter()
            .map(|v| v.opinion.to_string())
            .collect();
        assert_eq!(words[0], "allowed: budget bare allows 1");
        assert!(words[1].starts_with("refused by budget bare"), "{words:?}");
        assert_eq!(words.len(), 3, "all three are tried, and one may go");
    }
}

#[test]
fn a_refused_owner_is_tried_once_before_the_others() {
    let preview = preview([subjects("db", 3), subjects("web", 2)], vec![budget("db", 0)], 1);
    for seed in 0..50 {
        let victims = preview.choose(seed);
        let last = victims.last().unwrap();
        assert_eq!(last.owner.as_ref().unwrap().name, "web");
        assert!(victims.len() <= 2, "{victims:?}");
        assert_eq!(preview.choose_unasked(seed).len(), 1);
    }
}

#[test]
fn chances_are_worked_out_where_that_is_simple() {
    let preview = preview(
        [subjects("db", 3), subjects("web", 2), subjects("bare", 2)],
        vec![budget("db", 0)],
        1,
    );
    let chances = preview.chances(&[]);
    assert!(!chances.estimated);
    assert_eq!(chance_of(&preview, &chances, "db"), 0.0);
    assert_eq!(chance_of(&preview, &chances, "web"), 0.5);
    let counted = preview.counted(&(0..4000).collect::<Vec<_>>());
    for (exact, counted) in chances.of.iter().zip(counted) {
        assert!((exact - counted).abs() < 0.03, "{exact} is not {counted}");
    }
}

#[test]
fn among_owners_chances_are_worked_out_too() {
    let mut preview = preview(
        [
            subjects("db", 3),
            subjects("web", 8),
            subjects("cart", 2),
            subjects("bare", 2),
        ],
        vec![budget("db", 0)],
        1,
    );
    preview.limits.draw = DrawBy::Owner;
    let chances = preview.chances(&[]);
    assert!(!chances.estimated);
    // Four hosts are left: web, cart, and each bare pod for itself.
    for (app, chance) in [("db", 0.0), ("web", 0.25), ("cart", 0.25), ("bare", 0.5)] {
        assert_eq!(chance_of(&preview, &chances, app), chance, "{app}");
    }
    let counted = preview.counted(&(0..4000).collect::<Vec<_>>());
    for (exact, counted) in chances.of.iter().zip(counted) {
        assert!((exact - counted).abs() < 0.03, "{exact} is not {counted}");
    }
}

#[test]
fn chances_are_counted_where_they_are_not_simple() {
    let seeds: Vec<_> = (0..4000).collect();
    let two = preview([subjects("web", 3), subjects("cart", 1)], vec![], 2);
    let chances = two.chances(&seeds);
    assert!(chances.estimated);
    // One victim an owner and two owners: each owner gives one.
    assert_eq!(chance_of(&two, &chances, "cart"), 1.0);
    assert!((chance_of(&two, &chances, "web") - 1.0).abs() < 1e-9);
    let mut mixed = preview([subjects("web", 2)], vec![budget("web", 0)], 1);
    mixed.subjects[0].pod.phase = PodPhase::Pending;
    let chances = mixed.chances(&seeds);
    assert!(chances.estimated);
    assert_eq!(chances.of, [1.0, 0.0], "a pending pod asks no budget");
}

#[test]
fn nobody_allowed_is_nobody_likely() {
    let preview = preview([subjects("db", 3)], vec![budget("db", 0)], 2);
    let chances = preview.chances(&[1, 2, 3]);
    assert_eq!((chances.estimated, chances.of), (false, vec![0.0; 3]));
}

#[test]
fn a_deletion_asks_no_budget() {
    let mut preview = preview([subjects("db", 3)], vec![budget("db", 0)], 1);
    preview.limits.method = DisruptionMethod::Delete;
    let first = &preview.choose(1)[0];
    assert_eq!(first.opinion.to_string(), "allowed: a deletion asks no budget");
}

#[test]
fn budgets_that_could_not_be_read_leave_the_verdict_open() {
    let mut preview = preview([subjects("db", 3)], vec![], 1);
    preview.budgets.miss(Some("shop"), "forbidden".into());
    let victims = preview.choose(1);
    assert_eq!(victims.len(), 1, "what may have happened spends the count");
    assert_eq!(
        victims[0].opinion.to_string(),
        "unknown: budgets could not be read"
    );
    assert_eq!(preview.budgets.of("shop"), Err("forbidden"));
    assert_eq!(preview.budgets.of("elsewhere"), Ok(&[][..]));
}

#[test]
fn the_servers_word_outranks_the_forecast_but_knows_nothing_of_what_is_planned() {
    let mut preview = preview([subjects("bare", 2)], vec![budget("bare", 1)], 2);
    for subject in &mut preview.subjects {
        subject.heard = Some(DisruptionVerdict::Accepted.into());
    }
    let words: Vec<_> = preview.choose(1).iter().map(|v| v.opinion.to_string()).collect();
    assert_eq!(words[0], "allowed: the API server says yes");
    assert!(words[1].starts_with("refused by budget bare"), "{words:?}");
    preview.subjects[0].heard = Some(Prediction::Refused(Refusal::SeveralBudgets));
    let opinion = preview.opinion(&preview.subjects[0], &PlannedDisruptions::default());
    assert!(opinion.is_refused());
}

#[test]
fn a_webhook_that_cannot_be_asked_leaves_the_verdict_open() {
    let verdict = DisruptionVerdict::Refused(Refusal::Webhook {
        name: "guard.example".into(),
        message: "does not support dry run".into(),
    });
    assert_eq!(
        Prediction::from(verdict).to_string(),
        "unknown: webhook guard.example cannot be asked: it does not support dry run"
    );
    let denial = DisruptionVerdict::Refused(Refusal::Webhook {
        name: "guard.example".into(),
        message: "no".into(),
    });
    assert!(Prediction::from(denial).is_refused());
}
