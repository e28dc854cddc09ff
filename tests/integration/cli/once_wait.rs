//! `macaque once --wait`: how the victims recovered, in the exit code, in words and in the journal.

use std::time::Duration;

use kube_sandbox::scenario::deployment;
use kube_sandbox::{Sandbox, SandboxOptions, StuckPods};
use macaque_testkit::{Program, TestCluster};
use serde_json::{Value, json};

use crate::macaque;

const ARMED: &str = "once -n shop --dry-run=false";

/// How often a round with one victim writes the journal: it claims its slot, reserves, resolves and closes.
const WRITES_OF_A_ROUND: usize = 4;

/// A cluster with a journal, whose controllers replace a pod within this time; `None` is never.
fn cluster(replaced_after: Option<Duration>) -> TestCluster {
    let journal = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "macaque-journal", "namespace": "chaos" },
    });
    let sandbox = Sandbox::start(SandboxOptions {
        objects: vec![deployment("shop", "web", 2), journal],
        ready_after: replaced_after.unwrap_or_default(),
        linger: Duration::from_millis(100),
        ..SandboxOptions::default()
    });
    let cluster = TestCluster::of(sandbox.unwrap());
    if replaced_after.is_none() {
        cluster.sandbox.pause();
    }
    cluster
}

fn replacing() -> TestCluster {
    cluster(Some(Duration::from_millis(300)))
}

/// A run with these flags on the journal of the cluster.
fn on_journal(flags: &str, cluster: &TestCluster) -> Program {
    macaque(&format!("{ARMED} {flags}"))
        .env("MACAQUE_POD_NAMESPACE", "chaos")
        .on(cluster)
}

/// The journal as it is stored.
fn journal(cluster: &TestCluster) -> Value {
    let object = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    serde_json::from_str(object["data"]["journal.json"].as_str().unwrap()).unwrap()
}

