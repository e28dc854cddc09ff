//! `macaque once`: what the journal records of the channels that received a report, so that nobody delivers it there again.

use kube_sandbox::scenario::deployment;
use macaque_testkit::TestCluster;
use serde_json::{Value, json};

use super::notify::service;
use crate::macaque;

/// The outbox after a round whose report services with these answers get.
fn outbox_after(statuses: &[(&str, u16)]) -> Value {
    let journal = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "macaque-journal", "namespace": "chaos" },
    });
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2), journal]);
    let channel = |(name, status): &(&str, u16)| {
        let (address, _) = service(*status, "");
        format!(
            "[[notify.http]]\nname = \"{name}\"\nurl = \"http://{address}/x\"\nbody = '{{{{ headline }}}}'\n"
        )
    };
    let file: String = statuses.iter().map(channel).collect();

    let once = macaque("once -n shop --dry-run=false").env("MACAQUE_POD_NAMESPACE", "chaos");
    let output = once.toml(&file).on(&cluster).run();
    output.says(0, &["evicted shop/web-"]);
    let object = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    let journal: Value = serde_json::from_str(object["data"]["journal.json"].as_str().unwrap()).unwrap();
    journal["outbox"].clone()
}

#[test]
fn a_report_that_one_channel_refused_is_kept_for_that_one_alone() {
    let outbox = outbox_after(&[("good", 200), ("bad", 400), ("fine", 204)]);
    let kept: Vec<_> = outbox.as_array().unwrap().iter().collect();
    assert_eq!(kept.len(), 1, "{outbox}");
    assert_eq!(kept[0]["delivered"], json!(["http/fine", "http/good"]));
}

#[test]
fn a_report_that_every_channel_received_is_not_kept() {
    assert_eq!(outbox_after(&[("good", 200), ("fine", 204)]), json!([]));
}
