//! A changed template: StatefulSets and DaemonSets replace their pods as their strategy says.

use std::time::Duration;

use kube_sandbox::scenario;
use serde_json::{Value, json};

use crate::test_server::{TestResponse, TestServer, eventually};

const SETS: &str = "/apis/apps/v1/namespaces/shop";

fn image(name: &str, image: &str) -> Value {
    json!({ "spec": { "template": { "spec": { "containers": [{ "name": name, "image": image }] } } } })
}

fn change(server: &TestServer, set: &str, patch: &Value) -> TestResponse {
    let path = format!("{SETS}/{set}");
    let headers = [("Content-Type", "application/strategic-merge-patch+json")];
    let answer = server.send("PATCH", &path, &headers, &patch.to_string());
    assert_eq!(answer.code, 200, "{}", answer.text);
    answer
}

fn status(server: &TestServer, set: &str) -> Value {
    server.get(&format!("{SETS}/{set}")).json()["status"].clone()
}

fn deleted(server: &TestServer) -> Vec<String> {
    let deletions = server.sandbox.deletions();
    deletions.into_iter().map(|deletion| deletion.name).collect()
}

fn image_of(pod: &Value) -> &str {
    pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default()
}

#[test]
fn a_stateful_set_replaces_its_pods_from_the_last_to_the_first() {
    let server = TestServer::running(vec![scenario::stateful_set("shop", "db", 3)]);
    let before = status(&server, "statefulsets/db");
    assert_eq!(before["currentRevision"], before["updateRevision"]);
    change(&server, "statefulsets/db", &image("db", "db:2"));

    let after = eventually("the update is complete", || {
        let status = status(&server, "statefulsets/db");
        let is_complete = status["updateRevision"] != before["updateRevision"]
            && status["currentRevision"] == status["updateRevision"]
            && status["readyReplicas"] == 3;
        is_complete.then_some(status)
    });
    assert_eq!(after["updatedReplicas"], 3);
    assert_eq!(deleted(&server), ["db-2", "db-1", "db-0"]);
    assert_eq!(image_of(&server.pod("db-0")), "db:2");

    let revisions = server.get(&format!("{SETS}/controllerrevisions")).json();
    let numbers: Vec<&Value> = revisions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| &revision["revision"])
        .collect();
    assert!(
        numbers.contains(&&json!(1)) && numbers.contains(&&json!(2)),
        "{numbers:?}"
    );
}

#[test]
fn a_stateful_set_waits_for_a_replaced_pod_to_be_ready() {
    let server = TestServer::running(vec![scenario::stateful_set("shop", "db", 3)]);
    server.sandbox.set_ready_after(Duration::MAX);
    change(&server, "statefulsets/db", &image("db", "db:2"));

    eventually("the last pod is made anew", || {
        let pod = server.pod("db-2");
        (image_of(&pod) == "db:2" && pod["status"]["phase"] == "Pending").then_some(())
    });
    eventually("the status counts it", || {
        let status = status(&server, "statefulsets/db");
        (status["updatedReplicas"] == 1 && status["readyReplicas"] == 2).then_some(())
    });
    assert_eq!(deleted(&server), ["db-2"]);
}

#[test]
fn pods_below_the_partition_keep_the_template_that_they_had() {
    let server = TestServer::running(vec![scenario::stateful_set("shop", "db", 3)]);
    let mut patch = image("db", "db:2");
    patch["spec"]["updateStrategy"] = json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 2 } });
    change(&server, "statefulsets/db", &patch);
    eventually("the last pod is made anew and ready", || {
        let status = status(&server, "statefulsets/db");
        (status["updatedReplicas"] == 1 && status["readyReplicas"] == 3).then_some(())
    });

    let uid = server.pod("db-0")["metadata"]["uid"].clone();
    server.delete("/api/v1/namespaces/shop/pods/db-0", None);
    let pod = eventually("the first pod is made anew", || {
        let pod = server.pod("db-0");
        (pod["kind"] == "Pod" && pod["metadata"]["uid"] != uid).then_some(pod)
    });
    assert_eq!(image_of(&pod), "registry.example/shop/db:1.0");
    assert_eq!(deleted(&server), ["db-2", "db-0"]);
}

#[test]
fn a_set_on_delete_replaces_nothing_by_itself() {
    for (set, app, object) in [
        ("statefulsets/db", "db", scenario::stateful_set("shop", "db", 2)),
        ("daemonsets/logs", "logs", scenario::daemon_set("shop", "logs")),
    ] {
        let server = TestServer::running(vec![object]);
        let mut patch = image(app, "other:2");
        patch["spec"]["updateStrategy"] = json!({ "type": "OnDelete", "rollingUpdate": null });
        let generation = change(&server, set, &patch).json()["metadata"]["generation"].clone();
        eventually("the change is observed", || {
            (status(&server, set)["observedGeneration"] == generation).then_some(())
        });
        assert_eq!(deleted(&server), [""; 0], "{set}");

        let pod = server.get("/api/v1/namespaces/shop/pods").names()[0].clone();
        server.delete(&format!("/api/v1/namespaces/shop/pods/{pod}"), None);
        eventually("the successor has the new template", || {
            let pods = server.get("/api/v1/namespaces/shop/pods").json();
            let pods = pods["items"].as_array().unwrap();
            pods.iter().any(|pod| image_of(pod) == "other:2").then_some(())
        });
    }
}

