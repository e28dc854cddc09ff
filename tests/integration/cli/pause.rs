//! `macaque pause` and `macaque resume`: what is said was done, and the journal says the same.

use http::Request;
use http::header::CONTENT_TYPE;
use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use serde_json::{Value, json};

use crate::{answering_proxy, macaque};
use macaque_testkit::{Program, TestCluster};

/// The user whom the sandbox takes everybody for.
const USER: &str = "sandbox";

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
        json!({"kept": "yes", "macaque/paused": "true", "macaque/paused-by": USER})
    );

    round(&cluster)
        .run()
        .says(3, &["paused by sandbox (annotation macaque/paused)"]);
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
fn the_reason_and_the_author_of_a_pause_are_written_beside_it_and_shown_wherever_the_pause_is() {
    let cluster = with_a_journal();
    let pause = macaque("pause -n chaos --for 2h --reason").arg("INC-4711: the database moves");
    pause.on(&cluster).run().says(
        0,
        &["by sandbox: no replica", "reason: INC-4711: the database moves"],
    );
    let written = annotations(&cluster);
    assert_eq!(written["macaque/paused-by"], USER);
    assert_eq!(written["macaque/paused-reason"], "INC-4711: the database moves");

    let told = "by sandbox: INC-4711: the database moves (annotation macaque/paused)";
    round(&cluster).run().says(3, &["paused until 20", told]);
    let report = round(&cluster).args("-o json").run().json();
    assert!(report["end"]["why"].as_str().unwrap().contains(told), "{report}");

    for preview in ["plan", "why deploy/web"] {
        let preview = |flags: &str| {
            let words = format!("{preview} -n shop {flags}");
            macaque(&words)
                .env("MACAQUE_POD_NAMESPACE", "chaos")
                .on(&cluster)
                .run()
        };
        preview("--dry-run=false").says(0, &["paused until 20", told]);
        assert!(
            preview("--dry-run=false -o json").json()["paused"]
                .as_str()
                .unwrap()
                .contains(told)
        );
        assert!(!preview("").out.contains("paused"), "a dry run has no journal");

        cluster.sandbox.deny(AccessDenial::new("get", "configmaps"));
        let unread = preview("--dry-run=false");
        assert!(unread.code == 0 && !unread.out.contains("paused"), "{unread:?}");
        cluster.sandbox.allow_all();
    }

    macaque("pause -n chaos").on(&cluster).run();
    assert_eq!(
        annotations(&cluster),
        json!({"kept": "yes", "macaque/paused": "true", "macaque/paused-by": USER}),
        "a pause without a reason does not keep that of the one before"
    );

    macaque("pause -n chaos --reason INC-4712").on(&cluster).run();
    macaque("resume -n chaos")
        .on(&cluster)
        .run()
        .says(0, &["resumed"]);
    assert_eq!(annotations(&cluster), json!({"kept": "yes"}));
}

#[test]
fn a_pause_does_not_depend_on_the_name_of_who_pauses() {
    let cluster = with_a_journal();
    let proxy = answering_proxy(&cluster.sandbox, "/selfsubjectreviews", 500, "{}");
    let url = cluster.sandbox.url();
    let kubeconfig = cluster.kubeconfig().replace(&url, &proxy.url());
    let pause = macaque("pause -n chaos --reason INC-4711").on_kubeconfig(&kubeconfig);
    pause.run().says(
        0,
        &[
            "paused until `macaque resume`: no replica",
            "who paused is not recorded",
        ],
    );
    assert_eq!(
        annotations(&cluster),
        json!({"kept": "yes", "macaque/paused": "true", "macaque/paused-reason": "INC-4711"})
    );
}

#[test]
fn annotations_that_were_left_without_a_pause_are_removed_by_a_resumption() {
    let cluster = with_a_journal();
    let mut journal = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    journal["metadata"]["annotations"] = json!({"kept": "yes", "macaque/paused-reason": "INC-4711"});
    cluster.sandbox.apply(&[journal]).unwrap();

    round(&cluster).run().says(0, &["evicted"]);
    macaque("resume -n chaos")
        .on(&cluster)
        .run()
        .says(0, &["was not paused"]);
    assert_eq!(annotations(&cluster), json!({"kept": "yes"}));
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
fn an_edit_by_hand_is_accepted_by_a_resumption_before_anybody_has_read_it() {
    let cluster = with_a_journal();
    round(&cluster).run();
    let stored = || {
        let object = cluster.sandbox.object("ConfigMap", "chaos", "macaque-journal");
        object.unwrap()
    };
    let text = stored()["data"]["journal.json"].as_str().unwrap().to_owned();
    let edit = json!({"data": {"journal.json": format!("{text}\n"), "seal": null}});
    let request =
        Request::patch("/api/v1/namespaces/chaos/configmaps/macaque-journal?fieldManager=kubectl-edit")
            .header(CONTENT_TYPE, "application/merge-patch+json")
            .body(edit.to_string().into_bytes());
    assert!(cluster.sandbox.answer(request.unwrap()).status().is_success());

    macaque("resume -n chaos")
        .on(&cluster)
        .run()
        .says(0, &["is accepted as it is"]);
    assert_eq!(stored()["metadata"]["managedFields"][0]["manager"], "macaque");
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
        ("pause -n chaos --reason=", "it is empty: write why"),
        ("pause -n Chaos!", "is not a valid namespace name"),
    ] {
        macaque(words).on(&cluster).run().complains(2, &[fault]);
    }
    macaque("pause").run().complains(
        2,
        &[
            "is not known (name it with --namespace)",
            "no kubeconfig was found",
        ],
    );

    macaque("pause -n chaos")
        .env("MACAQUE_JOURNAL", "memory")
        .on(&cluster)
        .run()
        .complains(2, &["journal = memory", "cannot be paused; stop macaque instead"]);

    assert_eq!(annotations(&cluster), json!({"kept": "yes"}));
}

#[test]
fn without_a_name_the_macaque_in_the_contexts_namespace_is_paused() {
    let cluster = with_a_journal();
    let mut kubeconfig: Value = serde_saphyr::from_str(&cluster.kubeconfig()).unwrap();
    macaque("pause").on(&cluster).run().complains(
        1,
        &[
            "namespace default, from the context ",
            "is default the namespace that macaque runs in",
        ],
    );

    kubeconfig["contexts"][0]["context"]["namespace"] = json!("chaos");
    let paused = macaque("pause").on_kubeconfig(&kubeconfig.to_string()).run();
    paused.says(0, &["paused until `macaque resume`"]);
    assert!(
        paused
            .err
            .starts_with("macaque: namespace chaos, from the context "),
        "{}",
        paused.err
    );
    assert_eq!(annotations(&cluster)["macaque/paused"], "true");
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

    let mut journal = cluster
        .sandbox
        .object("ConfigMap", "chaos", "macaque-journal")
        .unwrap();
    journal["metadata"]["annotations"] = json!({"macaque/pause": "true"});
    cluster.sandbox.apply(&[journal]).unwrap();
    check(&cluster).says(
        0,
        &[
            "warning",
            "annotation macaque/pause: no such key; did you mean macaque/paused?",
        ],
    );

    macaque("pause -n chaos").on(&cluster).run();
    check(&cluster).says(0, &["warning", "paused by sandbox (annotation"]);
    macaque("pause -n chaos --reason INC-4711").on(&cluster).run();
    check(&cluster).says(0, &["warning", "paused by sandbox: INC-4711 (annotation"]);

    cluster.sandbox.remove("ConfigMap", "chaos", "macaque-journal");
    check(&cluster).says(1, &["kubectl -n chaos create configmap macaque-journal"]);
}
