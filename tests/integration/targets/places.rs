//! Zones, nodes, and nodes by their labels.

use std::collections::BTreeSet;

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::pod;
use macaque_core::pod::ZONE;
use macaque_core::report::{RoundEnd, RoundReport};
use serde_json::{Value, json};

use super::{adds_up, exempted};
use crate::rounds::fixture::RoundFixture;
use crate::rounds::sampling::{DRAWN, NAMES, PODS};

/// A node with these labels.
fn node(name: &str, labels: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "labels": labels } })
}

/// Bare pods on two nodes of a zone each, and one that is not scheduled.
fn objects(each: usize) -> Vec<Value> {
    let mut objects = vec![
        node("node-a", json!({ ZONE: "eu-1a", "pool": "spot" })),
        node("node-b", json!({ ZONE: "eu-1b", "pool": "steady" })),
    ];
    for (node, zone) in [("node-a", "eu-1a"), ("node-b", "eu-1b")] {
        for nth in 0..each {
            let mut pod = pod("shop", &format!("{node}-{nth:04}"), "web");
            pod["spec"]["nodeName"] = json!(node);
            pod["metadata"]["labels"][ZONE] = json!(zone);
            objects.push(pod);
        }
    }
    objects
}

fn fixture(each: usize) -> RoundFixture {
    RoundFixture::with(objects(each)).include("bare").min_age(0)
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The names of the victims.
fn victims(report: &RoundReport) -> Vec<&str> {
    report
        .attempts
        .iter()
        .map(|attempt| attempt.pod.name.as_str())
        .collect()
}

#[actix_rt::test]
async fn the_server_lists_only_the_pods_of_the_zones() {
    let fixture = fixture(2)
        .selector("app=web")
        .target(|target| target.zones = set(&["eu-1a", "eu-1c"]))
        .count(9);
    let report = fixture.round().await;
    assert_eq!((report.listed, victims(&report).len()), (2, 2));
    assert!(
        victims(&report).iter().all(|name| name.starts_with("node-a")),
        "{report:?}"
    );
    assert_eq!(report.selector, "app=web");
    let [warning] = &report.warnings[..] else {
        panic!("{report:?}")
    };
    assert!(
        warning.starts_with("target.zones: no pod is in the zone eu-1c"),
        "{warning}"
    );

    let lists = fixture.sent("/pods?limit");
    let selector = "labelSelector=app%3Dweb%2Ctopology.kubernetes.io%2Fzone+in+%28eu-1a%2Ceu-1c%29";
    assert!(
        lists.iter().all(|list| list.line().contains(selector)),
        "{lists:?}"
    );
}

#[actix_rt::test]
async fn one_node_is_selected_by_the_server_and_several_by_the_rule() {
    let one = fixture(2)
        .target(|target| target.nodes = set(&["node-b"]))
        .count(9);
    let report = one.round().await;
    assert_eq!((report.listed, victims(&report).len()), (2, 2));
    let lists = one.sent("/pods?limit");
    assert!(
        lists
            .iter()
            .all(|list| list.line().contains("fieldSelector=spec.nodeName%3Dnode-b")),
        "{lists:?}"
    );

    let two = fixture(2)
        .target(|target| target.nodes = set(&["node-b", "node-c"]))
        .count(9);
    let report = two.round().await;
    assert_eq!((report.listed, victims(&report).len()), (4, 2));
    assert_eq!(exempted(&report), [("node", 2)]);
    assert_eq!(report.warnings, ["target.nodes: no pod is on the node node-c"]);
    adds_up(&report);
}

#[actix_rt::test]
async fn nodes_are_selected_by_their_labels_at_the_start_of_the_round() {
    let fixture = fixture(2)
        .target(|target| target.node_selector = "pool=spot".parse().unwrap())
        .count(9);
    let report = fixture.round().await;
    assert!(
        victims(&report).iter().all(|name| name.starts_with("node-a")),
        "{report:?}"
    );
    assert_eq!(victims(&report).len(), 2);

    let [nodes] = &fixture.sent("/api/v1/nodes?")[..] else {
        panic!()
    };
    assert!(nodes.line().contains("labelSelector=pool%3Dspot"), "{nodes:?}");
}

#[actix_rt::test]
async fn a_selector_that_selects_no_node_exempts_every_pod_and_is_warned_of() {
    let fixture = fixture(1).target(|target| target.node_selector = "pool=gpu".parse().unwrap());
    let report = fixture.round().await;
    assert_eq!(exempted(&report), [("node", 2)]);
    adds_up(&report);
    assert_eq!(
        report.warnings,
        ["target.node_selector: no node has labels that match pool=gpu"]
    );
}

#[actix_rt::test]
async fn nodes_that_may_not_be_listed_end_the_round_before_anything_is_disrupted() {
    let fixture = fixture(1).target(|target| target.node_selector = "pool=spot".parse().unwrap());
    fixture.sandbox.deny(AccessDenial::new("list", "nodes"));
    let report = fixture.round().await;
    let RoundEnd::Failed { why } = &report.end else {
        panic!("{report:?}")
    };
    assert!(why.starts_with("list nodes: forbidden"), "{why}");
    assert!(why.ends_with("or remove target.node_selector"), "{why}");
    assert!(report.attempts.is_empty() && fixture.sent("/pods?").is_empty());
}

#[actix_rt::test]
async fn a_sampled_round_takes_only_pods_of_the_zone_and_reads_no_other() {
    let fixture = fixture(PODS).target(|target| target.zones = set(&["eu-1b"]));
    let report = fixture.round().await;
    assert_eq!(report.listed, PODS);
    assert!(victims(&report)[0].starts_with("node-b"), "{report:?}");
    let requests = [fixture.sent(NAMES), fixture.sent(DRAWN)].concat();
    assert!(
        requests.iter().all(|request| request.line().contains("eu-1b")),
        "{requests:?}"
    );
}

#[actix_rt::test]
async fn a_sampled_round_judges_the_node_of_what_it_draws() {
    let fixture = fixture(PODS / 2 + 10)
        .target(|target| target.nodes = set(&["node-b", "node-c"]))
        .count(3);
    let report = fixture.round().await;
    assert_eq!(victims(&report).len(), 3, "{report:?}");
    assert!(
        victims(&report).iter().all(|name| name.starts_with("node-b")),
        "{report:?}"
    );
}
