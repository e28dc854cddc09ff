//! Deletions: grace, preconditions, dry runs and their traps.

use serde_json::json;

use crate::test_server::{TestServer, budget_with_status, pod_in_phase, ready_pod};

const WEB_0: &str = "/api/v1/namespaces/shop/pods/web-0";

#[test]
fn a_deletion_answers_with_the_pod_and_asks_no_budget() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), budget_with_status("web", 0, 1, 1)]);
    let answer = server.delete(WEB_0, Some(json!({ "preconditions": { "uid": "uid-of-web-0" } })));
    let pod = answer.json();
    assert_eq!((answer.code, &pod["kind"]), (200, &json!("Pod")));
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 30);
    assert!(pod["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(server.budget("web")["status"].get("disruptedPods"), None);
}

#[test]
fn grace_is_what_was_asked_for_or_what_the_pod_says() {
    for (asked, kept) in [
        (json!({}), 30),
        (json!({ "gracePeriodSeconds": 7 }), 7),
        (json!({ "gracePeriodSeconds": -5 }), 1),
    ] {
        let server = TestServer::paused(&[ready_pod("web-0", "web")]);
        server.delete(WEB_0, Some(asked));
        assert_eq!(
            server.pod("web-0")["metadata"]["deletionGracePeriodSeconds"],
            kept
        );
    }
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    server.delete(&format!("{WEB_0}?gracePeriodSeconds=3"), None);

    assert_eq!(server.pod("web-0")["metadata"]["deletionGracePeriodSeconds"], 3);
}

#[test]
fn without_grace_and_without_life_a_pod_is_gone_at_once() {
    let mut unscheduled = ready_pod("web-0", "web");
    unscheduled["spec"].as_object_mut().unwrap().remove("nodeName");

    for (pod, options) in [
        (ready_pod("web-0", "web"), json!({ "gracePeriodSeconds": 0 })),
        (pod_in_phase("web-0", "web", "Failed"), json!({})),
        (unscheduled, json!({})),
    ] {
        let server = TestServer::paused(&[pod]);
        let answer = server.delete(WEB_0, Some(options));
        assert_eq!((answer.code, &answer.json()["kind"]), (200, &json!("Pod")));
        assert_eq!(server.get(WEB_0).code, 404);
    }
}

#[test]
fn a_second_deletion_only_hurries_the_first() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let grace = |seconds: i64| {
        server
            .delete(WEB_0, Some(json!({ "gracePeriodSeconds": seconds })))
            .json()
    };
    grace(20);
    let first = server.pod("web-0");

    assert_eq!(grace(60)["metadata"], first["metadata"]);
    assert_eq!(server.delete(WEB_0, None).code, 200);
    assert_eq!(server.pod("web-0"), first);
    assert_eq!(grace(4)["metadata"]["deletionGracePeriodSeconds"], 4);
}

#[test]
fn preconditions_hold_even_for_a_pod_that_is_leaving() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);

    for _ in 0..2 {
        let answer = server.delete(WEB_0, Some(json!({ "preconditions": { "uid": "other" } })));
        assert_eq!(
            (answer.code, answer.json()["reason"].as_str()),
            (409, Some("Conflict"))
        );
        assert_eq!(answer.json()["details"]["kind"], "Pod");
        server.delete(WEB_0, None);
    }
}

#[test]
fn a_dry_run_in_the_query_is_ignored_beside_a_body() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let before = server.pod("web-0");

    assert_eq!(server.delete(WEB_0, Some(json!({ "dryRun": ["All"] }))).code, 200);
    assert_eq!(server.delete(&format!("{WEB_0}?dryRun=All"), None).code, 200);
    assert_eq!(
        server.pod("web-0"),
        before,
        "a dry run in the body, or alone in the query, is one"
    );
    assert_eq!(
        server
            .delete(&format!("{WEB_0}?dryRun=All"), Some(json!({})))
            .code,
        200
    );
    assert!(
        server.pod("web-0")["metadata"]["deletionTimestamp"].is_string(),
        "the trap is there"
    );
}

#[test]
fn invalid_options_change_nothing() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let answer = server.delete(WEB_0, Some(json!({ "dryRun": ["Some"] })));
    assert_eq!(
        (answer.code, answer.json()["details"]["group"].as_str()),
        (422, Some("meta.k8s.io"))
    );

    let policy = json!({ "propagationPolicy": "Orphan", "orphanDependents": true });
    assert_eq!(server.delete(WEB_0, Some(policy)).code, 422);
    assert_eq!(server.pod("web-0")["metadata"].get("deletionTimestamp"), None);
}

#[test]
fn the_metadata_alone_can_be_asked_for() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    let answer = server.send("DELETE", WEB_0, &[("Accept", accept)], "").json();
    assert_eq!(
        (&answer["kind"], answer.get("spec")),
        (&json!("PartialObjectMetadata"), None)
    );
}

#[test]
fn only_the_old_way_of_cascading_is_accepted_rather_than_done() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);

    assert_eq!(
        server
            .delete(WEB_0, Some(json!({ "orphanDependents": false })))
            .code,
        202
    );
    assert_eq!(
        server.delete("/api/v1/namespaces/shop/pods/nobody", None).code,
        404
    );
}

#[test]
fn finalizers_hold_an_object_until_they_are_gone() {
    let path = "/api/v1/namespaces/shop/configmaps/settings";
    let server = TestServer::paused(&[json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "settings", "namespace": "shop", "finalizers": ["example.org/wait"] },
    })]);
    assert_eq!(server.delete(path, None).json()["status"], "Success");
    assert!(server.get(path).json()["metadata"]["deletionTimestamp"].is_string());

    server.merge_patch(path, &json!({ "metadata": { "finalizers": null } }));
    assert_eq!(server.get(path).code, 404);
}
