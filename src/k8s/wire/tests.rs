//! The shapes on the wire, as the API server writes and reads them.

use serde_json::json;

use super::list::ListEnvelope;
use super::*;
use crate::k8s::WorkloadRef;

/// The pod of this object, which need not say its UID.
fn pod(mut object: serde_json::Value) -> Pod {
    object["metadata"]["uid"] = json!("u1");
    serde_json::from_value::<PodObject>(object).unwrap().into()
}

#[test]
fn a_pod_without_a_uid_is_no_pod() {
    for metadata in [
        json!({"name": "p"}),
        json!({"name": "p", "uid": ""}),
        json!({"name": "p", "uid": null}),
    ] {
        let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata});
        assert!(serde_json::from_value::<PodObject>(pod).is_err());
    }
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
    let slot = "2027-03-01T09:30:00Z".parse().unwrap();
    let expected = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {
            "name": "web-0", "namespace": "shop",
            "annotations": {
                "macaque/reason": "chaos: drawn at random", "macaque/round": "2027-03-01T09:30:00Z",
                "requested-by": "macaque",
            },
        },
        "deleteOptions": expected_options,
    });
    assert_eq!(
        serde_json::to_value(eviction(&victim, options(), Some(slot))).unwrap(),
        expected
    );
}

#[test]
fn a_pod_of_a_replica_set_is_owned_by_its_deployment_or_its_rollout() {
    let of = |kind: &str, label: &str, hash: &str| {
        let pod = pod(json!({"metadata": {
            "name": "web-7d4b9-x", "namespace": "shop", "labels": {label: hash},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": "web-7d4b9", "controller": true}],
        }}));
        let workload = WorkloadRef::of(&pod).unwrap();
        let owner = pod.owner.unwrap();
        assert_eq!((&workload.kind, &workload.name), (&owner.kind, &owner.name));
        assert_eq!(workload.namespace, "shop");
        format!("{owner} of {}", workload.api_version)
    };

    let (hash, of_rollout) = ("pod-template-hash", "rollouts-pod-template-hash");
    let rows = [
        ("ReplicaSet", hash, "7d4b9", "deployment/web of apps/v1"),
        (
            "ReplicaSet",
            of_rollout,
            "7d4b9",
            "rollout/web of argoproj.io/v1alpha1",
        ),
        ("ReplicaSet", hash, "other", "replicaset/web-7d4b9 of apps/v1"),
        (
            "ReplicaSet",
            of_rollout,
            "other",
            "replicaset/web-7d4b9 of apps/v1",
        ),
        ("ReplicaSet", "app", "7d4b9", "replicaset/web-7d4b9 of apps/v1"),
        ("StatefulSet", hash, "7d4b9", "statefulset/web-7d4b9 of apps/v1"),
    ];
    for (kind, label, value, owner) in rows {
        assert_eq!(of(kind, label, value), owner);
    }
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
    let page: ListEnvelope = serde_json::from_value(json!({"metadata": {}, "items": null})).unwrap();
    assert!(page.items.is_some_and(|items| items.is_empty()));
}

#[test]
fn a_table_tells_names_and_the_nodes_of_those_that_are_on_one() {
    let table = |kind: &str, version: &str| {
        let table = json!({
            "kind": kind, "apiVersion": version,
            "columnDefinitions": [{"name": "Name"}, {"name": "Restarts"}, {"name": "Node"}],
            "rows": [{"cells": ["web-0", 3, "node-a"]}, {"cells": ["web-1", 0, "<none>"]}, {"cells": ["web-2"]}],
        });
        let table = NameTable::read(table.to_string().as_bytes()).unwrap();
        table.and_then(NameTable::into_names)
    };
    let named = |name: &str, node: Option<&str>| (name.to_owned(), node.map(str::to_owned));
    let names = vec![
        named("web-0", Some("node-a")),
        named("web-1", None),
        named("web-2", None),
    ];
    assert_eq!(table("Table", "meta.k8s.io/v1"), Some(names));
    assert_eq!(table("PodList", "v1"), None);
    assert_eq!(table("PartialObjectMetadataList", "meta.k8s.io/v1"), None);
}

#[test]
fn what_is_neither_a_table_nor_a_list_of_pods_is_an_error_and_no_table_without_pods() {
    let rows = [
        (
            json!({}),
            "an object without a kind, which no Kubernetes API server sends, instead of a Table",
        ),
        (
            json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": [{"name": "Name"}]}),
            "a Table without rows",
        ),
        (
            json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "busy"}),
            "a Status (Failure, \"busy\") instead of a Table",
        ),
    ];
    for (body, words) in rows {
        let read = NameTable::read(body.to_string().as_bytes());
        assert_eq!(read.err().unwrap().to_string(), words, "{body}");
    }

    let empty = json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": [{"name": "Name"}], "rows": null,
    });
    let table = NameTable::read(empty.to_string().as_bytes()).unwrap().unwrap();
    assert_eq!(table.into_names(), Some(Vec::new()));
}

#[test]
fn how_many_items_remain_is_a_hint_that_may_be_nonsense() {
    for (hint, remaining) in [(json!(7), Some(7)), (json!(-1), None), (json!(null), None)] {
        let list = json!({ "metadata": { "remainingItemCount": hint } });
        let list: ListEnvelope = serde_json::from_value(list).unwrap();
        assert_eq!(list.metadata.remaining(), remaining);
    }
}

#[test]
fn a_pod_is_not_taken_for_a_status() {
    assert!(status(br#"{"kind":"Pod","status":{"phase":"Running"}}"#).is_none());
    assert!(status(br#"{"kind":"Widget","status":"ok"}"#).is_none());
    assert!(status(br#"{"kind":"Status"}"#).is_none());
}
