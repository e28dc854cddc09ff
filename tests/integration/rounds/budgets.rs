//! What PodDisruptionBudgets do to a round: refuse with their numbers, and only in evict mode.

use kube_sandbox::scenario::{budget, deployment, stateful_set};
use macaque::notify::RoundMessage;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::refusal::Refusal;
use macaque_core::report::{RoundEnd, RoundStatus};
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture};
use super::outcomes;

const REFUSED: &str = "statefulset/db: refused by budget db: The disruption budget db needs 3 healthy pods and has 3 \
                       currently";

/// Three replicas of which the budget wants three.
fn full_db() -> Vec<Value> {
    vec![
        stateful_set("shop", "db", 3),
        budget("shop", "db", json!({ "minAvailable": 3 })),
    ]
}

#[actix_rt::test]
async fn a_full_budget_refuses_and_the_next_owner_is_tried() {
    let objects = [full_db(), vec![deployment("shop", "search", 2)]].concat();
    let fixture = RoundFixture::with(objects).drawing_first("statefulset/db").await;
    let report = fixture.round().await;

    assert_eq!(outcomes(&report), [REFUSED, "deployment/search: evicted"]);
    assert_eq!(
        (report.status(), report.end),
        (RoundStatus::Disrupted, RoundEnd::Complete)
    );

    let pods = fixture.pods("shop").await;
    assert_eq!(pods.len(), 4, "{pods:?}");
    assert!(pods.iter().filter(|name| name.starts_with("db-")).count() == 3);
}

#[actix_rt::test]
async fn a_round_of_refusals_says_so_by_name_and_number_and_tries_no_more_than_it_may() {
    let fixture = RoundFixture::with(full_db()).attempts(2);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), [REFUSED; 2]);
    assert_eq!(report.status(), RoundStatus::Refused);
    assert_eq!(fixture.sent(EVICTION).len(), 2);
    assert_eq!(
        RoundMessage::of(&report).headline,
        "no pod disrupted: 2 refused by budget db"
    );
    assert_eq!(fixture.pods("shop").await.len(), 3);
}

#[actix_rt::test]
async fn no_pod_is_asked_for_twice_however_many_attempts_are_left() {
    let fixture = RoundFixture::with(full_db()).attempts(10);
    assert_eq!(outcomes(&fixture.round().await), [REFUSED; 3]);
    assert_eq!(fixture.sent(EVICTION).len(), 3);
}

#[actix_rt::test]
async fn the_last_disruption_of_a_budget_is_granted_and_the_next_round_is_refused() {
    let objects = vec![
        deployment("shop", "web", 4),
        budget("shop", "web", json!({ "minAvailable": 3 })),
    ];
    let fixture = RoundFixture::with(objects).attempts(1);

    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
    let refused = fixture.round().await;
    let Outcome::Refused(Refusal::Budget { name, unsynced, .. }) = &refused.attempts[0].outcome else {
        panic!("{refused:?}")
    };

    assert_eq!((name.as_deref(), *unsynced), (Some("web"), false));
    assert_eq!(refused.exempted["terminating"].count, 1);
    assert_eq!(fixture.pods("shop").await.len(), 3);
}

#[actix_rt::test]
async fn a_deletion_asks_no_budget() {
    let fixture = RoundFixture::with(full_db()).method(DisruptionMethod::Delete);
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: deleted"]);
    assert_eq!(fixture.pods("shop").await.len(), 2);
}

#[actix_rt::test]
async fn two_budgets_over_one_pod_are_said_to_be_several() {
    let mut second = budget("shop", "db", json!({ "maxUnavailable": 1 }));
    second["metadata"]["name"] = json!("db-too");
    let fixture = RoundFixture::with([full_db(), vec![second]].concat()).attempts(1);
    let several = "statefulset/db: refused by several budgets at once: evictions allow one per pod";
    assert_eq!(outcomes(&fixture.round().await), [several]);
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn a_budget_that_is_still_processed_is_a_refusal_that_may_pass() {
    let fixture = RoundFixture::with(full_db()).attempts(1);
    let mut lagging = fixture
        .list("/apis/policy/v1/namespaces/shop/poddisruptionbudgets")
        .await
        .remove(0);
    lagging["apiVersion"] = json!("policy/v1");
    lagging["kind"] = json!("PodDisruptionBudget");
    lagging["metadata"]["generation"] = json!(7);
    fixture.sandbox.apply(&[lagging]).unwrap();
    let report = fixture.round().await;
    let Outcome::Refused(Refusal::Budget { unsynced, .. }) = &report.attempts[0].outcome else {
        panic!("{report:?}")
    };

    assert!(*unsynced);
    assert_eq!(
        fixture.sent(EVICTION).len(),
        1,
        "not asked for again before its time"
    );
}
