//! Guards of the round: they end it, whoever its victim would be.

use jiff::SignedDuration;
use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque::platform::Platform;
use macaque_core::config::DrawBy;
use macaque_core::guard::{MinReady, NodesGuard};
use macaque_core::report::RoundStatus;
use serde_json::{Value, json};

use super::cluster::{assert_untouched, edit, first_pod, fixture, set_leaving};
use super::end;
use crate::rounds::fixture::{EVICTION, two_apps};
use crate::rounds::outcomes;

#[actix_rt::test]
async fn drains_by_other_hands_end_the_round_until_they_are_over() {
    let fixture = fixture(two_apps(), |guards| guards.drains = 2).count(2);
    for app in ["web", "search"] {
        let pod = first_pod(&fixture, app).await;
        set_leaving(&fixture.sandbox, &pod, "EvictionByEvictionAPI");
    }

    let held = fixture.round().await;
    assert!(
        end(&held).starts_with("guard drains holds back: 2 pods are being disrupted by others (shop/search-"),
        "{held:?}"
    );
    assert_eq!((held.status(), held.attempts.len()), (RoundStatus::Held, 0));
    assert_eq!(held.listed, 4, "the pods were listed before");
    assert_untouched(&fixture);

    let pod = first_pod(&fixture, "web").await;
    edit(&fixture.sandbox, "Pod", &pod, |pod| {
        let conditions = pod["status"]["conditions"].as_array_mut().unwrap();
        conditions.retain(|condition| condition["type"] != "DisruptionTarget");
    });
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
}

#[actix_rt::test]
async fn the_victims_of_a_round_are_not_taken_for_a_drain() {
    let apps = ["a", "b", "c"].map(|app| deployment("shop", app, 2));
    let fixture = fixture(apps.into(), |guards| {
        guards.drains = 1;
        guards.min_ready = MinReady::Count(1);
    });
    let fixture = fixture.count(3).draw(DrawBy::Owner);
    let report = fixture.round().await;
    assert_eq!(report.attempts.len(), 3, "{report:?}");
    assert_eq!(fixture.sent(EVICTION).len(), 3);
}

#[actix_rt::test]
async fn a_round_without_a_candidate_asks_no_guard() {
    let fixture = fixture(two_apps(), |guards| guards.drains = 1);
    for app in ["web", "search"] {
        let pod = first_pod(&fixture, app).await;
        set_leaving(&fixture.sandbox, &pod, "EvictionByEvictionAPI");
    }
    let report = fixture.selector("app=none").round().await;
    assert_eq!(report.status(), RoundStatus::Idle);
}

#[actix_rt::test]
async fn pods_that_have_left_already_are_no_drain() {
    let fixture = fixture(two_apps(), |guards| guards.drains = 1);
    let pod = first_pod(&fixture, "web").await;
    set_leaving(&fixture.sandbox, &pod, "TerminationByKubelet");
    edit(&fixture.sandbox, "Pod", &pod, |pod| {
        pod["status"]["phase"] = json!("Failed")
    });
    let report = fixture.round().await;
    assert_eq!(report.status(), RoundStatus::Disrupted, "{:?}", outcomes(&report));
}

/// Two nodes, of which the second renewed its lease so many seconds ago.
fn leases(seconds: i64) -> [Value; 2] {
    [("node-1", 0), ("node-2", seconds)].map(|(name, seconds)| {
        let renewed = Platform::system().now() - SignedDuration::from_secs(seconds);
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": { "name": name, "namespace": "kube-node-lease" },
            "spec": { "holderIdentity": name, "renewTime": format!("{renewed:.6}") },
        })
    })
}

#[actix_rt::test]
async fn nodes_that_stopped_renewing_their_leases_end_the_round_until_they_renew_them() {
    let fixture = fixture(two_apps(), |guards| guards.nodes = NodesGuard::Leases);
    fixture.sandbox.apply(&leases(300)).unwrap();
    let held = fixture.round().await;
    assert_eq!(
        end(&held),
        "guard nodes holds back: 1 of 2 nodes unready (50%), at most 10%; node-2"
    );
    assert_eq!((held.status(), held.attempts.len()), (RoundStatus::Held, 0));
    assert_untouched(&fixture);

    fixture.sandbox.apply(&leases(0)).unwrap();
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
}

#[actix_rt::test]
async fn a_configured_guard_without_its_grant_cannot_answer() {
    for (guard, verb, resource) in [
        (NodesGuard::Leases, "list", "leases.coordination.k8s.io"),
        (NodesGuard::Nodes, "list", "nodes"),
    ] {
        let fixture = fixture(two_apps(), |guards| guards.nodes = guard);
        fixture.sandbox.apply(&leases(0)).unwrap();
        fixture.sandbox.deny(AccessDenial::new(verb, resource));
        let report = fixture.round().await;
        let why = end(&report);
        assert!(why.starts_with("guard nodes cannot answer: list "), "{why}");
        assert!(why.contains("forbidden"), "{why}");
        assert_eq!(report.status(), RoundStatus::Unanswered);
        assert_untouched(&fixture);
    }
}
