//! Evictions: who may go, who may not, and what each answer says.

use kube_sandbox::scenario;
use serde_json::{Value, json};

use crate::test_server::{
    TestResponse, TestServer, budget_with_status, eviction_body, eviction_path, pod_in_phase, ready_pod,
    unready_pod,
};

const REFUSAL: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

fn refused_because(answer: &TestResponse, cause: &str) {
    let status = answer.json();

    assert_eq!(
        (answer.code, status["reason"].as_str()),
        (429, Some("TooManyRequests")),
        "{status}"
    );
    assert_eq!(status["message"], REFUSAL);
    assert_eq!(
        status["details"]["causes"],
        json!([{ "reason": "DisruptionBudget", "message": cause }])
    );
}

#[test]
fn a_pod_without_a_budget_goes() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let answer = server.evict("web-0", json!({ "gracePeriodSeconds": 5 }));
    assert_eq!(answer.code, 201);

    let success =
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    assert_eq!(answer.json(), success);

    let pod = server.pod("web-0");
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 5);

    let target = &pod["status"]["conditions"][1];
    assert_eq!(
        (&target["type"], &target["status"]),
        (&json!("DisruptionTarget"), &json!("True"))
    );
    assert_eq!(target["reason"], "EvictionByEvictionAPI");
}

#[test]
fn a_budget_is_spent_by_one_eviction_and_refuses_the_next() {
    let server = TestServer::paused(&[
        ready_pod("web-0", "web"),
        ready_pod("web-1", "web"),
        budget_with_status("web", 1, 2, 1),
    ]);
    assert_eq!(server.evict("web-0", json!({})).code, 201);

    let status = server.budget("web")["status"].clone();
    assert_eq!(status["disruptionsAllowed"], 0);
    assert!(status["disruptedPods"]["web-0"].is_string());

    let answer = server.evict("web-1", json!({}));
    refused_because(
        &answer,
        "The disruption budget web does not allow evicting pods currently",
    );
    assert_eq!(
        (
            answer.header("retry-after"),
            answer.json()["details"].get("retryAfterSeconds")
        ),
        (None, None)
    );
}

#[test]
fn a_full_budget_tells_its_numbers() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), budget_with_status("web", 0, 1, 3)]);
    let answer = server.evict("web-0", json!({}));
    refused_because(
        &answer,
        "The disruption budget web needs 3 healthy pods and has 1 currently",
    );
}

#[test]
fn a_budget_that_failed_to_sync_tells_why() {
    let mut broken = budget_with_status("web", 0, 1, 3);
    broken["status"]["conditions"] = json!([{
        "type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "found no controllers",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]);
    let server = TestServer::paused(&[ready_pod("web-0", "web"), broken]);

    refused_because(
        &server.evict("web-0", json!({})),
        "The disruption budget web does not allow evicting pods currently because it failed sync: found no \
         controllers",
    );
}

#[test]
fn a_budget_behind_its_generation_asks_for_ten_seconds() {
    let mut stale = budget_with_status("web", 5, 5, 1);
    stale["metadata"]["generation"] = json!(2);
    let server = TestServer::paused(&[ready_pod("web-0", "web"), stale]);
    let answer = server.evict("web-0", json!({}));

    refused_because(
        &answer,
        "The disruption budget web is still being processed by the server.",
    );
    assert_eq!(answer.json()["details"]["retryAfterSeconds"], 10);
    assert_eq!(answer.header("retry-after"), Some("10"));
}

#[test]
fn a_negative_budget_is_forbidden_and_not_a_missing_right() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), budget_with_status("web", -1, 1, 2)]);
    let answer = server.evict("web-0", json!({}));

    assert_eq!(answer.code, 403);
    assert!(
        answer
            .message()
            .ends_with(r#""web" is forbidden: pdb disruptions allowed is negative"#)
    );
    assert_eq!(
        answer.json()["details"]["causes"][0]["reason"],
        "DisruptionBudget"
    );
}

#[test]
fn two_budgets_over_one_pod_are_an_error_without_a_reason() {
    let mut second = budget_with_status("web", 1, 1, 0);
    second["metadata"]["name"] = json!("web-too");
    let server = TestServer::paused(&[
        ready_pod("web-0", "web"),
        budget_with_status("web", 1, 1, 0),
        second,
    ]);

    for path in [eviction_path("web-0"), eviction_path("web-0") + "?dryRun=All"] {
        let answer = server.post(&path, &eviction_body("web-0", json!({})));
        let expected = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 500,
            "message":
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        });
        assert_eq!((answer.code, answer.json()), (500, expected));
    }
}

