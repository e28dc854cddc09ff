//! What a server makes of the Events that macaque writes: it keeps each once, shows it to `kubectl describe` in the older
//! API, and says why it takes none.

use std::rc::Rc;

use http::Method;
use jiff::Timestamp;
use macaque::k8s::{ApiError, EventWrite};
use macaque::platform::Platform;
use macaque_core::events::{EventReason, KubernetesEvent, ReferencedObject};
use serde_json::{Value, json};

use crate::reads::{Grant, run};
use crate::server::ServerKind;
use crate::table::objects::workload;
use crate::test_namespace::TestNamespace;
use crate::watches::connect;

/// All that writing Events needs.
const CREATE: Grant = ("events.k8s.io", "events", "create");

const INSTANCE: &str = "macaque-7d9f-x";

/// The most bytes of a note.
const LONGEST_NOTE: usize = 1024;

/// An Event on the Deployment `web` of this namespace, about a pod that is gone.
fn event(namespace: &str, uid: &str, note: String) -> KubernetesEvent {
    let object = |api_version: &str, kind: &str, name: &str, uid: &str| ReferencedObject {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
    };
    KubernetesEvent {
        // The length of the note makes each another Event.
        identity: [
            note.len().to_string(),
            String::new(),
            String::new(),
            uid.to_owned(),
        ],
        reason: EventReason::Evicted,
        action: "Evict",
        note,
        regarding: object("apps/v1", "Deployment", "web", uid),
        related: Some(object("v1", "Pod", "web-0", "u0")),
    }
}

fn time() -> Timestamp {
    "2026-11-28T10:30:00.25Z".parse().unwrap()
}

/// The Deployment `web` and macaque's account; returns the UID of the Deployment.
async fn web(namespace: &TestNamespace) -> String {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "macaque"}});
    namespace.create(&account).await;
    namespace.create(&workload("Deployment", "web", 1)).await;
    namespace.uid("Deployment", "web").await
}

/// The Events on this object, asked for as `kubectl describe` does.
async fn described(namespace: &TestNamespace, uid: &str) -> Vec<Value> {
    let name = namespace.name();
    let fields = format!(
        "involvedObject.name%3Dweb%2CinvolvedObject.namespace%3D{name}%2CinvolvedObject.kind%3DDeployment%2C\
         involvedObject.uid%3D{uid}"
    );
    let path = format!("/api/v1/namespaces/{name}/events?fieldSelector={fields}");
    let (code, list) = namespace.send(Method::GET, &path, &Value::Null).await;
    assert_eq!(code, 200, "{list}");
    let mut events = list["items"].as_array().unwrap().clone();
    events.retain(|event| event["reportingComponent"] == "macaque");
    events
}

async fn events_are_written(kind: ServerKind) {
    let namespace = Rc::new(TestNamespace::new(kind).await);
    let uid = web(&namespace).await;
    namespace.grant_in(namespace.name(), &[CREATE]).await;
    let platform = Platform::system();
    let connection = namespace.connection(&[], &platform).await;
    let write = async |note: String| {
        let event = event(namespace.name(), &uid, note);
        connection.cluster.write_event(&event, time(), INSTANCE).await
    };

    for _ in 0..2 {
        let written = write("macaque evicted pod web-0".to_owned()).await;
        assert_eq!(written, Ok(EventWrite::Written));
    }
    let events = described(&namespace, &uid).await;
    let [event] = &events[..] else {
        panic!("one Event, whoever writes it again: {events:?}");
    };
    let shown = json!({
        "message": "macaque evicted pod web-0", "type": "Normal", "reason": "ChaosEvicted", "action": "Evict",
        "eventTime": "2026-11-28T10:30:00.250000Z", "reportingInstance": INSTANCE, "source": {},
        "firstTimestamp": null, "lastTimestamp": null,
        "involvedObject": {
            "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": namespace.name(), "uid": uid,
        },
        "related": {
            "apiVersion": "v1", "kind": "Pod", "name": "web-0", "namespace": namespace.name(), "uid": "u0",
        },
    });
    for (field, value) in shown.as_object().unwrap() {
        assert_eq!(&event[field], value, "{field}");
    }

    assert_eq!(write("x".repeat(LONGEST_NOTE)).await, Ok(EventWrite::Written));
    let refused = write("x".repeat(LONGEST_NOTE + 1)).await.unwrap_err().to_string();
    assert!(refused.contains("can have at most 1024 characters"), "{refused}");
    namespace.clear().await;
}

