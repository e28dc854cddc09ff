//! Promises about exemptions, on pods as controllers and users really make them.

use http::Method;
use serde_json::Value;

use crate::program::MacaqueOutput;
use crate::test_namespace::{NO_PODS, TestNamespace, uid};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_round_of_exempt_pods_alone_says_why_of_each_and_touches_none() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::bare("alone")).await;
    namespace.with(Workload::daemon_set("agent")).await;
    let optout = Workload::deployment("shy", 1).annotated("macaque/enabled", "false");
    namespace.with(optout).await;
    namespace.with(Workload::deployment("young", 1)).await;
    let going = namespace.with(Workload::bare("going").terminating_slowly()).await;
    let path = namespace.path_of(&going[0]);
    namespace
        .send(Method::DELETE, &path, &Value::Null)
        .await
        .accepted();

    let before = namespace.alive().await;
    let once = |words| namespace.macaque(words).env("MACAQUE_TARGET__MIN_AGE", "1h");
    let round = once("once --dry-run=false -o json").exits(4).await;
    assert_exempt(&round, "bare", 1, "no controller to replace it");
    assert_exempt(&round, "daemonset", 2, "belongs to a DaemonSet");
    assert_exempt(&round, "opted-out", 1, r#"opted out by macaque/enabled="false""#);
    assert_exempt(&round, "too-young", 1, "younger than 1h");
    assert_exempt(&round, "terminating", 1, "already terminating");
    assert_eq!(round.json()["listed"], 6);
    let printed = once("once --dry-run=false").exits(4).await;
    printed.says(["daemonset", "no controller to replace it", "younger than 1h"]);
    assert_eq!(namespace.lost(&before).await, NO_PODS);
}

fn assert_exempt(round: &MacaqueOutput, reason: &str, count: usize, detail: &str) {
    let report = round.json();
    let tally = &report["exempted"][reason];
    assert_eq!(tally["count"], count, "{reason}: {report:#}");
    assert!(tally["detail"].as_str().unwrap().contains(detail), "{tally:#}");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_is_opened_by_configuration_is_disrupted() {
    let mut namespace = TestNamespace::new().await;
    let bare = namespace.with(Workload::bare("alone")).await;
    let once = namespace.macaque("once --dry-run=false -o json");
    let round = once
        .env("MACAQUE_TARGET__INCLUDE", "bare,daemonset")
        .exits(0)
        .await;

    assert_eq!(round.uids("evicted"), [uid(&bare[0])]);
    assert!(!namespace.alive().await.contains(&uid(&bare[0])));
}
