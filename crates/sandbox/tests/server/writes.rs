//! Creating, replacing and patching; rights; and the record of requests.

use kube_sandbox::{AccessDenial, scenario};
use serde_json::json;

use crate::wire::{World, eviction, eviction_path, ready};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn journal(entry: &str) -> serde_json::Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "journal" }, "data": { "entry": entry } })
}

#[test]
fn an_object_is_created_once_and_replaced_only_at_its_latest_version() {
    let world = World::still(&[]);
    let created = world.post(MAPS, &journal("one"));
    assert_eq!(created.code, 201);
    assert!(created.json()["metadata"]["uid"].is_string());
    let again = world.post(MAPS, &journal("one"));
    assert_eq!(
        (again.code, again.message().as_str()),
        (409, "configmaps \"journal\" already exists")
    );
    assert_eq!(again.json()["reason"], "AlreadyExists");
    let path = format!("{MAPS}/journal");
    let first = created.json();
    let mut second = first.clone();
    second["data"]["entry"] = json!("two");
    assert_eq!(world.put(&path, &second).code, 200);
    let stale = world.put(&path, &first);
    assert_eq!(
        (stale.code, stale.json()["reason"].as_str()),
        (409, Some("Conflict"))
    );
    assert_eq!(
        stale.message(),
        "Operation cannot be fulfilled on configmaps \"journal\": the object has been modified; please apply your \
         changes to the latest version and try again"
    );
    assert_eq!(world.get(&path).json()["data"]["entry"], "two");
    assert_eq!(world.put(&format!("{MAPS}/other"), &journal("x")).code, 400);
    assert_eq!(world.merge(&format!("{MAPS}/other"), &json!({})).code, 404);
}

#[test]
fn patches_merge_and_can_insist_on_a_version() {
    let world = World::still(&[]);
    world.post(MAPS, &journal("one"));
    let path = format!("{MAPS}/journal");
    let patched = world.merge(&path, &json!({ "data": { "entry": null, "more": "2" } }));
    assert_eq!(
        (patched.code, &patched.json()["data"]),
        (200, &json!({ "more": "2" }))
    );
    let stale = world.merge(
        &path,
        &json!({ "metadata": { "resourceVersion": "1" }, "data": {} }),
    );
    assert_eq!(stale.code, 409);
    let unknown = world.send("PATCH", &path, &[("Content-Type", "application/json")], "{}");
    assert_eq!(unknown.code, 415);
    let apply = [("Content-Type", "application/apply-patch+yaml")];
    let applied = world.send(
        "PATCH",
        &format!("{MAPS}/new?fieldManager=m"),
        &apply,
        r#"{"metadata":{"name":"new"},"data":{"a":"b"}}"#,
    );
    assert_eq!((applied.code, &applied.json()["data"]["a"]), (201, &json!("b")));
}

#[test]
fn dry_runs_leave_no_trace() {
    let world = World::still(&[]);
    assert_eq!(
        world.post(&format!("{MAPS}?dryRun=All"), &journal("one")).code,
        201
    );
    assert_eq!(world.get(&format!("{MAPS}/journal")).code, 404);
    assert_eq!(
        world.post(&format!("{MAPS}?dryRun=Some"), &journal("one")).code,
        422
    );
    world.post(MAPS, &journal("one"));
    let path = format!("{MAPS}/journal?dryRun=All");
    assert_eq!(
        world.merge(&path, &json!({ "data": { "entry": "two" } })).json()["data"]["entry"],
        "two"
    );
    assert_eq!(
        world.get(&format!("{MAPS}/journal")).json()["data"]["entry"],
        "one"
    );
}

#[test]
fn a_status_is_written_apart_from_its_spec() {
    let world = World::still(&[ready("web-0", "web")]);
    let path = "/api/v1/namespaces/shop/pods/web-0";
    let mut pod = world.pod("web-0");
    pod["status"]["phase"] = json!("Failed");
    pod["metadata"]["labels"]["app"] = json!("other");
    assert_eq!(world.put(&format!("{path}/status"), &pod).code, 200);
    let pod = world.pod("web-0");
    assert_eq!(
        (&pod["status"]["phase"], &pod["metadata"]["labels"]["app"]),
        (&json!("Failed"), &json!("web"))
    );
    world.merge(
        path,
        &json!({ "status": { "phase": "Running" }, "metadata": { "labels": { "app": "other" } } }),
    );
    let pod = world.pod("web-0");
    assert_eq!(
        (&pod["status"]["phase"], &pod["metadata"]["labels"]["app"]),
        (&json!("Failed"), &json!("other"))
    );
}