#[test]
fn a_daemon_set_replaces_one_pod_at_a_time() {
    let server = TestServer::running(vec![scenario::daemon_set("shop", "logs")]);
    server.sandbox.set_ready_after(Duration::MAX);
    change(&server, "daemonsets/logs", &image("logs", "logs:2"));
    eventually("one pod is made anew", || {
        let status = status(&server, "daemonsets/logs");
        (status["updatedNumberScheduled"] == 1 && status["currentNumberScheduled"] == 2).then_some(())
    });
    assert_eq!(deleted(&server).len(), 1);
}

#[test]
fn a_daemon_set_replaces_all_its_pods() {
    let server = TestServer::running(vec![scenario::daemon_set("shop", "logs")]);
    let changed = change(&server, "daemonsets/logs", &image("logs", "logs:2")).json();
    eventually("all pods are of the new template and ready", || {
        let status = status(&server, "daemonsets/logs");
        let is_observed = status["observedGeneration"] == changed["metadata"]["generation"];
        (is_observed && status["updatedNumberScheduled"] == 2 && status["numberReady"] == 2).then_some(())
    });
    assert_eq!(deleted(&server).len(), 2);
}

#[test]
fn an_annotation_of_a_set_without_defaults_replaces_nothing() {
    let server = TestServer::running(scenario::shop());
    for set in ["deployments/web", "statefulsets/db", "daemonsets/logs"] {
        let patch =
            json!({ "metadata": { "annotations": { "note": "x" } }, "spec": { "minReadySeconds": 0 } });
        let generation = change(&server, set, &patch).json()["metadata"]["generation"].clone();
        eventually("the change is observed", || {
            (status(&server, set)["observedGeneration"] == generation).then_some(())
        });
    }
    assert_eq!(deleted(&server), [""; 0]);
}

/// The ReplicaSets of the Deployment `web` by their number, each with its replicas.
fn numbered_sets(server: &TestServer) -> Vec<(String, i64)> {
    let sets = server.get(&format!("{SETS}/replicasets")).json();
    let sets = sets["items"].as_array().unwrap().iter().map(|set| {
        let number = &set["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
        (
            number.as_str().unwrap().to_owned(),
            set["spec"]["replicas"].as_i64().unwrap(),
        )
    });
    let mut sets: Vec<_> = sets.collect();
    sets.sort();
    sets
}

#[test]
fn a_deployment_numbers_its_templates_and_one_that_comes_back_is_the_newest() {
    let server = TestServer::running(vec![scenario::pod("shop", "other", "other")]);
    // Created by a request, so that its template has the defaults from the start.
    let created = server.post(
        &format!("{SETS}/deployments"),
        &scenario::deployment("shop", "web", 2),
    );
    assert_eq!(created.code, 201);
    eventually("the first template has its pods", || {
        (numbered_sets(&server) == [("1".to_owned(), 2)]).then_some(())
    });
    let expect = |what: &str, expected: [(&str, i64); 2]| {
        eventually(what, || {
            let found = numbered_sets(&server);
            let is_expected = found
                .iter()
                .map(|(number, replicas)| (number.as_str(), *replicas))
                .eq(expected);
            is_expected.then_some(())
        });
        let deployment = server.get(&format!("{SETS}/deployments/web")).json();
        let number = &deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
        assert_eq!(*number, expected[1].0, "{what}");
    };

    let first = server.get(&format!("{SETS}/deployments/web")).json()["spec"]["template"].clone();
    change(&server, "deployments/web", &image("web", "web:2"));
    expect("the second template has its pods", [("1", 0), ("2", 2)]);
    change(
        &server,
        "deployments/web",
        &json!({ "spec": { "template": first } }),
    );
    expect("the first template has them again", [("2", 0), ("3", 2)]);
}

#[test]
fn a_paused_deployment_keeps_its_pods_until_it_is_resumed() {
    let server = TestServer::running(vec![scenario::deployment("shop", "web", 2)]);
    let mut patch = image("web", "web:2");
    patch["spec"]["paused"] = json!(true);
    let generation = change(&server, "deployments/web", &patch).json()["metadata"]["generation"].clone();
    let paused = eventually("the change is observed", || {
        let status = status(&server, "deployments/web");
        (status["observedGeneration"] == generation).then_some(status)
    });
    assert_eq!(
        (&paused["updatedReplicas"], &paused["readyReplicas"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(deleted(&server), [""; 0]);

    change(
        &server,
        "deployments/web",
        &json!({ "spec": { "paused": false } }),
    );
    eventually("the rollout goes on", || {
        let status = status(&server, "deployments/web");
        (status["updatedReplicas"] == 2 && status["readyReplicas"] == 2).then_some(())
    });
}
