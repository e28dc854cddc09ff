//! The shapes on the wire, as the API server writes and reads them.

use serde_json::json;

use super::*;

fn pod(object: serde_json::Value) -> Pod {
    serde_json::from_value::<PodObject>(object).unwrap().into()
}

#[test]
fn the_bodies_sent_are_spelt_as_the_api_server_reads_them() {
    let victim = PodRef {
        namespace: "shop".into(),
        name: "web-0".into(),
        uid: "u1".into(),
    };
    let options = || DeletionOptions::of(&victim, Some(Duration::from_secs(5)));
    let expected_options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions",
        "gracePeriodSeconds": 5, "preconditions": {"uid": "u1"},
    });
    assert_eq!(serde_json::to_value(options()).unwrap(), expected_options);
    let expected = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {
            "name": "web-0", "namespace": "shop",
            "annotations": {"reason": "chaos: drawn at random", "requested-by": "macaque"},
        },
        "deleteOptions": expected_options,
    });
    assert_eq!(
        serde_json::to_value(eviction(&victim, options())).unwrap(),
        expected
    );
}

#[test]
fn a_pod_of_a_replica_set_is_owned_by_its_deployment() {
    let of = |hash: &str| {
        pod(json!({"metadata": {
            "name": "web-7d4b9-x", "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-7d4b9", "controller": true}],
        }}))
    };
    assert_eq!(of("7d4b9").owner.unwrap().to_string(), "deployment/web");
    assert_eq!(of("other").owner.unwrap().to_string(), "replicaset/web-7d4b9");
}

#[test]
fn only_the_controller_owns() {
    let object = json!({"metadata": {"name": "p", "ownerReferences": [{"kind": "Thing", "name": "t"}]}});
    assert_eq!(pod(object).owner, None);
}

#[test]
fn nulls_and_absent_parts_are_empty() {
    let object = json!({
        "metadata": {"name": "p", "labels": null, "ownerReferences": null},
        "status": {"phase": "Running", "conditions": null},
    });
    let pod = pod(object);
    assert_eq!(
        (pod.phase, pod.ready, pod.labels.len()),
        (PodPhase::Running, false, 0)
    );
    let page: ObjectList<PodObject> = serde_json::from_value(json!({"metadata": {}, "items": null})).unwrap();
    assert!(page.items.is_empty());
}

#[test]
fn a_table_tells_names_and_the_nodes_of_those_that_are_on_one() {
    let table = |kind: &str| {
        let table = json!({
            "kind": kind,
            "columnDefinitions": [{"name": "Name"}, {"name": "Restarts"}, {"name": "Node"}],
            "rows": [{"cells": ["web-0", 3, "node-a"]}, {"cells": ["web-1", 0, "<none>"]}, {"cells": ["web-2"]}],
        });
        serde_json::from_value::<NameTable>(table).unwrap().into_names()
    };
    let named = |name: &str, node: Option<&str>| (name.to_owned(), node.map(str::to_owned));
    let names = vec![
        named("web-0", Some("node-a")),
        named("web-1", None),
        named("web-2", None),
    ];
    assert_eq!(table("Table"), Some(names));
    assert_eq!(table("PodList"), None);
}

#[test]
fn how_many_items_remain_is_a_hint_that_may_be_nonsense() {
    for (hint, remaining) in [(json!(7), Some(7)), (json!(-1), None), (json!(null), None)] {
        let list = json!({ "metadata": { "remainingItemCount": hint } });
        let list: ObjectList<PodObject> = serde_json::from_value(list).unwrap();
        assert_eq!(list.metadata.remaining(), remaining);
    }
}

#[test]
fn a_pod_is_not_taken_for_a_status() {
    assert!(status(br#"{"kind":"Pod","status":{"phase":"Running"}}"#).is_none());
}