/// What each API shows of an event in which the fields of the other are not set.
async fn both_apis_show_an_event(kind: ServerKind) {
    let namespace = TestNamespace::new(kind).await;
    let name = namespace.name();
    let regarded = json!({"kind": "Pod", "namespace": name, "name": "web-0", "uid": "u0"});
    let older = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "older"},
        "type": "Normal", "reason": "Tested", "message": "of the older kind", "involvedObject": regarded,
    });
    let newer = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "newer"},
        "type": "Normal", "reason": "Tested", "note": "of the newer kind", "regarding": regarded, "action": "Test",
        "eventTime": "2026-11-28T10:30:00.250000Z", "reportingController": "macaque", "reportingInstance": INSTANCE,
    });
    let paths = ["/api/v1", "/apis/events.k8s.io/v1"].map(|api| format!("{api}/namespaces/{name}/events"));
    for (path, event) in paths.iter().zip([older, newer]) {
        let (code, answer) = namespace.send(Method::POST, path, &event).await;
        assert_eq!(code, 201, "{answer}");
    }

    let unset = json!({
        "eventTime": null, "firstTimestamp": null, "lastTimestamp": null, "reportingComponent": "",
        "reportingInstance": "", "source": {}, "reason": "Tested", "type": "Normal",
    });
    let newer_names = json!({
        "eventTime": null, "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null, "deprecatedSource": {},
        "reason": "Tested", "type": "Normal",
    });
    let reported = json!({
        "eventTime": "2026-11-28T10:30:00.250000Z", "reportingInstance": INSTANCE, "action": "Test", "reason": "Tested",
        "type": "Normal",
    });
    let with = |fields: &Value, more: Value| {
        let mut fields = fields.as_object().unwrap().clone();
        fields.extend(more.as_object().unwrap().clone());
        Value::Object(fields)
    };
    let in_older = json!({
        "reportingComponent": "macaque", "message": "of the newer kind", "involvedObject": regarded,
        "firstTimestamp": null, "lastTimestamp": null, "source": {},
    });
    let in_newer = json!({
        "reportingController": "macaque", "note": "of the newer kind", "regarding": regarded,
        "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null, "deprecatedSource": {},
    });
    let expected = [
        (
            "older",
            with(
                &unset,
                json!({"message": "of the older kind", "involvedObject": regarded}),
            ),
        ),
        ("newer", with(&reported, in_older)),
        (
            "older",
            with(
                &newer_names,
                json!({"note": "of the older kind", "regarding": regarded}),
            ),
        ),
        ("newer", with(&reported, in_newer)),
    ];
    for ((event, expected), path) in expected.iter().zip([&paths[0], &paths[0], &paths[1], &paths[1]]) {
        let (_, mut shown) = namespace
            .send(Method::GET, &format!("{path}/{event}"), &Value::Null)
            .await;
        let fields = shown.as_object_mut().unwrap();
        fields.retain(|field, _| !["apiVersion", "kind", "metadata"].contains(&&**field));
        assert_eq!(shown, *expected, "{path}/{event}");
    }
    namespace.clear().await;
}

async fn events_are_refused(kind: ServerKind) {
    let namespace = Rc::new(TestNamespace::new(kind).await);
    let uid = web(&namespace).await;
    let platform = Platform::system();
    let connection = namespace.connection(&[CREATE], &platform).await;
    let of = |namespace: &str| event(namespace, &uid, "macaque evicted pod web-0".to_owned());
    let refused = connection
        .cluster
        .write_event(&of(namespace.name()), time(), INSTANCE)
        .await;
    assert!(matches!(refused, Err(ApiError::Forbidden { .. })), "{refused:?}");

    namespace.server.lift_denials();
    let (cluster, _home) = connect(&namespace, &platform).await;
    let nowhere = cluster
        .write_event(&of("conformance-nowhere"), time(), INSTANCE)
        .await;
    assert_eq!(nowhere, Ok(EventWrite::NamespaceGone));

    // What has a finalizer keeps the namespace from ending.
    let kept = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "finalizers": ["example.com/kept"]},
    });
    namespace.create(&kept).await;
    let path = format!("/api/v1/namespaces/{}", namespace.name());
    let (code, answer) = namespace.send(Method::DELETE, &path, &json!({})).await;
    assert_eq!(code, 200, "{answer}");
    let terminating = cluster.write_event(&of(namespace.name()), time(), INSTANCE).await;
    assert_eq!(terminating, Ok(EventWrite::NamespaceGone));

    let released = json!({"metadata": {"finalizers": null}});
    namespace.patch("ConfigMap", "kept", &released).await;
    namespace.clear().await;
}

#[test]
fn an_event_is_kept_once_and_shown_with_its_object_by_the_sandbox() {
    run(events_are_written(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn an_event_is_kept_once_and_shown_with_its_object_by_a_real_api_server() {
    run(events_are_written(ServerKind::Real));
}

#[test]
fn both_apis_show_the_same_event_by_the_sandbox() {
    run(both_apis_show_an_event(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn both_apis_show_the_same_event_by_a_real_api_server() {
    run(both_apis_show_an_event(ServerKind::Real));
}

#[test]
fn where_no_event_can_be_written_the_sandbox_says_why() {
    run(events_are_refused(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn where_no_event_can_be_written_a_real_api_server_says_why() {
    run(events_are_refused(ServerKind::Real));
}
