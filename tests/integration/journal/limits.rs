//! Promises about limits at once and over time: they outlive restarts, and what was refused costs nothing.

use std::time::Duration;

use kube_sandbox::scenario::{budget, deployment};
use macaque_core::config::DisruptionLimits;
use serde_json::{Value, json};

use super::fixture::JournalFixture;

#[actix_rt::test]
async fn an_hours_limit_outlives_restarts() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]).limits(DisruptionLimits {
        per_hour: Some(3),
        ..DisruptionLimits::default()
    });

    for slot in 1..=3 {
        fixture.replica("another each time").await.reports(slot).await;
    }
    let why = fixture.replica("and another").await.is_denied(4).await;

    assert_eq!(
        why,
        "the limit of 3 disruptions per hour is reached (limits.per_hour)"
    );
    assert_eq!(fixture.losses(), 3);
}

#[actix_rt::test]
async fn a_days_limit_ends_a_round_between_two_victims() {
    let objects = vec![
        deployment("shop", "web", 3),
        deployment("shop", "api", 3),
        deployment("shop", "db", 3),
    ];
    let fixture = JournalFixture::with(objects).count(3).limits(DisruptionLimits {
        per_day: Some(2),
        ..DisruptionLimits::default()
    });
    let report = fixture.replica("a").await.reports(1).await;

    assert_eq!(report.attempts.len(), 2);
    let why = fixture.replica("a").await.is_denied(2).await;
    assert_eq!(
        why,
        "the limit of 2 disruptions per day is reached (limits.per_day)"
    );
    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn an_owner_is_in_cooldown_after_a_disruption() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 3), deployment("shop", "api", 3)])
        .limits(DisruptionLimits {
            cooldown: Duration::from_secs(3600),
            ..DisruptionLimits::default()
        });
    let first = fixture.replica("a").await.reports(1).await;
    let second = fixture.replica("a").await.reports(2).await;

    assert_ne!(first.attempts[0].owner, second.attempts[0].owner);
    assert_eq!(second.exempted["cooldown"].count, 2, "{second:#?}");

    let third = fixture.replica("a").await.reports(3).await;
    assert!(
        third.attempts.is_empty() && third.exempted["cooldown"].count == 4,
        "{third:#?}"
    );
    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn a_refusal_costs_nothing_of_a_limit_and_starts_no_cooldown() {
    let objects = vec![
        deployment("shop", "web", 3),
        budget("shop", "web", json!({ "minAvailable": 3 })),
    ];
    let fixture = JournalFixture::with(objects).limits(DisruptionLimits {
        per_hour: Some(1),
        cooldown: Duration::from_secs(3600),
        ..DisruptionLimits::default()
    });

    for slot in 1..=3 {
        let report = fixture.replica("a").await.reports(slot).await;
        assert_eq!(
            report.count(|outcome| outcome.word() == "refused"),
            3,
            "{report:#?}"
        );
    }

    let journal = fixture.journal();
    assert!(journal.round().unwrap().reservations.is_empty(), "{journal:#?}");
    assert_eq!(fixture.losses(), 0);
}

#[actix_rt::test]
async fn a_cap_on_owners_is_shared_by_replicas_and_lets_the_next_owner_be_picked() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 3), deployment("shop", "api", 3)])
        .limits(DisruptionLimits {
            per_owner_day: Some(1),
            ..DisruptionLimits::default()
        });
    let first = fixture.replica("a").await.reports(1).await;
    let second = fixture.replica("b").await.reports(2).await;

    assert_ne!(first.attempts[0].owner, second.attempts[0].owner);
    assert_eq!(second.exempted["per_owner_day"].count, 2, "{second:#?}");

    let third = fixture.replica("c").await.reports(3).await;
    assert!(
        third.attempts.is_empty() && third.exempted["per_owner_day"].count == 4,
        "{third:#?}"
    );
    assert_eq!(fixture.losses(), 2);
}

/// A Deployment of three pods on this node and, if it is named, in this zone.
fn deployment_at(app: &str, node: &str, zone: Option<&str>) -> Value {
    let mut deployment = deployment("shop", app, 3);
    let template = &mut deployment["spec"]["template"];
    template["spec"]["nodeName"] = json!(node);
    if let Some(zone) = zone {
        template["metadata"]["labels"]["topology.kubernetes.io/zone"] = json!(zone);
    }
    deployment
}

#[actix_rt::test]
async fn a_cap_on_nodes_or_zones_exempts_their_pods_and_the_next_is_tried() {
    let objects = || {
        vec![
            deployment_at("web", "node-1", Some("z1")),
            deployment_at("api", "node-1", Some("z1")),
            deployment_at("db", "node-2", Some("z2")),
        ]
    };
    let one = Some(1);
    let per_node = DisruptionLimits {
        per_node: one,
        ..DisruptionLimits::default()
    };
    let per_zone = DisruptionLimits {
        per_zone: one,
        ..DisruptionLimits::default()
    };

    for (limits, rule) in [(per_node, "per_node"), (per_zone, "per_zone")] {
        let fixture = JournalFixture::with(objects()).count(3).limits(limits);
        let report = fixture.replica("a").await.reports(1).await;

        assert_eq!(report.attempts.len(), 2, "{report:#?}");
        let owners = report
            .attempts
            .iter()
            .filter_map(|attempt| attempt.owner.as_ref());
        assert!(owners.into_iter().any(|owner| owner.name == "db"), "{report:#?}");
        assert!(report.exempted[rule].detail.contains(&format!("(limits.{rule})")));
        assert!(report.warnings.is_empty(), "{report:#?}");
        assert_eq!(fixture.losses(), 2);
    }
}

#[actix_rt::test]
async fn a_cap_on_zones_does_not_apply_where_the_zone_is_unknown_and_the_report_says_so_once() {
    let objects = vec![
        deployment_at("web", "node-1", None),
        deployment_at("api", "node-1", None),
    ];
    let fixture = JournalFixture::with(objects).count(2).limits(DisruptionLimits {
        per_zone: Some(1),
        ..DisruptionLimits::default()
    });
    let report = fixture.replica("a").await.reports(1).await;

    assert_eq!(report.attempts.len(), 2, "{report:#?}");
    let [warning] = &report.warnings[..] else {
        panic!("{report:#?}")
    };
    assert!(
        warning.contains("limits.per_zone does not apply") && warning.contains("topology.kubernetes.io/zone"),
        "{warning}"
    );
}
