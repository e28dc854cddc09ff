//! From the cluster a report also knows the owners in scope now, as far as macaque may list their pods.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque_testkit::history_log::{evicted, tried};
use macaque_testkit::{Program, TestCluster};
use serde_json::{Value, json};

use super::owners;
use crate::macaque;

/// The ConfigMap of a history.
fn stored(entries: &[Value]) -> Value {
    let history = json!({"version": 1, "entries": entries, "rounds": []});
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(history.to_string().as_bytes()).unwrap();
    let data = BASE64_STANDARD.encode(gzip.finish().unwrap());
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "macaque-history", "namespace": "chaos"},
        "binaryData": {"history.json.gz": data},
    })
}

/// A shop in which `web` was disrupted and `db` refused, and of which the others were never drawn or are exempt.
fn shop() -> TestCluster {
    let now = jiff::Timestamp::now();
    let mut web = evicted("Deployment", "web", 2, "recovered");
    web["recovery"]["times"]["whole_ms"] = json!(4_000);
    let mut db = tried(
        "Deployment",
        "db",
        2,
        &json!({"result": "refused", "by": "budget shop/db"}),
    );
    for entry in [&mut web, &mut db] {
        entry["at"] = json!(now - jiff::SignedDuration::from_hours(30));
        entry["slot"] = entry["at"].clone();
    }
    let mut frozen = deployment("shop", "frozen", 1);
    frozen["spec"]["template"]["metadata"]["annotations"] = json!({"macaque/enabled": "false"});
    TestCluster::with(vec![
        stored(&[web, db]),
        deployment("shop", "web", 2),
        deployment("shop", "db", 2),
        deployment("shop", "lucky", 2),
        deployment("bank", "api", 2),
        frozen,
    ])
}

/// `macaque report` on a cluster.
fn report_on(cluster: &TestCluster, args: &str) -> Program {
    macaque(&format!("report --macaque-namespace chaos {args}"))
        .env("MACAQUE_TARGET__MIN_AGE", "0s")
        .env("MACAQUE_TARGET__NAMESPACES", "shop")
        .on(cluster)
}

#[test]
fn owners_in_scope_that_never_had_a_turn_are_named_with_the_reason() {
    let cluster = shop();
    let report = report_on(&cluster, "-o json").run().json();
    assert_eq!(
        owners(&report),
        ["shop/db", "shop/lucky", "shop/frozen", "shop/web"]
    );
    let reasons: Vec<_> = report["owners"]
        .as_array()
        .unwrap()
        .iter()
        .map(|owner| &owner["without_turn"])
        .collect();
    let expected = [
        json!({"reason": "refused", "by": "budget shop/db"}),
        json!({"reason": "not-drawn", "by": null}),
        json!({"reason": "exempt", "by": "opted-out"}),
        json!(null),
    ];
    assert_eq!(reasons, expected.iter().collect::<Vec<_>>());
    assert_eq!(report["owners"][3]["days_since"], 1);
}

#[test]
fn the_namespace_that_is_asked_for_is_the_one_that_is_looked_at() {
    let report = report_on(&shop(), "-n bank -o json").run().json();
    assert_eq!(owners(&report), ["bank/api"]);
}

#[test]
fn without_permission_to_list_pods_that_is_said_and_the_rest_is_reported() {
    let cluster = shop();
    cluster
        .sandbox
        .deny(AccessDenial::new("list", "pods").within("shop"));
    let output = report_on(&cluster, "").run();
    output.says(
        0,
        &[
            "no turn: refused by budget shop/db",
            "not every owner in scope is known",
            "list pods",
        ],
    );
    assert!(!output.out.contains("lucky"), "{output:?}");
}

#[test]
fn without_a_history_the_command_says_what_to_create() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    report_on(&cluster, "").run().complains(1, &["macaque-history"]);
}

#[test]
fn a_report_reads_and_changes_nothing() {
    let cluster = shop();
    report_on(&cluster, "").run().says(0, &["never drawn"]);
    assert_eq!(cluster.writes(), [""; 0]);
}
