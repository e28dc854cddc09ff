//! Nodes: their leases, and the labels that their pods get from them.

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::{AccessDenial, scenario};
use serde_json::{Value, json};

use crate::test_server::{TestServer, eventually};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const LONG_AGO: &str = "2026-01-01T00:00:00.000000Z";

fn node(name: &str, ready: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "labels": labels }, "spec": {},
        "status": { "conditions": [{ "type": "Ready", "status": ready }] },
    })
}

fn lease(node: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": node, "namespace": "kube-node-lease" },
        "spec": { "holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": LONG_AGO },
    })
}

/// When the lease of a node was last renewed.
fn renewed(server: &TestServer, node: &str) -> String {
    let lease = server.get(&format!("{LEASES}/{node}")).json();
    lease["spec"]["renewTime"].as_str().unwrap().to_owned()
}

fn is_fresh(renewed: &str) -> bool {
    let age = Timestamp::now().duration_since(renewed.parse().unwrap());
    age < SignedDuration::from_secs(60)
}

#[test]
fn a_node_that_is_ready_renews_its_lease_and_one_that_is_not_does_not() {
    let server = TestServer::running(vec![node("node-2", "Unknown", json!({})), lease("node-2")]);
    assert_eq!(server.get(LEASES).names(), ["node-1", "node-2"]);
    assert!(is_fresh(&renewed(&server, "node-1")));
    assert_eq!(renewed(&server, "node-2"), LONG_AGO);

    let condition = json!([{ "type": "Ready", "status": "True" }]);
    let status = json!({ "status": { "conditions": condition } });
    assert_eq!(
        server.merge_patch("/api/v1/nodes/node-2/status", &status).code,
        200
    );
    eventually("the node renews its lease", || {
        is_fresh(&renewed(&server, "node-2")).then_some(())
    });
}

#[test]
fn the_leases_are_objects_of_their_nodes_and_change_no_other_names() {
    let server = TestServer::paused(&[]);
    let lease = server.get(&format!("{LEASES}/node-1")).json();
    let node = server.get("/api/v1/nodes/node-1").json();
    let owner = &lease["metadata"]["ownerReferences"][0];
    assert_eq!(owner["uid"], node["metadata"]["uid"]);
    assert_ne!(lease["metadata"]["uid"], node["metadata"]["uid"]);
    assert_eq!(lease["spec"]["holderIdentity"], "node-1");
    assert_eq!(server.get("/api/v1/namespaces/kube-node-lease").code, 200);
}

#[test]
fn a_pod_has_the_zone_and_the_region_of_its_node_and_keeps_its_own() {
    let labels = json!({
        "topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1", "disk": "ssd",
    });
    let nodes = ["node-1", "node-2"].map(|name| node(name, "True", labels.clone()));
    let mut own = scenario::deployment("shop", "own", 1);
    own["spec"]["template"]["metadata"]["labels"]["topology.kubernetes.io/zone"] = json!("z9");
    let mut objects = vec![
        scenario::deployment("shop", "web", 1),
        scenario::daemon_set("shop", "logs"),
        own,
    ];
    objects.extend(nodes);
    let server = TestServer::running(objects);

    for (app, zone) in [("web", "z1"), ("logs", "z1"), ("own", "z9")] {
        let path = format!("/api/v1/namespaces/shop/pods?labelSelector=app%3D{app}");
        let pod = &server.get(&path).json()["items"][0];
        let labels = &pod["metadata"]["labels"];
        assert_eq!(labels["topology.kubernetes.io/zone"], zone, "{app}");
        assert_eq!(labels["topology.kubernetes.io/region"], "r1", "{app}");
        assert_eq!(labels.get("disk"), None, "{app}");
    }
}

#[test]
fn a_namespace_is_annotated_by_a_patch_and_shown_as_metadata_alone() {
    let server = TestServer::paused(&[scenario::deployment("shop", "web", 1)]);
    let path = "/api/v1/namespaces/shop";
    let patch = json!({ "metadata": { "annotations": { "example.com/note": "true" } } });
    assert_eq!(server.merge_patch(path, &patch).code, 200);

    let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    for path in [path, "/apis/apps/v1/namespaces/shop/deployments/web"] {
        let object = server.get_accepting(path, accept).json();
        assert_eq!(object["kind"], "PartialObjectMetadata", "{path}");
        assert_eq!(object["apiVersion"], "meta.k8s.io/v1", "{path}");
        assert_eq!((object.get("spec"), object.get("status")), (None, None), "{path}");
    }
    let namespace = server.get_accepting(path, accept).json();
    assert_eq!(namespace["metadata"]["annotations"]["example.com/note"], "true");
}