#[test]
fn a_new_spec_is_a_new_generation() {
    let world = World::still(&[scenario::deployment("shop", "web", 2)]);
    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    assert_eq!(world.get(path).json()["metadata"]["generation"], 1);
    assert_eq!(
        world.merge(path, &json!({ "spec": { "replicas": 3 } })).json()["metadata"]["generation"],
        2
    );
    let scale = world
        .merge(&format!("{path}/scale"), &json!({ "spec": { "replicas": 5 } }))
        .json();
    assert_eq!(
        (&scale["kind"], &scale["spec"]["replicas"]),
        (&json!("Scale"), &json!(5))
    );
    assert_eq!(world.get(path).json()["spec"]["replicas"], 5);
}

#[test]
fn events_are_one_thing_in_two_words() {
    let world = World::still(&[]);
    let event = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": { "generateName": "web-0." },
        "reason": "Disrupted", "note": "evicted", "type": "Normal", "action": "Evict",
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "macaque", "reportingInstance": "m-0",
        "regarding": { "kind": "Pod", "name": "web-0", "namespace": "default" },
    });
    assert_eq!(
        world
            .post("/apis/events.k8s.io/v1/namespaces/default/events", &event)
            .code,
        201
    );
    let query = "fieldSelector=involvedObject.name=web-0,reason=Disrupted";
    let core = world
        .get(&format!("/api/v1/namespaces/default/events?{query}"))
        .json()["items"][0]
        .clone();
    assert_eq!(
        (&core["message"], &core["involvedObject"]["kind"]),
        (&json!("evicted"), &json!("Pod"))
    );
    let query = "fieldSelector=regarding.name=web-0";
    let new = world
        .get(&format!(
            "/apis/events.k8s.io/v1/namespaces/default/events?{query}"
        ))
        .json();
    assert_eq!(
        (&new["items"][0]["note"], &new["items"][0]["reportingController"]),
        (&json!("evicted"), &json!("macaque"))
    );
}

#[test]
fn an_event_says_who_did_what_when() {
    let world = World::still(&[]);
    let path = "/apis/events.k8s.io/v1/namespaces/default/events";
    let mut event = json!({
        "metadata": { "name": "web-0.1" }, "type": "Strange", "regarding": { "kind": "Pod", "name": "web-0" },
        "eventTime": "2026-01-01T00:00:00.000000Z", "reason": "Disrupted", "action": "Evict",
    });
    let answer = world.post(path, &event);
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
    assert_eq!(world.post(path, &event).code, 400);
}

#[test]
fn fields_of_a_wrong_type_are_refused() {
    let world = World::still(&[scenario::deployment("shop", "web", 2)]);
    let pod = json!({ "metadata": { "name": 5 } });
    let answer = world.post("/api/v1/namespaces/shop/pods", &pod);
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
        world.merge(path, &json!({ "spec": { "replicas": "many" } })).code,
        400
    );
}

#[test]
fn a_body_beyond_three_mebibytes_is_too_large() {
    let world = World::still(&[]);
    let answer = world.post(MAPS, &journal(&"x".repeat(3 * 1024 * 1024)));
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (413, Some("RequestEntityTooLarge"))
    );
}

#[test]
fn a_denied_verb_is_forbidden_and_reviewed_as_such() {
    let world = World::still(&[ready("web-0", "web")]);
    world
        .sandbox
        .deny(AccessDenial::new("create", "pods/eviction").within("shop"));
    world
        .sandbox
        .deny(AccessDenial::new("list", "poddisruptionbudgets.policy"));
    let answer = world.post(&eviction_path("nobody"), &eviction("nobody", json!({})));
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
    let list = world.get("/apis/policy/v1/poddisruptionbudgets");
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
        let answer = world.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review);
        assert_eq!(answer.code, 201);
        answer.json()["status"]["allowed"].as_bool().unwrap()
    };
    assert!(!allowed("shop", "create") && allowed("default", "create") && allowed("shop", "get"));
    world.sandbox.allow_all();
    assert!(allowed("shop", "create"));
    assert_eq!(world.evict("web-0", json!({})).code, 201);
}

#[test]
fn requests_are_remembered_as_they_came() {
    let world = World::still(&[ready("web-0", "web")]);
    world.get("/api/v1/pods?limit=1");
    world.evict("web-0", json!({ "dryRun": ["All"] }));
    let requests = world.sandbox.requests();
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path_and_query.as_str()),
        ("GET", "/api/v1/pods?limit=1")
    );
    assert_eq!(requests[1].method, "POST");
    assert!(requests[1].body.contains("dryRun"));
}
