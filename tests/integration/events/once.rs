//! The Events of `macaque once`, which are written before it ends.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque_testkit::{ProgramOutput, TestCluster};

use super::fixture::WRITE;
use crate::macaque;

/// What the log says where macaque may not write Events.
const WARNING: &str = "no Events are written in namespace shop until a restart";

fn once(cluster: &TestCluster, words: &str, enabled: &str) -> ProgramOutput {
    macaque(&format!("once -n shop {words}"))
        .env("MACAQUE_EVENTS__ENABLED", enabled)
        .on(cluster)
        .run()
}

/// How many Events the cluster was asked to write.
fn writes(cluster: &TestCluster) -> usize {
    let writes = cluster.writes().into_iter();
    writes.filter(|request| request.starts_with(WRITE)).count()
}

#[test]
fn a_round_by_hand_writes_its_events_and_a_dry_run_or_one_without_events_writes_none() {
    for (words, enabled, written) in [
        ("--dry-run=false", "true", 2),
        ("--dry-run=false", "false", 0),
        ("--dry-run", "true", 0),
    ] {
        let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
        let output = once(&cluster, words, enabled);
        output.says(0, &["shop/web-"]);
        assert_eq!(writes(&cluster), written, "{words} {enabled}: {output:?}");
    }
}

#[test]
fn a_missing_grant_is_one_warning_with_the_rule_to_add_and_changes_no_exit_code() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2), deployment("shop", "cart", 2)]);
    cluster
        .sandbox
        .deny(AccessDenial::new("create", "events.events.k8s.io"));
    let output = once(&cluster, "--dry-run=false --count 2", "true");
    output.says(0, &["evicted shop/web-", "shop/cart-"]);

    let warnings = output.err.lines().filter(|line| line.contains(WARNING));
    assert_eq!(warnings.count(), 1, "{}", output.err);
    assert!(output.err.contains("events.k8s.io"), "{}", output.err);
    assert_eq!(writes(&cluster), 1, "{output:?}");
}
