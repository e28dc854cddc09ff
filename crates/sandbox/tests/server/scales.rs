//! The scale of a workload, as a client reads it.

use kube_sandbox::scenario;
use serde_json::json;

use crate::test_server::TestServer;

#[test]
fn the_selector_of_a_scale_is_that_of_the_workload_in_the_form_of_a_query() {
    let selectors = [
        (json!({ "matchLabels": { "app": "web" } }), "app=web"),
        (
            json!({ "matchLabels": { "tier": "front", "app": "web" } }),
            "app=web,tier=front",
        ),
        (
            json!({ "matchLabels": { "app": "web" }, "matchExpressions": [
                { "key": "zone", "operator": "DoesNotExist" },
                { "key": "tier", "operator": "In", "values": ["front", "back"] },
                { "key": "age", "operator": "NotIn", "values": ["old"] },
                { "key": "blue", "operator": "Exists" },
            ] }),
            "age notin (old),app=web,blue,tier in (back,front),!zone",
        ),
    ];
    for (selector, expected) in selectors {
        let mut web = scenario::deployment("shop", "web", 2);
        web["spec"]["selector"] = selector;
        let server = TestServer::paused(&[web]);
        let path = "/apis/apps/v1/namespaces/shop/deployments/web";
        let scale = server.get(&format!("{path}/scale")).json();
        assert_eq!(scale["status"]["selector"], expected);
        assert_eq!(scale["spec"]["replicas"], 2);
        assert_eq!(
            scale["metadata"]["uid"],
            server.get(path).json()["metadata"]["uid"]
        );
    }
}

#[test]
fn the_selector_of_a_replication_controller_is_a_map_of_labels() {
    let controller = json!({
        "apiVersion": "v1", "kind": "ReplicationController", "metadata": { "name": "old", "namespace": "shop" },
        "spec": { "replicas": 1, "selector": { "tier": "back", "app": "old" } },
    });
    let server = TestServer::paused(&[controller]);
    let scale = server.get("/api/v1/namespaces/shop/replicationcontrollers/old/scale");
    assert_eq!(scale.json()["status"]["selector"], "app=old,tier=back");
}

#[test]
fn a_workload_scaled_to_nothing_leaves_its_replicas_out() {
    let server = TestServer::paused(&[scenario::deployment("shop", "web", 0)]);
    let scale = server
        .get("/apis/apps/v1/namespaces/shop/deployments/web/scale")
        .json();
    assert_eq!(scale["spec"], json!({}));
    assert_eq!(scale["status"]["replicas"], 0);
}
