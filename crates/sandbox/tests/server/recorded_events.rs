//! The events that the controllers record, as `kubectl describe` and `kubectl get events` show them.

use kube_sandbox::scenario;
use serde_json::{Value, json};

use crate::test_server::{TestServer, eventually};

const EVENTS: &str = "/api/v1/namespaces/shop/events";

/// Waits for an event about an object, and returns it.
fn event(server: &TestServer, kind: &str, reason: &str) -> Value {
    let query = format!("fieldSelector=involvedObject.kind%3D{kind},reason%3D{reason}");
    eventually(&format!("{reason} of a {kind} is recorded"), || {
        let list = server.get(&format!("{EVENTS}?{query}")).json();
        list["items"].as_array().unwrap().first().cloned()
    })
}

#[test]
fn a_cluster_opens_without_events_because_those_of_its_age_have_expired() {
    let server = TestServer::running(scenario::shop());
    assert_eq!(server.get("/api/v1/events").names(), [""; 0]);
}

#[test]
fn what_the_controllers_do_about_a_kill_is_recorded() {
    let server = TestServer::running(scenario::shop());
    let pods = server
        .get("/api/v1/namespaces/shop/pods?labelSelector=app%3Dsearch")
        .names();
    assert_eq!(server.evict(&pods[0], json!({})).code, 201);

    let killing = event(&server, "Pod", "Killing");
    assert_eq!(killing["message"], "Stopping container search");
    assert_eq!(killing["involvedObject"]["name"], *pods[0]);
    assert_eq!(killing["involvedObject"]["fieldPath"], "spec.containers{search}");
    assert_eq!(killing["source"]["component"], "kubelet");

    let created = event(&server, "ReplicaSet", "SuccessfulCreate");
    let created = created["message"].as_str().unwrap();
    let successor = created.strip_prefix("Created pod: ").unwrap();
    let scheduled = event(&server, "Pod", "Scheduled");
    let message = scheduled["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("Successfully assigned shop/{successor} to node-")),
        "{message}"
    );

    let path = "/apis/events.k8s.io/v1/namespaces/shop/events";
    let list = server
        .get(&format!("{path}?fieldSelector=reason%3DKilling"))
        .json();
    assert_eq!(list["items"][0]["note"], "Stopping container search");
    assert!(list["items"][0]["eventTime"].is_string());
}

#[test]
fn scaling_and_sets_are_recorded() {
    let server = TestServer::running(scenario::shop());
    let sets = "/apis/apps/v1/namespaces/shop";
    for (set, replicas) in [("deployments/search", 1), ("statefulsets/db", 2)] {
        let scale = json!({ "spec": { "replicas": replicas } });
        assert_eq!(
            server.merge_patch(&format!("{sets}/{set}/scale"), &scale).code,
            200
        );
    }

    let scaled = event(&server, "Deployment", "ScalingReplicaSet");
    let message = scaled["message"].as_str().unwrap();
    assert!(
        message.starts_with("Scaled down replica set search-"),
        "{message}"
    );
    assert!(message.ends_with(" from 2 to 1"), "{message}");
    event(&server, "ReplicaSet", "SuccessfulDelete");
    let deleted = event(&server, "StatefulSet", "SuccessfulDelete");
    assert_eq!(deleted["message"], "delete Pod db-2 in StatefulSet db successful");
}

#[test]
fn recorded_events_are_bounded_in_number() {
    let server = TestServer::running(vec![scenario::deployment("shop", "web", 0)]);
    let path = "/apis/apps/v1/namespaces/shop/deployments/web/scale";
    // Each pod has an event of its creation and one of its node.
    assert_eq!(
        server
            .merge_patch(path, &json!({ "spec": { "replicas": 600 } }))
            .code,
        200
    );
    eventually("all pods are ready", || {
        let web = server.sandbox.object("Deployment", "shop", "web")?;
        (web["status"]["readyReplicas"] == 600).then_some(())
    });

    let events = server.get(EVENTS).json();
    assert_eq!(events["items"].as_array().unwrap().len(), 1000);
}
