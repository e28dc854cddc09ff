//! More pods than a round judges one by one, and what becomes of a draw that is refused, gone or cannot be read.

use kube_sandbox::scenario::{budget, deployment};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::{RoundEnd, RoundStatus};
use macaque_core::selection::SAMPLING_THRESHOLD;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::json;

use super::fixture::EVICTION;
use super::sampling::{DRAWN, NAMES, PODS, fixture, many_pods};

#[actix_rt::test]
async fn after_a_refusal_the_other_owners_come_first_among_many_pods_too() {
    let mut objects = vec![
        deployment("shop", "web", PODS as u32),
        budget("shop", "web", json!({ "minAvailable": "100%" })),
    ];
    objects.push(deployment("shop", "search", 2));
    let report = fixture(objects).round().await;
    let outcomes = super::outcomes(&report);

    assert!(
        outcomes[0].starts_with("deployment/web: refused by budget web"),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1..], ["deployment/search: evicted"]);
}

#[actix_rt::test]
async fn an_owner_gives_one_victim_among_many_pods_too() {
    let objects = vec![
        deployment("shop", "web", PODS as u32),
        deployment("shop", "search", 2),
    ];
    let report = fixture(objects)
        .count(3)
        .method(DisruptionMethod::Delete)
        .round()
        .await;
    let mut outcomes = super::outcomes(&report);
    outcomes.sort();

    assert_eq!(
        outcomes,
        ["deployment/search: deleted", "deployment/web: deleted"]
    );
}

#[actix_rt::test]
async fn a_pod_that_is_gone_when_it_is_drawn_is_passed_over() {
    let fixture = fixture(many_pods("shop", PODS, |_| false));
    let none = ProxyResponse::new(
        200,
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}"#,
    );
    let fixture = fixture.once(DRAWN, Fault::Answer(none));
    let report = fixture.round().await;

    assert_eq!((report.candidates, report.status()), (1, RoundStatus::Disrupted));
    assert_eq!(fixture.sent(DRAWN).len(), 2);
}

#[actix_rt::test]
async fn without_the_grant_to_evict_many_pods_are_left_after_one_try() {
    let message = "pods is forbidden: User \"macaque\" cannot create resource \"pods/eviction\"";
    let forbidden = ProxyResponse::failure(403, message, json!({ "reason": "Forbidden" }));
    let fixture = fixture(many_pods("shop", PODS, |_| false)).always(EVICTION, Fault::Answer(forbidden));
    let report = fixture.round().await;

    assert_eq!((report.status(), report.problems.len()), (RoundStatus::Failed, 1));
    assert_eq!((fixture.sent(DRAWN).len(), fixture.sent(EVICTION).len()), (1, 1));
}

#[actix_rt::test]
async fn half_a_page_of_names_is_asked_for_again() {
    let fixture = fixture(many_pods("shop", PODS, |_| false)).once(NAMES, Fault::Truncate);
    let report = fixture.round().await;
    assert_eq!((report.listed, report.status()), (PODS, RoundStatus::Disrupted));
    assert_eq!(fixture.sent(NAMES).len(), 2);
}

#[actix_rt::test]
async fn a_list_that_starts_anew_shortly_before_it_would_be_sampled_is_read_whole() {
    let pods = SAMPLING_THRESHOLD - 100;
    let expired = || {
        Fault::Answer(ProxyResponse::failure(
            410,
            "too old",
            json!({ "reason": "Expired" }),
        ))
    };
    // The fourth page, after three quarters of the pods.
    let fixture = fixture(many_pods("shop", pods, |_| false))
        .meanwhile("continue=", || {})
        .meanwhile("continue=", || {})
        .once("continue=", expired());
    let report = fixture.round().await;

    assert_eq!((report.listed, report.candidates), (pods, pods));
}

#[actix_rt::test]
async fn names_that_cannot_be_read_fail_the_round() {
    let fixture = fixture(many_pods("shop", PODS, |_| false)).always(NAMES, Fault::DropBefore);
    let report = fixture.round().await;
    assert!(matches!(report.end, RoundEnd::Failed { .. }), "{report:?}");
    assert!(fixture.sent(EVICTION).is_empty());
}
