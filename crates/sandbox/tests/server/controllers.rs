//! Controllers: what is disrupted comes back, and budgets keep count.

use std::time::Duration;

use kube_sandbox::{SandboxOptions, StuckPods, scenario};
use serde_json::{Value, json};

use crate::test_server::{TestServer, eventually};

const PODS: &str = "/api/v1/namespaces/shop/pods";

fn ready_pods(server: &TestServer, app: &str) -> Vec<Value> {
    let list = server.get(&format!("{PODS}?labelSelector=app%3D{app}")).json();
    let pods = list["items"].as_array().unwrap().iter();
    let is_ready = |pod: &&Value| {
        let conditions = pod["status"]["conditions"].as_array();
        let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
        pod["metadata"].get("deletionTimestamp").is_none()
            && conditions.is_some_and(|list| list.iter().any(ready))
    };

    pods.filter(is_ready).cloned().collect()
}

fn names(pods: &[Value]) -> Vec<&str> {
    pods.iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap())
        .collect()
}

#[test]
fn the_shop_opens_complete_and_old_enough() {
    let server = TestServer::running(scenario::shop());
    for (app, count) in [("cart", 3), ("web", 4), ("search", 2), ("db", 3), ("logs", 2)] {
        assert_eq!(ready_pods(&server, app).len(), count, "{app}");
    }
    for (name, allowed) in [("cart", 1), ("web", 1), ("db", 0)] {
        assert_eq!(
            server.budget(name)["status"]["disruptionsAllowed"],
            allowed,
            "{name}"
        );
    }
    let created = ready_pods(&server, "web")[0]["metadata"]["creationTimestamp"]
        .as_str()
        .unwrap()
        .to_owned();
    let age = jiff::Timestamp::now().duration_since(created.parse().unwrap());
    assert!(age > jiff::SignedDuration::from_mins(59), "{age}");

    let deployment = server.get("/apis/apps/v1/namespaces/shop/deployments/web").json();
    assert_eq!(deployment["status"]["readyReplicas"], 4);
}

#[test]
fn the_same_seed_gives_the_same_names() {
    let [one, two, other] = [1, 1, 2].map(|seed| {
        let server = TestServer::with_options(SandboxOptions {
            seed,
            objects: scenario::shop(),
            ..SandboxOptions::default()
        });
        let list = server.get(PODS);
        (list.names(), list.json()["items"][0]["metadata"]["uid"].clone())
    });

    assert_eq!(one, two);
    assert_ne!(one, other);
}

#[test]
fn an_evicted_pod_is_replaced_by_another_and_the_budget_recovers() {
    let server = TestServer::running(scenario::shop());
    let victim = names(&ready_pods(&server, "web"))[0].to_owned();

    assert_eq!(server.evict(&victim, json!({})).code, 201);
    eventually("four pods of web are ready again", || {
        let pods = ready_pods(&server, "web");
        (pods.len() == 4 && !names(&pods).contains(&victim.as_str())).then_some(())
    });
    eventually("the victim is gone", || {
        (server.get(&format!("{PODS}/{victim}")).code == 404).then_some(())
    });
    eventually("the budget allows one again", || {
        let status = server.budget("web")["status"].clone();
        (status["disruptionsAllowed"] == 1 && status.get("disruptedPods").is_none()).then_some(())
    });
}

#[test]
fn a_budget_refuses_until_the_replacement_is_ready() {
    let server = TestServer::running(scenario::shop());
    server.sandbox.set_ready_after(Duration::MAX);
    let pods = ready_pods(&server, "cart");
    let pods = names(&pods);
    assert_eq!(server.evict(pods[0], json!({})).code, 201);

    let answer = eventually("the budget has counted the loss", || {
        let answer = server.evict(pods[1], json!({}));
        assert_eq!(answer.code, 429);
        answer
            .text
            .contains("needs 2 healthy pods and has 2 currently")
            .then_some(answer)
    });
    assert_eq!(
        answer.json()["details"]["causes"][0]["reason"],
        "DisruptionBudget"
    );

    let pending = server
        .get(&format!("{PODS}?fieldSelector=status.phase=Pending"))
        .names();
    assert_eq!(pending.len(), 1);
}

#[test]
fn a_stateful_set_brings_back_the_same_name_with_another_uid() {
    let server = TestServer::running(scenario::shop());
    let uid = server.pod("db-1")["metadata"]["uid"].clone();

    assert_eq!(
        server.evict("db-1", json!({})).code,
        429,
        "its budget has none to spare"
    );
    assert_eq!(server.delete(&format!("{PODS}/db-1"), None).code, 200);
    eventually("db-1 is back", || {
        let back = ready_pods(&server, "db")
            .into_iter()
            .find(|pod| pod["metadata"]["name"] == "db-1")?;
        (back["metadata"]["uid"] != uid).then_some(())
    });
}

#[test]
fn a_daemon_set_brings_its_pod_back_to_the_same_node() {
    let server = TestServer::running(scenario::shop());
    let victim = ready_pods(&server, "logs").remove(0);
    server.delete(
        &format!("{PODS}/{}", victim["metadata"]["name"].as_str().unwrap()),
        None,
    );

    eventually("another pod of logs is on that node", || {
        let pods = ready_pods(&server, "logs");
        let same = |pod: &&Value| pod["spec"]["nodeName"] == victim["spec"]["nodeName"];
        pods.iter()
            .find(same)
            .filter(|pod| pod["metadata"]["uid"] != victim["metadata"]["uid"])
            .map(drop)
    });
}

