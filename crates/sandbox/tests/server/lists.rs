//! Lists: selectors, pages and forms.

use serde_json::{Value, json};

use crate::test_server::{TestServer, pod_in_phase, ready_pod};

const PODS: &str = "/api/v1/namespaces/shop/pods";

fn five_pods() -> TestServer {
    let mut pods: Vec<Value> = (0..4)
        .map(|index| ready_pod(&format!("web-{index}"), "web"))
        .collect();
    pods[3]["spec"]["nodeName"] = json!("node-2");
    pods.push(pod_in_phase("db-0", "db", "Pending"));
    TestServer::paused(&pods)
}

#[test]
fn selectors_pick() {
    let server = five_pods();
    let webs = ["web-0", "web-1", "web-2", "web-3"].as_slice();
    for (query, names) in [
        ("labelSelector=app%3Dweb", webs),
        ("labelSelector=app!=web", &["db-0"]),
        ("labelSelector=app%20in%20(db,cart)", &["db-0"]),
        ("labelSelector=app,app%20notin%20(db)", webs),
        ("labelSelector=!app", &[]),
        ("fieldSelector=metadata.name=web-1", &["web-1"]),
        ("fieldSelector=spec.nodeName==node-2", &["web-3"]),
        ("fieldSelector=status.phase!=Running", &["db-0"]),
        (
            "fieldSelector=status.phase=Running,spec.nodeName!=node-2",
            &webs[..3],
        ),
        (
            "labelSelector=app%3Dweb&fieldSelector=metadata.namespace=shop,metadata.name!=web-0",
            &webs[1..],
        ),
    ] {
        assert_eq!(server.get(&format!("{PODS}?{query}")).names(), names, "{query}");
    }

    assert_eq!(server.get("/api/v1/pods").names().len(), 5);
    assert_eq!(server.get("/api/v1/namespaces/default/pods").names().len(), 0);
}

#[test]
fn a_list_of_all_namespaces_is_in_the_order_of_namespace_slash_name() {
    let mut pods = vec![
        ready_pod("a", "web"),
        ready_pod("b", "web"),
        ready_pod("c", "web"),
    ];
    pods[1]["metadata"]["namespace"] = json!("shop-eu");
    pods[2]["metadata"]["namespace"] = json!("shop2");
    let server = TestServer::paused(&pods);
    assert_eq!(server.get("/api/v1/pods").names(), ["b", "a", "c"]);

    let first = server.get("/api/v1/pods?limit=1");
    let metadata = first.json()["metadata"].clone();
    let next = metadata["continue"].as_str().unwrap();
    assert_eq!(
        server
            .get(&format!("/api/v1/pods?limit=1&continue={next}"))
            .names(),
        ["a"]
    );
    assert_eq!(server.get("/api/v1/namespaces/shop/pods").names(), ["a"]);
}

#[test]
fn fields_that_are_not_indexed_are_refused() {
    let server = five_pods();
    for field in [
        "metadata.deletionTimestamp",
        "metadata.uid",
        "spec.priorityClassName",
    ] {
        let answer = server.get(&format!("{PODS}?fieldSelector={field}=x"));
        assert_eq!(answer.code, 400);
        assert_eq!(answer.message(), format!("field label not supported: {field}"));
    }

    assert_eq!(server.get(&format!("{PODS}?labelSelector=a%20b")).code, 400);
}

#[test]
fn pages_show_the_world_as_it_was_at_the_first() {
    let server = five_pods();
    let first = server.get(&format!("{PODS}?limit=2"));
    let metadata = first.json()["metadata"].clone();
    assert_eq!(
        (first.names(), &metadata["remainingItemCount"]),
        (vec!["db-0".into(), "web-0".into()], &json!(3))
    );

    server.delete(&format!("{PODS}/web-1"), Some(json!({ "gracePeriodSeconds": 0 })));
    let token = metadata["continue"].as_str().unwrap();
    let second = server.get(&format!("{PODS}?limit=2&continue={token}"));
    assert_eq!(second.names(), ["web-1", "web-2"]);
    assert_eq!(
        second.json()["metadata"]["resourceVersion"],
        metadata["resourceVersion"]
    );

    let token = second.json()["metadata"]["continue"].as_str().unwrap().to_owned();
    let last = server.get(&format!("{PODS}?limit=2&continue={token}"));
    assert_eq!(
        (last.names(), last.json()["metadata"].get("continue")),
        (vec!["web-3".to_owned()], None)
    );
}

#[test]
fn a_selection_hides_how_many_are_left_and_version_zero_ignores_limits() {
    let server = five_pods();
    let metadata = server
        .get(&format!("{PODS}?limit=2&labelSelector=app%3Dweb"))
        .json()["metadata"]
        .clone();

    assert!(metadata["continue"].is_string());
    assert_eq!(metadata.get("remainingItemCount"), None);
    assert_eq!(
        server
            .get(&format!("{PODS}?limit=2&resourceVersion=0"))
            .names()
            .len(),
        5
    );
}

