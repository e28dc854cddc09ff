//! Creating, replacing and patching; rights; and the record of requests.

use kube_sandbox::{AccessDenial, scenario};
use serde_json::json;

use crate::test_server::{TestServer, eviction_body, eviction_path, ready_pod};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn config_map(entry: &str) -> serde_json::Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" }, "data": { "entry": entry } })
}

#[test]
fn an_object_is_created_once_and_replaced_only_at_its_latest_version() {
    let server = TestServer::paused(&[]);
    let created = server.post(MAPS, &config_map("one"));
    assert_eq!(created.code, 201);
    assert!(created.json()["metadata"]["uid"].is_string());

    let again = server.post(MAPS, &config_map("one"));
    assert_eq!(
        (again.code, again.message().as_str()),
        (409, "configmaps \"settings\" already exists")
    );
    assert_eq!(again.json()["reason"], "AlreadyExists");

    let path = format!("{MAPS}/settings");
    let first = created.json();
    let mut second = first.clone();
    second["data"]["entry"] = json!("two");
    assert_eq!(server.put(&path, &second).code, 200);

    let stale = server.put(&path, &first);
    assert_eq!(
        (stale.code, stale.json()["reason"].as_str()),
        (409, Some("Conflict"))
    );
    assert_eq!(
        stale.message(),
        "Operation cannot be fulfilled on configmaps \"settings\": the object has been modified; please apply your \
         changes to the latest version and try again"
    );
    assert_eq!(server.get(&path).json()["data"]["entry"], "two");
    assert_eq!(server.put(&format!("{MAPS}/other"), &config_map("x")).code, 400);
    assert_eq!(server.merge_patch(&format!("{MAPS}/other"), &json!({})).code, 404);
}

#[test]
fn patches_merge_and_can_insist_on_a_version() {
    let server = TestServer::paused(&[]);
    server.post(MAPS, &config_map("one"));
    let path = format!("{MAPS}/settings");
    let patched = server.merge_patch(&path, &json!({ "data": { "entry": null, "more": "2" } }));
    assert_eq!(
        (patched.code, &patched.json()["data"]),
        (200, &json!({ "more": "2" }))
    );

    let stale = server.merge_patch(
        &path,
        &json!({ "metadata": { "resourceVersion": "1" }, "data": {} }),
    );
    assert_eq!(stale.code, 409);

    let unknown = server.send("PATCH", &path, &[("Content-Type", "application/json")], "{}");
    assert_eq!(unknown.code, 415);

    let apply = [("Content-Type", "application/apply-patch+yaml")];
    let applied = server.send(
        "PATCH",
        &format!("{MAPS}/new?fieldManager=m"),
        &apply,
        r#"{"metadata":{"name":"new"},"data":{"a":"b"}}"#,
    );
    assert_eq!((applied.code, &applied.json()["data"]["a"]), (201, &json!("b")));
}

#[test]
fn dry_runs_leave_no_trace() {
    let server = TestServer::paused(&[]);
    assert_eq!(
        server
            .post(&format!("{MAPS}?dryRun=All"), &config_map("one"))
            .code,
        201
    );
    assert_eq!(server.get(&format!("{MAPS}/settings")).code, 404);
    assert_eq!(
        server
            .post(&format!("{MAPS}?dryRun=Some"), &config_map("one"))
            .code,
        422
    );

    server.post(MAPS, &config_map("one"));
    let path = format!("{MAPS}/settings?dryRun=All");
    assert_eq!(
        server
            .merge_patch(&path, &json!({ "data": { "entry": "two" } }))
            .json()["data"]["entry"],
        "two"
    );
    assert_eq!(
        server.get(&format!("{MAPS}/settings")).json()["data"]["entry"],
        "one"
    );
}

#[test]
fn a_status_is_written_apart_from_its_spec() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let path = "/api/v1/namespaces/shop/pods/web-0";
    let mut pod = server.pod("web-0");
    pod["status"]["phase"] = json!("Failed");
    pod["metadata"]["labels"]["app"] = json!("other");
    assert_eq!(server.put(&format!("{path}/status"), &pod).code, 200);

    let pod = server.pod("web-0");
    assert_eq!(
        (&pod["status"]["phase"], &pod["metadata"]["labels"]["app"]),
        (&json!("Failed"), &json!("web"))
    );

    server.merge_patch(
        path,
        &json!({ "status": { "phase": "Running" }, "metadata": { "labels": { "app": "other" } } }),
    );
    let pod = server.pod("web-0");
    assert_eq!(
        (&pod["status"]["phase"], &pod["metadata"]["labels"]["app"]),
        (&json!("Failed"), &json!("other"))
    );
}

#[test]
fn a_new_spec_is_a_new_generation() {
    let server = TestServer::paused(&[scenario::deployment("shop", "web", 2)]);
    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    assert_eq!(server.get(path).json()["metadata"]["generation"], 1);
    assert_eq!(
        server
            .merge_patch(path, &json!({ "spec": { "replicas": 3 } }))
            .json()["metadata"]["generation"],
        2
    );

    let scale = server
        .merge_patch(&format!("{path}/scale"), &json!({ "spec": { "replicas": 5 } }))
        .json();
    assert_eq!(
        (&scale["kind"], &scale["spec"]["replicas"]),
        (&json!("Scale"), &json!(5))
    );
    assert_eq!(server.get(path).json()["spec"]["replicas"], 5);
}

