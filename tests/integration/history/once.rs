//! `macaque once` writes the history before it ends, and its exit code says nothing of that.

use kube_sandbox::scenario::deployment;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse};
use macaque_testkit::{ProgramOutput, TestCluster};
use serde_json::{Value, json};

use super::fixture::empty;
use crate::journal::fixture;
use crate::macaque;

fn cluster(with_history: bool) -> TestCluster {
    let mut objects = vec![deployment("shop", "web", 2), fixture::empty()];
    objects.extend(with_history.then(empty));
    TestCluster::with(objects)
}

fn once(cluster: &TestCluster, words: &str) -> ProgramOutput {
    macaque(&format!("once -n shop {words}"))
        .env("MACAQUE_POD_NAMESPACE", "chaos")
        .on(cluster)
        .run()
}

fn is_written(cluster: &TestCluster) -> bool {
    let object = cluster.sandbox.object("ConfigMap", "chaos", "macaque-history");
    object.is_some_and(|object| object["binaryData"] != Value::Null)
}

/// How many lines of the log say that the history is not written.
fn warnings(output: &ProgramOutput) -> usize {
    let lines = output.err.lines();
    lines
        .filter(|line| line.contains("the history is not written"))
        .count()
}

#[test]
fn a_round_by_hand_is_in_the_history_and_a_dry_run_neither_reads_nor_writes_it() {
    let armed = cluster(true);
    let output = once(&armed, "--dry-run=false");
    output.says(0, &["evicted"]);
    assert!(is_written(&armed), "{output:?}");
    assert_eq!(warnings(&output), 0, "{output:?}");

    let dry = cluster(true);
    once(&dry, "--dry-run").says(0, &["shop/web-"]);
    assert!(
        !dry.requests()
            .iter()
            .any(|request| request.contains("macaque-history"))
    );
}

#[test]
fn a_missing_config_map_is_one_warning_with_the_command_that_creates_it_and_changes_no_exit_code() {
    let cluster = cluster(false);
    let output = once(&cluster, "--dry-run=false");
    output.says(0, &["evicted"]);
    assert_eq!(warnings(&output), 1, "{output:?}");
    let command = "create it: kubectl -n chaos create configmap macaque-history";
    assert!(output.err.contains(command), "{}", output.err);
}

#[test]
fn a_missing_permission_is_one_warning_with_the_rule_to_add_and_changes_no_exit_code() {
    let cluster = cluster(true);
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    cluster.reach_at(&proxy.url());
    let words = "configmaps \"macaque-history\" is forbidden: the user cannot get it";
    let forbidden = ProxyResponse::failure(403, words, json!({"reason": "Forbidden"}));
    proxy.inject(
        "GET /api/v1/namespaces/chaos/configmaps/macaque-history",
        Fault::Answer(forbidden),
    );
    let output = once(&cluster, "--dry-run=false");
    output.says(0, &["evicted"]);
    assert_eq!(warnings(&output), 1, "{output:?}");
    assert!(
        output.err.contains("resourceNames: [\\\"macaque-history\\\"]"),
        "{}",
        output.err
    );
}