#[test]
fn workloads_follow_their_replicas() {
    let server = TestServer::running(scenario::shop());

    for (replicas, path) in [
        (5, "deployments/search"),
        (1, "deployments/search"),
        (4, "statefulsets/db"),
    ] {
        let path = format!("/apis/apps/v1/namespaces/shop/{path}");
        server.merge_patch(&path, &json!({ "spec": { "replicas": replicas } }));
        eventually("all replicas are ready", || {
            let status = server.get(&path).json()["status"].clone();
            (status["readyReplicas"] == replicas && status["replicas"] == replicas).then_some(())
        });
    }
}

#[test]
fn percentages_are_of_the_replicas_asked_for_and_rounded_up() {
    for (limits, desired) in [
        (json!({ "minAvailable": "50%" }), 3),
        (json!({ "maxUnavailable": "50%" }), 2),
        (json!({ "maxUnavailable": 2 }), 3),
        (json!({ "maxUnavailable": 9 }), 0),
    ] {
        let server = TestServer::running(vec![
            scenario::deployment("shop", "web", 5),
            scenario::budget("shop", "web", limits.clone()),
        ]);
        let status = server.budget("web")["status"].clone();
        assert_eq!(
            (&status["desiredHealthy"], &status["expectedPods"]),
            (&json!(desired), &json!(5)),
            "{limits}"
        );
        assert_eq!(status["disruptionsAllowed"], 5 - desired);
    }
}

#[test]
fn a_budget_over_pods_that_nobody_controls_expects_none_in_proportion() {
    let pod = || scenario::pod("shop", "bare", "bare");
    let status = |limits: Value| {
        let server = TestServer::running(vec![pod(), scenario::budget("shop", "bare", limits)]);
        server.budget("bare")["status"].clone()
    };
    assert_eq!(status(json!({ "maxUnavailable": 1 }))["disruptionsAllowed"], 0);
    assert_eq!(status(json!({ "minAvailable": 0 }))["disruptionsAllowed"], 1);
}

#[test]
fn an_owner_takes_its_pods_with_it_unless_they_are_to_be_orphans() {
    let server = TestServer::running(scenario::shop());
    server.delete("/apis/apps/v1/namespaces/shop/deployments/search", None);
    eventually("the pods of search are gone", || {
        server
            .get(&format!("{PODS}?labelSelector=app%3Dsearch"))
            .names()
            .is_empty()
            .then_some(())
    });

    let orphan = json!({ "propagationPolicy": "Orphan" });
    server.delete("/apis/apps/v1/namespaces/shop/statefulsets/db", Some(orphan));
    assert_eq!(server.pod("db-0")["metadata"]["ownerReferences"], json!([]));
}

#[test]
fn a_namespace_goes_when_it_is_empty() {
    let server = TestServer::running(scenario::shop());
    let answer = server.delete("/api/v1/namespaces/shop", None);
    assert_eq!(answer.json()["status"]["phase"], "Terminating");
    eventually("the namespace is gone", || {
        (server.get("/api/v1/namespaces/shop").code == 404).then_some(())
    });
    assert!(server.get("/api/v1/pods").names().is_empty());
}

#[test]
fn a_pod_created_over_the_wire_starts() {
    let server = TestServer::running(Vec::new());
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "generateName": "probe-" },
        "spec": { "containers": [{ "name": "probe", "image": "probe" }] },
    });
    let created = server.post("/api/v1/namespaces/default/pods", &pod).json();
    assert_eq!(created["status"]["phase"], "Pending");

    let path = format!(
        "/api/v1/namespaces/default/pods/{}",
        created["metadata"]["name"].as_str().unwrap()
    );
    eventually("it runs", || {
        (server.get(&path).json()["status"]["phase"] == "Running").then_some(())
    });
}

#[test]
fn pods_are_stuck_for_as_long_as_the_test_wants_and_say_why() {
    let server = TestServer::with_options(SandboxOptions {
        objects: vec![scenario::deployment("shop", "web", 2)],
        ready_after: Duration::ZERO,
        linger: Duration::ZERO,
        ..SandboxOptions::default()
    });
    let rows = [
        (StuckPods::Unschedulable, "Unschedulable"),
        (StuckPods::ImagePull, "ImagePullBackOff"),
        (StuckPods::CrashLoop, "CrashLoopBackOff"),
    ];

    for (stuck, word) in rows {
        server.sandbox.set_stuck(Some(stuck));
        let victim = ready_pods(&server, "web")[0]["metadata"]["name"].clone();
        let victim = victim.as_str().unwrap();
        server.delete(
            &format!("{PODS}/{victim}"),
            Some(json!({ "gracePeriodSeconds": 0 })),
        );
        eventually(word, || {
            let pods = server.get(PODS).json();
            let mut pods = pods["items"].as_array().unwrap().iter();
            pods.any(|pod| is_stuck_for(pod, word)).then_some(())
        });
        assert_eq!(ready_pods(&server, "web").len(), 1, "{word}");

        server.sandbox.set_stuck(None);
        eventually("all are ready", || {
            (ready_pods(&server, "web").len() == 2).then_some(())
        });
    }
}

/// Whether the pod's status says that it does not start for this reason.
fn is_stuck_for(pod: &Value, reason: &str) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    let scheduled = conditions.find(|condition| condition["type"] == "PodScheduled");
    let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
    scheduled.is_some_and(|scheduled| scheduled["reason"] == reason) || waiting["reason"] == reason
}