#[test]
fn an_expired_page_offers_to_go_on_inconsistently() {
    let server = five_pods();
    let first = server.get(&format!("{PODS}?limit=2")).json();
    let token = first["metadata"]["continue"].as_str().unwrap();
    server.sandbox.compact();
    server.delete(&format!("{PODS}/web-1"), Some(json!({ "gracePeriodSeconds": 0 })));
    let expired = server.get(&format!("{PODS}?limit=2&continue={token}"));
    assert_eq!(
        (expired.code, expired.json()["reason"].as_str()),
        (410, Some("Expired"))
    );

    let token = expired.json()["metadata"]["continue"]
        .as_str()
        .unwrap()
        .to_owned();
    let rest = server.get(&format!("{PODS}?limit=5&continue={token}"));
    assert_eq!(rest.names(), ["web-2", "web-3"]);
}

#[test]
fn bad_paging_is_refused() {
    let server = five_pods();
    for (query, code, expected) in [
        ("continue=xyz", 400, "continue key is not valid"),
        ("limit=many", 400, "invalid syntax"),
        ("resourceVersion=soon", 422, "resourceVersion"),
        ("resourceVersion=99999", 504, "Too large resource version: 99999"),
        (
            "resourceVersionMatch=Exact",
            422,
            "forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersion=1&resourceVersionMatch=Exact&continue=7b7d",
            422,
            "forbidden when continue is provided",
        ),
        (
            "sendInitialEvents=true",
            422,
            "sendInitialEvents is forbidden for list",
        ),
    ] {
        let answer = server.get(&format!("{PODS}?{query}"));
        assert_eq!(answer.code, code, "{query}");
        assert!(answer.message().contains(expected), "{query}: {}", answer.text);
    }
    let future = server.get(&format!("{PODS}?resourceVersion=99999"));

    assert_eq!(
        future.json()["details"]["causes"][0]["reason"],
        "ResourceVersionTooLarge"
    );
}

#[test]
fn a_list_can_be_full_or_metadata_or_a_table() {
    let server = five_pods();
    let full = server.get(PODS).json();
    assert_eq!(
        (&full["kind"], full["items"][0].get("kind")),
        (&json!("PodList"), None)
    );

    let metadata = server
        .get_accepting(
            PODS,
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        )
        .json();
    assert_eq!(metadata["kind"], "PartialObjectMetadataList");
    assert_eq!(metadata["items"][0]["metadata"]["name"], "db-0");
    assert_eq!(metadata["items"][0].get("spec"), None);

    let query = format!("{PODS}?includeObject=None&labelSelector=app%3Dweb");
    let table = server
        .get_accepting(
            &query,
            "application/json;as=Table;g=meta.k8s.io;v=v1,application/json",
        )
        .json();
    let columns: Vec<&str> = table["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(columns[..5], ["Name", "Ready", "Status", "Restarts", "Age"]);
    assert_eq!(table["rows"][0]["cells"][0], "web-0");
    assert_eq!(table["rows"][0]["cells"][2], "Running");
    assert_eq!(table["rows"][0]["object"], Value::Null);

    let with_metadata = server
        .get_accepting(PODS, "application/json;as=Table;g=meta.k8s.io;v=v1")
        .json();
    assert_eq!(
        with_metadata["rows"][0]["object"]["kind"],
        "PartialObjectMetadata"
    );
}

#[test]
fn forms_that_do_not_fit_are_not_acceptable() {
    let server = five_pods();
    for accept in [
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
        "application/vnd.kubernetes.protobuf",
        "application/cbor",
        "application/json;as=Gadget;g=meta.k8s.io;v=v1",
    ] {
        let answer = server.get_accepting(PODS, accept);
        assert_eq!(
            (answer.code, answer.json()["reason"].as_str()),
            (406, Some("NotAcceptable")),
            "{accept}"
        );
    }
    assert_eq!(
        server
            .get_accepting(PODS, "application/vnd.kubernetes.protobuf,application/json")
            .code,
        200
    );

    let one = server.get_accepting(
        &format!("{PODS}/web-0"),
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    );
    assert_eq!(one.json()["kind"], "PartialObjectMetadata");
}

#[test]
fn unknown_paths_are_not_found() {
    let server = five_pods();
    let resource = server.get("/api/v1/namespaces/shop/gadgets");
    assert_eq!(
        (resource.code, resource.message().as_str()),
        (404, "the server could not find the requested resource")
    );

    let path = server.get("/nowhere");
    assert_eq!((path.code, path.text.as_str()), (404, "404 page not found\n"));
    assert_eq!(
        server.get(&format!("{PODS}/nobody")).message(),
        "pods \"nobody\" not found"
    );
    assert_eq!(server.get("/readyz").text, "ok");
    assert_eq!(
        server.get("/version").json()["gitVersion"],
        "v1.37.2+kube-sandbox"
    );
    assert!(server.get("/readyz").header("date").is_some());
}
