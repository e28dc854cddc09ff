//! Which objects the Events are written on: with real UIDs, without which `kubectl describe` does not show them.

use kube_sandbox::scenario::{daemon_set, deployment, pod, stateful_set};
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use serde_json::{Value, json};

use super::fixture::{EventFixture, INSTANCE};

fn uid(fixture: &EventFixture, kind: &str, name: &str) -> Value {
    fixture.sandbox.object(kind, "shop", name).unwrap()["metadata"]["uid"].clone()
}

/// The kind, the name and the UID of an object that Events refer to.
fn referred(object: &Value) -> [Value; 3] {
    ["kind", "name", "uid"].map(|field| object[field].clone())
}

#[actix_rt::test]
async fn a_disruption_is_on_the_victim_and_on_its_deployment_with_their_real_uids() {
    let fixture = EventFixture::with(vec![deployment("shop", "cart", 2)]);
    let victim = fixture.pods("shop", "cart").await.remove(0);
    fixture.publish_evicted(&victim);
    fixture.write().await;

    let events = fixture.events("shop").await;
    let [of_owner, of_victim] = &events[..] else {
        panic!("two events: {events:?}");
    };
    let owner = [
        json!("Deployment"),
        json!("cart"),
        uid(&fixture, "Deployment", "cart"),
    ];
    let pod = [json!("Pod"), json!(victim.id.name), json!(victim.id.uid)];
    assert_eq!(referred(&of_owner["regarding"]), owner);
    assert_eq!(referred(&of_owner["related"]), pod);
    assert_eq!(referred(&of_victim["regarding"]), pod);
    assert_eq!(referred(&of_victim["related"]), owner);

    for event in &events {
        assert_eq!(event["reason"], "ChaosEvicted");
        assert_eq!(event["action"], "Evict");
        assert_eq!(event["type"], "Normal");
        assert_eq!(event["reportingInstance"], INSTANCE);
        let note = event["note"].as_str().unwrap();
        let happened = format!(
            "macaque evicted pod {} (round 2026-11-28T10:30:00Z, seed 3)",
            victim.id.name
        );
        assert!(note.starts_with(&happened), "{note}");
    }
}

#[actix_rt::test]
async fn the_second_disruption_and_each_recovery_of_an_owner_are_events_of_their_own() {
    let fixture = EventFixture::with(vec![deployment("shop", "cart", 2)]);
    for victim in fixture.pods("shop", "cart").await {
        fixture.publish_evicted(&victim);
        fixture.publish_recovery(&victim, RecoveryVerdict::Recovered);
    }
    fixture.write().await;

    let events = fixture.events("shop").await;
    let is_on_owner = |event: &&Value| event["regarding"]["kind"] == "Deployment";
    let mut reasons: Vec<_> = events
        .iter()
        .filter(is_on_owner)
        .map(|event| event["reason"].as_str().unwrap())
        .collect();
    reasons.sort_unstable();
    assert_eq!(events.len(), 8);
    assert_eq!(
        reasons,
        ["ChaosEvicted", "ChaosEvicted", "ChaosRecovered", "ChaosRecovered"]
    );
}

#[actix_rt::test]
async fn without_the_scale_of_a_deployment_its_replica_set_bears_the_event() {
    let fixture = EventFixture::with(vec![deployment("shop", "cart", 2)]);
    fixture.deny("get", "deployments.apps/scale");
    let victim = fixture.pods("shop", "cart").await.remove(0);
    fixture.publish_evicted(&victim);
    fixture.publish_recovery(&victim, RecoveryVerdict::Unrecovered);
    fixture.write().await;

    let events = fixture.events("shop").await;
    let controller = victim.controller.unwrap();
    let replica_set = [json!("ReplicaSet"), json!(controller.name), json!(controller.uid)];
    let on_owner: Vec<_> = events
        .iter()
        .filter(|event| event["regarding"]["kind"] != "Pod")
        .map(|event| (event["type"].as_str().unwrap(), referred(&event["regarding"])))
        .collect();
    assert_eq!(on_owner.len(), 2);
    for expected in [("Normal", replica_set.clone()), ("Warning", replica_set)] {
        assert!(on_owner.contains(&expected), "{on_owner:?}");
    }
}

#[actix_rt::test]
async fn an_owner_that_is_the_controller_itself_is_known_from_the_pod_and_asked_for_nothing() {
    let objects = vec![stateful_set("shop", "db", 1), daemon_set("shop", "logs")];
    let fixture = EventFixture::with(objects);
    let mut expected = Vec::new();
    for (kind, app) in [("DaemonSet", "logs"), ("StatefulSet", "db")] {
        let victim = fixture.pods("shop", app).await.remove(0);
        fixture.publish_evicted(&victim);
        expected.push([json!(kind), json!(app), uid(&fixture, kind, app)]);
    }
    fixture.write().await;

    let events = fixture.events("shop").await.into_iter();
    let owners: Vec<_> = events
        .filter(|event| event["regarding"]["kind"] != "Pod")
        .map(|event| referred(&event["regarding"]))
        .collect();
    assert_eq!(owners, expected);
    let requests = fixture.proxy.requests();
    assert!(requests.iter().all(|request| !request.target.contains("/scale")));
}

#[actix_rt::test]
async fn a_recovery_whose_victim_nobody_here_disrupted_is_on_the_deployment_all_the_same() {
    let fixture = EventFixture::with(vec![deployment("shop", "cart", 2)]);
    let victim = fixture.pods("shop", "cart").await.remove(0);
    fixture.publish_recovery(&victim, RecoveryVerdict::Slow);
    fixture.write().await;

    let events = fixture.events("shop").await;
    let owner = [
        json!("Deployment"),
        json!("cart"),
        uid(&fixture, "Deployment", "cart"),
    ];
    assert_eq!(referred(&events[0]["regarding"]), owner);
    assert_eq!(events[0]["action"], "Watch");
}

#[actix_rt::test]
async fn a_bare_pod_has_one_event_and_so_has_a_victim_that_was_held_back() {
    let fixture = EventFixture::with(vec![pod("shop", "solo", "solo")]);
    let victim = fixture.pods("shop", "solo").await.remove(0);
    let hold = GuardHold {
        guard: "freeze".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "namespace shop is frozen".to_owned(),
    };
    fixture.publish(&victim, Outcome::Held(hold));
    fixture.write().await;

    let events = fixture.events("shop").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["reason"], "ChaosHeldBack");
    assert_eq!(events[0]["related"], Value::Null);
}
