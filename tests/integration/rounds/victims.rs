//! Who becomes a victim, in which words the API server is asked, and what becomes of the rest.

use std::sync::Arc;

use kube_sandbox::scenario::{deployment, stateful_set};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture, two_apps};
use super::outcomes;

/// A request for one of the pods `db-0`, `db-1`… by its name.
const POD: &str = "/pods/db-";

/// One replica, whose name is `db-0`.
fn one_db() -> Vec<Value> {
    vec![stateful_set("shop", "db", 1)]
}

fn names(report: &RoundReport) -> Vec<&str> {
    let attempts = report.attempts.iter();
    attempts.map(|attempt| attempt.pod.name.as_str()).collect()
}

#[actix_rt::test]
async fn an_eviction_is_strict_and_names_its_pod_by_uid_and_its_grace_period() {
    let fixture = RoundFixture::with(one_db()).grace_period(7);
    let report = fixture.round().await;
    let [request] = &fixture.sent(EVICTION)[..] else {
        panic!("{report:?}")
    };
    let path = "POST /api/v1/namespaces/shop/pods/db-0/eviction?fieldValidation=Strict";

    assert_eq!(request.line(), path);
    let body = request.json();
    assert_eq!(
        (&body["apiVersion"], &body["kind"]),
        (&json!("policy/v1"), &json!("Eviction"))
    );
    assert_eq!(
        body["deleteOptions"]["preconditions"],
        json!({ "uid": report.attempts[0].pod.uid })
    );
    assert_eq!(body["deleteOptions"]["gracePeriodSeconds"], 7);

    let pods = fixture.list("/api/v1/namespaces/shop/pods").await;
    assert_eq!(pods[0]["metadata"]["deletionGracePeriodSeconds"], 7);
}

#[actix_rt::test]
async fn a_deletion_names_its_pod_by_uid_and_its_grace_period_in_the_body() {
    let fixture = RoundFixture::with(one_db())
        .method(DisruptionMethod::Delete)
        .grace_period(7);
    let report = fixture.round().await;
    let [request] = &fixture.sent("DELETE")[..] else {
        panic!("{report:?}")
    };

    assert_eq!(request.line(), "DELETE /api/v1/namespaces/shop/pods/db-0");
    let body = request.json();
    assert_eq!(
        body["preconditions"],
        json!({ "uid": report.attempts[0].pod.uid })
    );
    assert_eq!(body["gracePeriodSeconds"], 7);
}

#[actix_rt::test]
async fn without_a_grace_period_the_pods_own_holds() {
    let fixture = RoundFixture::with(one_db());
    fixture.round().await;
    let pods = fixture.list("/api/v1/namespaces/shop/pods").await;
    assert_eq!(pods[0]["metadata"]["deletionGracePeriodSeconds"], 30);
}

#[actix_rt::test]
async fn an_owner_gives_one_victim_however_many_are_ordered() {
    let fixture = RoundFixture::with(two_apps()).count(5);
    let report = fixture.round().await;
    let mut owners = outcomes(&report);
    owners.sort();
    assert_eq!(owners, ["deployment/search: evicted", "deployment/web: evicted"]);
    assert_eq!(fixture.pods("shop").await.len(), 2);
}

#[actix_rt::test]
async fn as_many_victims_are_disrupted_as_are_ordered_and_no_more() {
    let apps = ["a", "b", "c", "d"].map(|app| deployment("shop", app, 2));
    let fixture = RoundFixture::with(apps.to_vec()).count(3);
    let report = fixture.round().await;
    assert_eq!(report.count(|outcome| *outcome == Outcome::Evicted), 3);
    assert_eq!(fixture.sent(EVICTION).len(), 3);
    assert_eq!(fixture.pods("shop").await.len(), 5);
}

#[actix_rt::test]
async fn a_dry_run_only_reads_and_leaves_everything_as_it_was() {
    let fixture = RoundFixture::with(two_apps()).dry_run().count(2);
    let before = fixture.list("/api/v1/namespaces/shop/pods").await;
    let report = fixture.round().await;

    assert_eq!(report.count(|outcome| *outcome == Outcome::DryRun), 2);
    assert_eq!(report.status(), RoundStatus::DryRun);
    assert!(
        fixture
            .sent("")
            .iter()
            .all(|request| request.line().starts_with("GET "))
    );
    assert_eq!(fixture.list("/api/v1/namespaces/shop/pods").await, before);
}

#[actix_rt::test]
async fn the_same_seed_chooses_the_same_victims_in_the_dry_run_and_in_earnest() {
    let apps = || {
        ["a", "b", "c", "d"]
            .map(|app| deployment("shop", app, 5))
            .to_vec()
    };
    let mut choices = Vec::new();

    for seed in 0..4 {
        let predicted = RoundFixture::with(apps())
            .seed(seed)
            .count(3)
            .dry_run()
            .round()
            .await;
        let report = RoundFixture::with(apps()).seed(seed).count(3).round().await;
        assert_eq!(names(&predicted), names(&report));
        assert_eq!((report.seed, report.attempts.len()), (seed, 3));
        choices.push(names(&report).join(" "));
    }

    choices.sort();
    choices.dedup();
    assert_eq!(choices.len(), 4, "four seeds choose differently");
}