#[test]
fn events_are_one_thing_in_two_words() {
    let server = TestServer::paused(&[]);
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "generateName": "web-0." },
        "reason": "Disrupted", "note": "evicted", "type": "Normal", "action": "Evict",
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "tester", "reportingInstance": "m-0",
        "regarding": { "kind": "Pod", "name": "web-0", "namespace": "default" },
    });
    assert_eq!(
        server
            .post("/apis/events.k8s.io/v1/namespaces/default/events", &event)
            .code,
        201
    );

    let query = "fieldSelector=involvedObject.name=web-0,reason=Disrupted";
    let core = server
        .get(&format!("/api/v1/namespaces/default/events?{query}"))
        .json()["items"][0]
        .clone();
    assert_eq!(
        (&core["message"], &core["involvedObject"]["kind"]),
        (&json!("evicted"), &json!("Pod"))
    );

    let query = "fieldSelector=regarding.name=web-0";
    let new = server
        .get(&format!(
            "/apis/events.k8s.io/v1/namespaces/default/events?{query}"
        ))
        .json();
    assert_eq!(
        (&new["items"][0]["note"], &new["items"][0]["reportingController"]),
        (&json!("evicted"), &json!("tester"))
    );
}

#[test]
fn an_event_says_who_did_what_when() {
    let server = TestServer::paused(&[]);
    let path = "/apis/events.k8s.io/v1/namespaces/default/events";
    let mut event = json!({
        "metadata": { "name": "web-0.1" }, "type": "Strange", "regarding": { "kind": "Pod", "name": "web-0" },
        "eventTime": "2026-01-01T00:00:00.000000Z", "reason": "Disrupted", "action": "Evict",
    });
    let answer = server.post(path, &event);
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (422, Some("Invalid"))
    );

    let causes = answer.json()["details"]["causes"].clone();
    let fields: Vec<&str> = causes
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["reportingController", "reportingInstance", "type"]);

    event["eventTime"] = json!("yesterday");
    assert_eq!(server.post(path, &event).code, 400);
}

#[test]
fn fields_of_a_wrong_type_are_refused() {
    let server = TestServer::paused(&[scenario::deployment("shop", "web", 2)]);
    let pod = json!({ "metadata": { "name": 5 } });
    let answer = server.post("/api/v1/namespaces/shop/pods", &pod);
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (400, Some("BadRequest"))
    );
    assert!(
        answer
            .message()
            .starts_with("Pod in version \"v1\" cannot be handled as a Pod: "),
        "{}",
        answer.text
    );

    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    assert_eq!(
        server
            .merge_patch(path, &json!({ "spec": { "replicas": "many" } }))
            .code,
        400
    );
}

#[test]
fn a_body_beyond_three_mebibytes_is_too_large() {
    let server = TestServer::paused(&[]);
    let answer = server.post(MAPS, &config_map(&"x".repeat(3 * 1024 * 1024)));
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (413, Some("RequestEntityTooLarge"))
    );
}

#[test]
fn a_denied_verb_is_forbidden_and_reviewed_as_such() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    server
        .sandbox
        .deny(AccessDenial::new("create", "pods/eviction").within("shop"));
    server
        .sandbox
        .deny(AccessDenial::new("list", "poddisruptionbudgets.policy"));
    let answer = server.post(&eviction_path("nobody"), &eviction_body("nobody", json!({})));
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (403, Some("Forbidden"))
    );
    assert_eq!(
        answer.message(),
        "pods \"nobody\" is forbidden: User \"sandbox\" cannot create resource \"pods/eviction\" in API group \"\" \
         in the namespace \"shop\""
    );
    assert_eq!(
        answer.json()["details"],
        json!({ "name": "nobody", "kind": "pods" })
    );

    let list = server.get("/apis/policy/v1/poddisruptionbudgets");
    assert_eq!(
        list.message(),
        "poddisruptionbudgets.policy is forbidden: User \"sandbox\" cannot list resource \"poddisruptionbudgets\" \
         in API group \"policy\" at the cluster scope"
    );

    let allowed = |namespace: &str, verb: &str| {
        let attributes =
            json!({ "namespace": namespace, "verb": verb, "resource": "pods", "subresource": "eviction" });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let answer = server.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review);
        assert_eq!(answer.code, 201);
        answer.json()["status"]["allowed"].as_bool().unwrap()
    };
    assert!(!allowed("shop", "create") && allowed("default", "create") && allowed("shop", "get"));

    server.sandbox.allow_all();
    assert!(allowed("shop", "create"));
    assert_eq!(server.evict("web-0", json!({})).code, 201);
}

#[test]
fn requests_are_remembered_as_they_came() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    server.get("/api/v1/pods?limit=1");
    server.evict("web-0", json!({ "dryRun": ["All"] }));
    let requests = server.sandbox.requests();

    assert_eq!(
        (requests[0].method.as_str(), requests[0].path_and_query.as_str()),
        ("GET", "/api/v1/pods?limit=1")
    );
    assert_eq!(requests[1].method, "POST");
    assert!(requests[1].body.contains("dryRun"));
}
