//! `macaque pause` and `macaque resume`: what is said was done, and the journal says the same.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use serde_json::{Value, json};

use crate::macaque;
use macaque_testkit::{Program, TestCluster};

/// A cluster with a journal in the namespace `chaos`.
fn with_a_journal() -> TestCluster {
    let journal = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "macaque-journal", "namespace": "chaos", "annotations": {"kept": "yes"}},
    });
    TestCluster::with(vec![deployment("shop", "web", 2), journal])
}

fn annotations(cluster: &TestCluster) -> Value {
    let journal = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    journal["metadata"]["annotations"].clone()
}

/// A round of an armed macaque that lives in `chaos`.
fn round(cluster: &TestCluster) -> Program {
    macaque("once -n shop --dry-run=false")
        .env("MACAQUE_POD_NAMESPACE", "chaos")
        .on(cluster)
}

#[test]
fn a_pause_is_set_and_lifted_and_nothing_else_is_touched() {
    let cluster = with_a_journal();
    macaque("pause -n chaos").on(&cluster).run().says(
        0,
        &["paused until `macaque resume`", "ConfigMap chaos/macaque-journal"],
    );

    assert_eq!(
        annotations(&cluster),
        json!({"kept": "yes", "macaque/paused": "true"})
    );

    round(&cluster)
        .run()
        .says(3, &["paused by the annotation macaque/paused"]);
    macaque("resume -n chaos")
        .on(&cluster)
        .run()
        .says(0, &["resumed"]);

    assert_eq!(annotations(&cluster), json!({"kept": "yes"}));
    macaque("resume -n chaos")
        .on(&cluster)
        .run()
        .says(0, &["was not paused"]);
}

#[test]
fn a_pause_may_end_by_itself() {
    let cluster = with_a_journal();
    macaque("pause -n chaos --for 2h")
        .on(&cluster)
        .run()
        .says(0, &["paused until 20"]);
    let until: jiff::Timestamp = annotations(&cluster)["macaque/paused"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = until.duration_since(jiff::Timestamp::now());

    assert!(left.as_secs() > 7000 && left.as_secs() <= 7200, "{left:?}");
}

#[test]
fn a_journal_in_quarantine_is_accepted_again_by_a_resumption() {
    let cluster = with_a_journal();
    let mut copy = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal", "namespace": "chaos"},
    });
    round(&cluster).run();
    let journal = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    copy["data"] = journal["data"].clone();
    cluster.sandbox.remove("ConfigMap", "chaos", "macaque-journal");
    cluster.sandbox.apply(&[copy]).unwrap();
    round(&cluster)
        .run()
        .says(3, &["the journal is not trusted: ", "copied or restored"]);
    macaque("resume -n chaos")
        .on(&cluster)
        .run()
        .says(0, &["is accepted as it is"]);

    assert!(!round(&cluster).run().err.contains("not trusted"));
}

#[test]
fn without_a_journal_it_says_where_it_looked() {
    let cluster = TestCluster::with(Vec::new());
    for words in ["pause -n shop", "resume -n shop"] {
        macaque(words).on(&cluster).run().complains(
            1,
            &["ConfigMap shop/macaque-journal does not exist", "--namespace"],
        );
    }
}

#[test]
fn a_missing_grant_is_named() {
    let cluster = with_a_journal();
    cluster.sandbox.deny(AccessDenial::new("patch", "configmaps"));
    macaque("pause -n chaos")
        .on(&cluster)
        .run()
        .complains(1, &["forbidden", "resourceNames: [\"macaque-journal\"]"]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let cluster = with_a_journal();
    for (words, fault) in [
        ("pause -n chaos --for soon", "write a number with its unit"),
        ("pause -n chaos --for 0s", "a pause is from 1s"),
        ("pause -n Chaos!", "is not a valid namespace name"),
        ("pause", "is not known: name it with --namespace"),
    ] {
        macaque(words).on(&cluster).run().complains(2, &[fault]);
    }

    macaque("pause -n chaos")
        .env("MACAQUE_JOURNAL", "memory")
        .on(&cluster)
        .run()
        .complains(2, &["journal = memory", "cannot be paused; stop macaque instead"]);

    assert_eq!(annotations(&cluster), json!({"kept": "yes"}));
}

#[test]
fn check_reports_the_state_of_the_journal() {
    let check = |cluster: &TestCluster| {
        macaque("check -n shop --dry-run=false")
            .env("MACAQUE_POD_NAMESPACE", "chaos")
            .env("MACAQUE_LIMITS__PER_DAY", "5")
            .on(cluster)
            .run()
    };
    let cluster = with_a_journal();

    check(&cluster).says(
        0,
        &[
            "may get configmaps/macaque-journal in namespace chaos",
            "no round yet; the limits leave 5",
        ],
    );

    macaque("pause -n chaos").on(&cluster).run();
    check(&cluster).says(0, &["warning", "paused by the annotation"]);

    cluster.sandbox.remove("ConfigMap", "chaos", "macaque-journal");
    check(&cluster).says(1, &["kubectl -n chaos create configmap macaque-journal"]);
}