#[actix_rt::test]
async fn a_pod_replaced_between_list_and_fetch_is_gone_and_its_successor_is_let_be() {
    let fixture = RoundFixture::with(one_db());
    let replace = fixture.replacing("db-0");
    let fixture = fixture.meanwhile(POD, replace);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["statefulset/db: gone already"]);
    assert_eq!(report.status(), RoundStatus::Refused);
    assert!(fixture.sent(EVICTION).is_empty());
    assert_eq!(fixture.pods("shop").await, ["db-0"]);
}

#[actix_rt::test]
async fn a_pod_replaced_between_fetch_and_eviction_is_gone_and_its_successor_is_let_be() {
    let fixture = RoundFixture::with(one_db());
    let replace = fixture.replacing("db-0");
    let fixture = fixture.meanwhile(EVICTION, replace);
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: gone already"]);
    assert_eq!(fixture.sent(EVICTION).len(), 1);
    assert_eq!(fixture.pods("shop").await, ["db-0"]);
}

#[actix_rt::test]
async fn a_pod_replaced_before_its_deletion_is_gone_and_its_successor_is_let_be() {
    let fixture = RoundFixture::with(one_db()).method(DisruptionMethod::Delete);
    let replace = fixture.replacing("db-0");
    let fixture = fixture.meanwhile("DELETE", replace);
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: gone already"]);
    assert_eq!(fixture.pods("shop").await, ["db-0"]);
}

#[actix_rt::test]
async fn after_a_pod_that_is_gone_the_next_one_is_tried() {
    let objects = vec![stateful_set("shop", "db", 1), deployment("shop", "search", 1)];
    let fixture = RoundFixture::with(objects).drawing_first("statefulset/db").await;
    let replace = fixture.replacing("db-0");
    let fixture = fixture.meanwhile(POD, replace);
    let expected = ["statefulset/db: gone already", "deployment/search: evicted"];
    assert_eq!(outcomes(&fixture.round().await), expected);
}

#[actix_rt::test]
async fn a_pod_that_opts_out_between_list_and_fetch_is_exempt() {
    let fixture = RoundFixture::with(one_db());
    let sandbox = Arc::clone(&fixture.sandbox);
    let mut shy = pod(&fixture, "db-0").await;
    shy["metadata"]["annotations"] = json!({ "macaque/enabled": "false" });
    let fixture = fixture.meanwhile(POD, move || sandbox.apply(std::slice::from_ref(&shy)).unwrap());
    let report = fixture.round().await;

    assert_eq!((report.attempts.len(), report.candidates), (0, 0));
    assert_eq!(report.exempted["opted-out"].count, 1);
    assert_eq!(report.status(), RoundStatus::Idle);
}

#[actix_rt::test]
async fn a_stop_before_the_next_victim_ends_the_round_with_what_was_done() {
    let fixture = RoundFixture::with(two_apps()).count(2);
    let switch = Arc::clone(&fixture.switch);
    let fixture = fixture.meanwhile(EVICTION, move || switch.request());
    let report = fixture.round().await;
    assert_eq!((report.attempts.len(), &report.end), (1, &RoundEnd::Interrupted));
    assert_eq!(report.attempts[0].outcome, Outcome::Evicted);
    assert_eq!(fixture.sent(EVICTION).len(), 1);
    assert_eq!(fixture.pods("shop").await.len(), 3);
}

#[actix_rt::test]
async fn a_stop_during_the_last_victim_leaves_a_round_that_did_all_it_was_to_do() {
    let fixture = RoundFixture::with(two_apps());
    let switch = Arc::clone(&fixture.switch);
    let fixture = fixture.meanwhile(EVICTION, move || switch.request());
    let report = fixture.round().await;
    assert_eq!(
        (report.status(), report.end),
        (RoundStatus::Disrupted, RoundEnd::Complete)
    );
}

#[actix_rt::test]
async fn a_stop_during_the_list_ends_the_round_before_any_victim() {
    let fixture = RoundFixture::with(two_apps());
    let switch = Arc::clone(&fixture.switch);
    let fixture = fixture.meanwhile("/pods?", move || switch.request());
    let report = fixture.round().await;
    assert_eq!((report.attempts.len(), report.end), (0, RoundEnd::Interrupted));
    assert!(fixture.sent(EVICTION).is_empty());
}

/// A pod as the server has it.
async fn pod(fixture: &RoundFixture, name: &str) -> Value {
    let pods = fixture.list("/api/v1/namespaces/shop/pods").await;
    let mut pod = pods
        .into_iter()
        .find(|pod| pod["metadata"]["name"] == name)
        .unwrap();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod
}
