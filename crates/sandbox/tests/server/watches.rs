//! Watches: which events a client receives, and in which order.

use serde_json::{Value, json};

use crate::test_server::{TestServer, ready_pod};

const PODS: &str = "/api/v1/namespaces/shop/pods";

fn type_and_name(event: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&event["type"]), text(&event["object"]["metadata"]["name"]))
}

fn expect(events: &mut impl Iterator<Item = Value>, kind: &str, name: &str) {
    assert_eq!(
        type_and_name(&events.next().expect("an event")),
        (kind.to_owned(), name.to_owned())
    );
}

#[test]
fn a_watch_tells_what_is_there_and_what_becomes_of_it() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let mut events = server.watch(&format!("{PODS}?watch=true"));
    expect(&mut events, "ADDED", "web-0");
    server.evict("web-0", json!({}));
    expect(&mut events, "MODIFIED", "web-0");
    expect(&mut events, "MODIFIED", "web-0");
    server.delete(&format!("{PODS}/web-0"), Some(json!({ "gracePeriodSeconds": 0 })));
    expect(&mut events, "DELETED", "web-0");
}

#[test]
fn a_selection_sees_objects_come_and_go_by_their_labels() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), ready_pod("db-0", "db")]);
    let version = server.get(PODS).json()["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut events = server.watch(&format!(
        "{PODS}?watch=1&labelSelector=app%3Dweb&resourceVersion={version}"
    ));
    let label = |pod: &str, app: &str| {
        server.merge_patch(
            &format!("{PODS}/{pod}"),
            &json!({ "metadata": { "labels": { "app": app } } }),
        );
    };
    label("db-0", "web");
    expect(&mut events, "ADDED", "db-0");

    label("web-0", "db");
    expect(&mut events, "DELETED", "web-0");
}

#[test]
fn a_streaming_list_ends_in_a_bookmark() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let query =
        "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut events = server.watch(&format!("{PODS}?{query}"));
    expect(&mut events, "ADDED", "web-0");

    let bookmark = events.next().unwrap();
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

#[test]
fn a_watch_from_before_a_compaction_is_expired() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    server.sandbox.compact();
    let mut events = server.watch(&format!("{PODS}?watch=true&resourceVersion=1"));
    let error = events.next().unwrap();

    assert_eq!(
        (&error["type"], &error["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    assert_eq!(events.next(), None);
}

#[test]
fn a_watch_ends_when_its_time_is_over() {
    let server = TestServer::paused(&[]);
    assert_eq!(
        server
            .watch(&format!("{PODS}?watch=true&timeoutSeconds=1"))
            .count(),
        0
    );
}