/// The one recovery in the journal, which any process may watch.
fn free_recovery(journal: &Value) -> &Value {
    let records = journal["recovering"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{journal}");
    let lease_until: jiff::Timestamp = records[0]["lease_until"].as_str().unwrap().parse().unwrap();
    assert!(lease_until < jiff::Timestamp::now(), "{journal}");
    &records[0]
}

#[test]
fn a_victim_that_recovers_is_0_and_says_how_long_it_took() {
    let on_memory = macaque(&format!("{ARMED} --wait")).on(&replacing()).run();
    on_memory.says(0, &["evicted shop/web-", "whole again after "]);

    let cluster = replacing();
    let output = on_journal("--wait -o json", &cluster).run();
    output.says(0, &[]);
    let recoveries = output.json()["recoveries"].clone();
    assert_eq!(recoveries[0]["status"], "recovered", "{recoveries}");
    assert_eq!(recoveries[0]["verdict"], "recovered", "{recoveries}");
    assert!(recoveries[0]["times"]["whole_ms"].is_u64(), "{recoveries}");
    let journal = journal(&cluster);
    assert_eq!(journal.get("recovering"), None, "{journal}");
    assert_eq!(journal["outbox"], json!([]), "nobody else tells it");
}

#[test]
fn a_victim_that_does_not_recover_before_the_timeout_is_5_and_a_strike() {
    let cluster = cluster(None);
    let output = on_journal("--wait", &cluster)
        .env("MACAQUE_RECOVERY__EXPECT", "1s")
        .env("MACAQUE_RECOVERY__TIMEOUT", "2s")
        .run();
    output.says(5, &["evicted shop/web-", "has not recovered"]);

    let journal = journal(&cluster);
    assert_eq!(journal.get("recovering"), None, "{journal}");
    assert_eq!(journal["strikes"].as_array().map(Vec::len), Some(1), "{journal}");
}

#[test]
fn a_victim_that_recovers_later_than_expected_is_5() {
    let cluster = cluster(Some(Duration::from_secs(2)));
    let once = on_journal("--wait", &cluster).env("MACAQUE_RECOVERY__EXPECT", "1s");
    once.run().says(5, &["whole again after "]);
}

#[test]
fn a_victim_that_does_not_recover_within_the_wait_is_5_and_left_to_others() {
    let cluster = cluster(None);
    let output = on_journal("--wait=2s -o json", &cluster).run();
    output.says(5, &[]);
    let recoveries = output.json()["recoveries"].clone();
    assert_eq!(recoveries[0]["status"], "waiting", "{recoveries}");
    let journal = journal(&cluster);
    assert_eq!(
        free_recovery(&journal)["victim"]["pod"],
        recoveries[0]["pod"],
        "{journal}"
    );
}

#[test]
fn an_owner_that_is_whole_within_the_wait_has_recovered_although_that_is_known_later() {
    let cluster = replacing();
    on_journal("--wait=2s", &cluster)
        .run()
        .says(0, &["whole again after "]);
    assert_eq!(journal(&cluster).get("recovering"), None);
}

#[test]
fn a_replacement_that_is_stuck_is_told_while_the_wait_goes_on() {
    let stuck = || {
        let cluster = replacing();
        cluster.sandbox.set_stuck(Some(StuckPods::Unschedulable));
        cluster
    };
    let words = ["is stuck: Unschedulable", "was not whole again within 1s"];
    on_journal("--wait=1s", &stuck()).run().says(5, &words);

    let cluster = stuck();
    let output = on_journal("--wait=1s -o json", &cluster).run();
    output.says(5, &[]);
    let recoveries = output.json()["recoveries"].clone();
    assert_eq!(recoveries.as_array().map(Vec::len), Some(1), "{recoveries}");
    assert_eq!(recoveries[0]["status"], "waiting", "{recoveries}");
    assert_eq!(
        recoveries[0]["trouble"]["reason"], "Unschedulable",
        "{recoveries}"
    );
    let journal = journal(&cluster);
    assert_eq!(
        free_recovery(&journal)["trouble"]["reason"],
        "Unschedulable",
        "{journal}"
    );
}

#[test]
fn a_signal_ends_the_wait_at_once_and_what_is_not_known_is_said() {
    let cluster = cluster(None);
    let once = on_journal("--wait", &cluster).start();
    while cluster
        .writes()
        .iter()
        .filter(|write| write.contains("macaque-journal"))
        .count()
        < WRITES_OF_A_ROUND
    {
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = once.terminate();
    let words = "deployment/web in shop had not recovered when the wait was interrupted: what becomes of it is not known";
    output.says(1, &[words]);
    free_recovery(&journal(&cluster));
}

#[test]
fn a_pause_is_told_in_full_with_what_lifts_it() {
    let cluster = cluster(None);
    let reason = "the shop moves to other nodes, one after the other, and nobody may lose a pod until then: "
        .repeat(2);
    let annotations = json!({
        "macaque/paused": "true", "macaque/paused-by": "macaque", "macaque/paused-reason": reason,
    });
    let mut journal = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    journal["metadata"]["annotations"] = annotations;
    cluster.sandbox.apply(&[journal]).unwrap();
    on_journal("", &cluster)
        .run()
        .says(3, &["reason: paused by macaque", "`macaque resume` lifts it"]);
}

#[test]
fn without_a_wait_the_recovery_is_left_to_others() {
    let cluster = cluster(None);
    on_journal("", &cluster).run().says(0, &["evicted shop/web-"]);
    free_recovery(&journal(&cluster));
}

#[test]
fn a_dry_run_waits_for_nothing() {
    let output = macaque("once -n shop --wait -o json").on(&cluster(None)).run();
    output.says(0, &[]);
    assert_eq!(output.json()["status"], "dry-run");
    assert_eq!(output.json().get("recoveries"), None);
}

#[test]
fn a_wait_that_makes_no_sense_is_2_and_says_what_does() {
    let cluster = cluster(None);
    let watching_nothing = on_journal("--wait", &cluster).env("MACAQUE_RECOVERY__ENABLED", "false");
    watching_nothing
        .run()
        .complains(2, &["recovery.enabled is false", "leave --wait out"]);
    for (wait, words) in [
        ("--wait=0s", "write 1s or more"),
        ("--wait=soon", "such as 90s or 5m"),
    ] {
        on_journal(wait, &cluster).run().complains(2, &[words]);
    }
    assert_eq!(cluster.requests(), [""; 0]);
}