#[test]
fn namespaces_are_listed_by_label_and_by_name_as_metadata_alone() {
    let namespace = |name: &str, chaos: &str| {
        let labels = json!({ "chaos": chaos, "kubernetes.io/metadata.name": name });
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } })
    };
    let server = TestServer::paused(&[
        namespace("pay", "on"),
        namespace("shop", "on"),
        namespace("team", "off"),
    ]);
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let list = |query: &str| {
        let list = server
            .get_accepting(&format!("/api/v1/namespaces?{query}"), accept)
            .json();
        assert_eq!(list["kind"], "PartialObjectMetadataList", "{query}");
        let names = list["items"].as_array().unwrap().iter();
        names
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };

    assert_eq!(list("labelSelector=chaos%3Don"), ["pay", "shop"]);
    let one = "labelSelector=chaos%3Don&fieldSelector=metadata.name%3D";
    assert_eq!(list(&format!("{one}shop")), ["shop"]);
    assert_eq!(list(&format!("{one}team")), [""; 0]);
    assert_eq!(list("labelSelector=kubernetes.io/metadata.name%3Dshop"), ["shop"]);
}

#[test]
fn the_right_to_read_a_namespace_is_one_inside_it() {
    let server = TestServer::paused(&[scenario::deployment("shop", "web", 1)]);
    let denial = AccessDenial::new("get", "namespaces").within("shop");
    server.sandbox.deny(denial);

    let refused = server.get("/api/v1/namespaces/shop");
    let words = "namespaces \"shop\" is forbidden: User \"sandbox\" cannot get resource \"namespaces\" in API group \"\" in the \
                 namespace \"shop\"";
    assert_eq!((refused.code, refused.message().as_str()), (403, words));
    assert_eq!(server.get("/api/v1/namespaces/default").code, 200);
}

#[test]
fn a_taint_keeps_pods_away_that_do_not_tolerate_it() {
    let server = TestServer::running(Vec::new());
    let taints =
        json!({ "spec": { "taints": [{ "key": "only", "value": "batch", "effect": "NoSchedule" }] } });
    assert_eq!(server.merge_patch("/api/v1/nodes/node-1", &taints).code, 200);

    let node_of = |name: &str, tolerations: Value| {
        let mut pod = scenario::pod("default", name, "web");
        pod["spec"]["nodeName"] = Value::Null;
        pod["spec"]["tolerations"] = tolerations;
        let path = "/api/v1/namespaces/default/pods";
        assert_eq!(server.post(path, &pod).code, 201);
        eventually("the pod is bound", || {
            let pod = server.get(&format!("{path}/{name}")).json();
            pod["spec"]["nodeName"].as_str().map(str::to_owned)
        })
    };
    for number in 0..4 {
        assert_eq!(node_of(&format!("other-{number}"), json!([])), "node-2");
    }
    let tolerations =
        json!([{ "key": "only", "operator": "Equal", "value": "batch", "effect": "NoSchedule" }]);
    let nodes: Vec<String> = (0..4)
        .map(|number| node_of(&format!("batch-{number}"), tolerations.clone()))
        .collect();
    assert!(nodes.contains(&"node-1".to_owned()), "{nodes:?}");
}

#[test]
fn the_table_of_nodes_says_which_take_no_pods() {
    let server = TestServer::running(Vec::new());
    let cordoned = json!({ "spec": { "unschedulable": true } });
    assert_eq!(server.merge_patch("/api/v1/nodes/node-2", &cordoned).code, 200);

    let accept = "application/json;as=Table;g=meta.k8s.io;v=v1";
    let table = server.get_accepting("/api/v1/nodes", accept).json();
    let statuses: Vec<&Value> = table["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["cells"][1])
        .collect();
    assert_eq!(statuses, ["Ready", "Ready,SchedulingDisabled"]);
}
