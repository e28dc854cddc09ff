//! Events that cannot be written, or were written already: at most two tries, and never a word too many.

use std::time::Duration;

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque::events::MOST_WAITING;
use macaque_core::config::NamespaceScope;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse, RequestMatch};
use serde_json::json;

use super::fixture::{EventFixture, WRITE};

fn in_both_namespaces() -> EventFixture {
    EventFixture::with(vec![deployment("shop", "cart", 3), deployment("team", "cart", 3)])
}

#[actix_rt::test]
async fn an_event_whose_answer_was_lost_is_there_once() {
    let fixture = in_both_namespaces();
    fixture
        .proxy
        .inject(RequestMatch::containing(WRITE).once(), Fault::DropAfter);
    let victim = fixture.pods("shop", "cart").await.remove(0);
    fixture.publish_evicted(&victim);
    fixture.write().await;
    assert_eq!(fixture.writes(), 3, "two, and one of them again");
    assert_eq!(fixture.events("shop").await.len(), 2);

    // Another process concludes the same.
    fixture.publish_evicted(&victim);
    fixture.write().await;
    assert_eq!(fixture.writes(), 5);
    assert_eq!(fixture.events("shop").await.len(), 2);
}

#[actix_rt::test]
async fn an_event_is_tried_twice_and_then_given_up() {
    for fault in [
        Fault::DropBefore,
        Fault::Answer(ProxyResponse::new(503, "away")),
        Fault::Answer(ProxyResponse::new(200, "{}")),
        Fault::Answer(ProxyResponse::failure(
            429,
            "slow down",
            json!({ "reason": "TooManyRequests" }),
        )),
    ] {
        let fixture = in_both_namespaces();
        fixture.proxy.inject(WRITE, fault);
        let victims = fixture.pods("shop", "cart").await;
        fixture.publish_evicted(&victims[0]);
        fixture.write().await;
        assert_eq!(fixture.writes(), 4, "the two Events, each twice");

        fixture.proxy.clear();
        fixture.publish_evicted(&victims[1]);
        fixture.write().await;
        assert_eq!(
            fixture.events("shop").await.len(),
            2,
            "those about the second victim"
        );
    }
}

#[actix_rt::test]
async fn where_macaque_may_not_write_it_asks_once_and_elsewhere_it_goes_on() {
    let fixture = in_both_namespaces();
    fixture
        .sandbox
        .deny(AccessDenial::new("create", "events.events.k8s.io").within("shop"));
    for _ in 0..2 {
        for victim in fixture.pods("shop", "cart").await {
            fixture.publish_evicted(&victim);
        }
        fixture.write().await;
    }
    assert_eq!(fixture.writes(), 1);

    let other = fixture.pods("team", "cart").await.remove(0);
    fixture.publish_evicted(&other);
    fixture.write().await;
    assert_eq!(fixture.events("team").await.len(), 2);

    // What is granted later counts from the next start on.
    fixture.sandbox.allow_all();
    let victim = fixture.pods("shop", "cart").await.remove(0);
    fixture.publish_evicted(&victim);
    fixture.write().await;
    assert_eq!(fixture.events("shop").await.len(), 0);
}

#[actix_rt::test]
async fn with_the_whole_cluster_in_scope_one_refusal_is_enough_for_every_namespace() {
    let objects = vec![deployment("shop", "cart", 2), deployment("team", "cart", 2)];
    let fixture = EventFixture::in_scope(objects, NamespaceScope::All);
    fixture.deny("create", "events.events.k8s.io");
    for namespace in ["shop", "team"] {
        let victim = fixture.pods(namespace, "cart").await.remove(0);
        fixture.publish_evicted(&victim);
        fixture.write().await;
    }
    assert_eq!(fixture.writes(), 1);
}

#[actix_rt::test]
async fn a_namespace_that_goes_away_is_no_reason_to_try_again_or_to_stop_elsewhere() {
    let terminating = ProxyResponse::failure(
        403,
        "events.events.k8s.io \"macaque-1\" is forbidden: unable to create new content in namespace shop because it is \
         being terminated",
        json!({
            "reason": "Forbidden",
            "details": { "causes": [{ "reason": "NamespaceTerminating", "field": "metadata.namespace" }] },
        }),
    );
    let gone = ProxyResponse::failure(
        404,
        "namespaces \"shop\" not found",
        json!({ "reason": "NotFound" }),
    );
    for answer in [terminating, gone] {
        let fixture = in_both_namespaces();
        fixture
            .proxy
            .inject(RequestMatch::containing(WRITE).once(), Fault::Answer(answer));
        let victims = fixture.pods("shop", "cart").await;
        fixture.publish_evicted(&victims[0]);
        fixture.write().await;
        assert_eq!(fixture.writes(), 1, "the owner's Event has no place either");

        fixture.publish_evicted(&victims[1]);
        fixture.write().await;
        assert_eq!(fixture.events("shop").await.len(), 2);
    }
}

#[actix_rt::test]
async fn more_than_can_wait_is_dropped_and_what_waits_is_written() {
    let fixture = in_both_namespaces();
    let mut victim = fixture.pods("shop", "cart").await.remove(0);
    for number in 0..MOST_WAITING + 5 {
        victim.id.uid = format!("uid-{number}");
        fixture.publish_evicted(&victim);
    }
    fixture.write().await;
    assert_eq!(fixture.events("shop").await.len(), 2 * MOST_WAITING);
}

#[actix_rt::test]
async fn a_stop_ends_what_hangs_within_its_grace() {
    let fixture = in_both_namespaces();
    fixture
        .proxy
        .inject(WRITE, Fault::Stall(Duration::from_secs(3600)));
    let victim = fixture.pods("shop", "cart").await.remove(0);
    fixture.publish_evicted(&victim);
    fixture.switch.request();
    fixture.write().await;
    assert_eq!(fixture.writes(), 1);
}