#[test]
fn pods_that_do_not_run_ask_no_budget() {
    let mut second = budget_with_status("web", 0, 0, 1);
    second["metadata"]["name"] = json!("web-too");
    let mut leaving = ready_pod("leaving", "web");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    leaving["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    let pods =
        ["Pending", "Succeeded", "Failed"].map(|phase| pod_in_phase(&phase.to_lowercase(), "web", phase));
    let server = TestServer::paused(&[budget_with_status("web", 0, 0, 1), second, leaving]);
    server.sandbox.apply(&pods).unwrap();
    for name in ["pending", "succeeded", "failed", "leaving"] {
        assert_eq!(server.evict(name, json!({})).code, 201, "{name}");
    }

    assert_eq!(server.budget("web")["status"]["disruptionsAllowed"], 0);
}

#[test]
fn a_pod_of_unknown_phase_is_guarded() {
    let server = TestServer::paused(&[
        pod_in_phase("web-0", "web", "Unknown"),
        budget_with_status("web", 0, 0, 1),
    ]);
    assert_eq!(server.evict("web-0", json!({})).code, 429);
}

#[test]
fn the_policy_for_unhealthy_pods_decides_about_them() {
    // Policy, numbers of the status, observed generation, expected code.
    let cases: [(Option<&str>, [i64; 3], i64, u16); 6] = [
        (None, [0, 2, 2], 1, 201),
        (Some("IfHealthyBudget"), [0, 2, 2], 0, 201),
        (Some("IfHealthyBudget"), [0, 1, 2], 1, 429),
        (None, [0, 0, 0], 1, 429),
        (Some("AlwaysAllow"), [0, 0, 2], 0, 201),
        (Some("AlwaysAllow"), [0, 0, 0], 1, 201),
    ];

    for (policy, [allowed, healthy, desired], observed, code) in cases {
        let mut budget = budget_with_status("web", allowed, healthy, desired);
        budget["spec"]["unhealthyPodEvictionPolicy"] = json!(policy);
        budget["status"]["observedGeneration"] = json!(observed);
        let server = TestServer::paused(&[unready_pod("web-0", "web"), budget]);
        let answer = server.evict("web-0", json!({}));
        assert_eq!(
            answer.code, code,
            "{policy:?} {healthy}/{desired}: {}",
            answer.text
        );
        assert_eq!(
            server.budget("web")["status"]["disruptionsAllowed"],
            0,
            "nothing is spent for it"
        );
    }
}

#[test]
fn budgets_of_other_pods_and_unreadable_selectors_guard_nothing() {
    let mut nothing = budget_with_status("web", 0, 0, 1);
    nothing["spec"]["selector"] = Value::Null;
    let mut invalid = budget_with_status("web", 0, 0, 1);
    invalid["metadata"]["name"] = json!("invalid");
    invalid["spec"]["selector"] = json!({ "matchExpressions": [{ "key": "app", "operator": "Near" }] });
    let server = TestServer::paused(&[
        ready_pod("web-0", "web"),
        nothing,
        invalid,
        budget_with_status("db", 0, 0, 1),
    ]);

    assert_eq!(server.evict("web-0", json!({})).code, 201);
}

#[test]
fn parallel_evictions_take_no_more_than_a_budget_has() {
    let mut objects: Vec<Value> = (0..8)
        .map(|index| ready_pod(&format!("web-{index}"), "web"))
        .collect();
    objects.push(budget_with_status("web", 4, 8, 4));
    let server = TestServer::paused(&objects);
    let codes: Vec<u16> = std::thread::scope(|scope| {
        let evictions: Vec<_> = (0..8)
            .map(|index| (index, &server))
            .map(|(index, server)| scope.spawn(move || server.evict(&format!("web-{index}"), json!({})).code))
            .collect();
        evictions
            .into_iter()
            .map(|eviction| eviction.join().unwrap())
            .collect()
    });

    assert_eq!(codes.iter().filter(|code| **code == 201).count(), 4, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 429).count(), 4, "{codes:?}");
}

#[test]
fn a_daemon_set_under_max_unavailable_is_still_being_processed_for_ever() {
    let objects = vec![
        scenario::daemon_set("shop", "logs"),
        scenario::budget("shop", "logs", json!({ "maxUnavailable": 1 })),
    ];
    let server = TestServer::running(objects);
    let name = server.get("/api/v1/namespaces/shop/pods").names().remove(0);
    refused_because(
        &server.evict(&name, json!({})),
        "The disruption budget logs is still being processed by the server.",
    );

    let condition = server.budget("logs")["status"]["conditions"][0].clone();
    assert_eq!(
        (&condition["reason"], &condition["status"]),
        (&json!("SyncFailed"), &json!("False"))
    );
    assert_eq!(
        condition["message"],
        "daemonsets.apps does not implement the scale subresource"
    );
}
