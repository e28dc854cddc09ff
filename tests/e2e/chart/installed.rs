//! An installation from the first command to the last.

use std::thread::{self, JoinHandle};

use macaque_testkit::chart::{HELMS, HelmResult, helm, merged};
use serde_json::{Value, json};

use super::{restricted, three_values};
use crate::access::admin;
use crate::test_namespace::{NO_PODS, TestNamespace, until};
use crate::workload::Workload;

/// A schedule that is not due while any test runs.
const NEVER: &str = "0 0 29 2 *";

/// The kinds of objects that the chart may create in a namespace.
const KINDS: [&str; 11] = [
    "/api/v1/*/configmaps",
    "/api/v1/*/pods",
    "/api/v1/*/secrets",
    "/api/v1/*/serviceaccounts",
    "/api/v1/*/services",
    "/apis/apps/v1/*/deployments",
    "/apis/batch/v1/*/cronjobs",
    "/apis/networking.k8s.io/v1/*/networkpolicies",
    "/apis/policy/v1/*/poddisruptionbudgets",
    "/apis/rbac.authorization.k8s.io/v1/*/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/*/roles",
];

/// The names of what Helm made or macaque is called, in a namespace and in the cluster.
async fn remains(namespace: &TestNamespace) -> Vec<String> {
    let here = format!("namespaces/{}", namespace.name);
    let mut places: Vec<_> = KINDS.iter().map(|kind| kind.replace('*', &here)).collect();
    for kind in ["clusterroles", "clusterrolebindings"] {
        places.push(format!("/apis/rbac.authorization.k8s.io/v1/{kind}"));
    }

    let mut names = Vec::new();
    for place in places {
        let list = namespace.read(&place).await;
        let is_ours = |object: &&Value| {
            let name = object["metadata"]["name"].as_str().unwrap();
            let in_cluster = !place.contains("/namespaces/");
            if in_cluster {
                name.contains(&namespace.name)
            } else {
                name.contains("macaque")
            }
        };
        let ours = list["items"].as_array().unwrap().iter().filter(is_ours);
        names.extend(ours.map(|object| format!("{place}/{}", object["metadata"]["name"])));
    }
    names
}

/// Takes up to four minutes: the shortest interval of a schedule is a minute.
#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn three_values_run_a_dry_run_one_more_arms_it_and_nothing_stays_behind() {
    let mut shop = TestNamespace::new().await;
    shop.with(Workload::deployment("web", 2)).await;
    let before = shop.alive().await;
    let chaos = TestNamespace::labelled(restricted()).await;
    let values = three_values(&json!([shop.name]), "* * * * *");

    let notes = chaos.helms("helm", "install macaque CHART --wait --timeout 60s", &values);
    assert!(notes.contains("DRY RUN") && notes.contains(&shop.name), "{notes}");
    let mut dry_run = chaos
        .container_of(&chaos.pod_called("macaque").await)
        .await
        .start();
    dry_run.says("dry run, no eviction was requested").await;
    dry_run
        .stopped()
        .await
        .exited(0)
        .says([&format!("{}/web-", shop.name)]);
    assert_eq!(shop.lost(&before).await, NO_PODS);

    let arming = "upgrade macaque CHART --reuse-values --set config.dry_run=false --wait --timeout 60s";
    let notes = chaos.helms("helm", arming, &Value::Null);
    assert!(notes.contains("ARMED"), "{notes}");
    let mut armed = chaos
        .container_of(&chaos.pod_called("macaque").await)
        .await
        .start();
    armed.says("evicted").await;
    assert_eq!(shop.lost(&before).await.len(), 1);
    armed.says("whole again after").await;
    armed.stopped().await.exited(0);

    let journal = format!("{}/macaque-journal", chaos.path("ConfigMap"));
    let recorded = chaos.read(&journal).await["data"].clone();
    assert!(recorded["journal.json"].is_string(), "{recorded}");
    let history = format!("{}/macaque-history", chaos.path("ConfigMap"));
    let written = chaos.read(&history).await["binaryData"].clone();
    assert!(written["history.json.gz"].is_string(), "{written}");
    for again in ["--set podAnnotations.a=b", "--set config.dry_run=true"] {
        let upgrade = format!("upgrade macaque CHART --reuse-values {again}");
        chaos.helms("helm", &upgrade, &Value::Null);
        assert_eq!(chaos.read(&journal).await["data"], recorded, "{again}");
        assert_eq!(chaos.read(&history).await["binaryData"], written, "{again}");
    }

    chaos.helms("helm", "uninstall macaque --wait --timeout 60s", &Value::Null);
    for namespace in [&chaos, &shop] {
        until("nothing of macaque is left", async || {
            remains(namespace).await.is_empty().then_some(())
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn both_helms_install_it_and_their_test_runs_check() {
    let shop = TestNamespace::new().await;
    let values = three_values(&json!([shop.name]), NEVER);
    for (program, how) in [
        (HELMS[0], ""),
        (HELMS[1], "--server-side=true"),
        (HELMS[1], "--server-side=false"),
    ] {
        let chaos = TestNamespace::labelled(restricted()).await;
        chaos.helms(program, &format!("install macaque CHART {how}"), &values);

        let testing = chaos.helm_later(program, "test macaque --timeout 80s");
        let check = chaos.pod_called("macaque-check").await;
        let output = chaos.runs_to_its_end(&check).await;
        output.exited(0).says(["dry run, evict 1 per round", &shop.name]);
        let tested = testing.join().unwrap();
        assert!(
            tested.is_ok_and(|text| text.contains("Succeeded")),
            "{program} {how}"
        );

        chaos.helms(program, "uninstall macaque", &Value::Null);
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_second_release_in_the_namespace_is_refused() {
    let chaos = TestNamespace::labelled(restricted()).await;
    let values = three_values(&json!(["shop"]), NEVER);
    let values = merged(values, &json!({"rbac": {"create": false}}));
    chaos.helms("helm", "install macaque CHART", &values);
    for program in HELMS {
        let error = chaos.helm(program, "install other CHART", &values).unwrap_err();
        let says = format!("namespace {}: macaque is there already", chaos.name);
        assert!(
            error.contains(&says) && error.contains("release macaque"),
            "{error}"
        );
    }
}

impl TestNamespace {
    /// Runs Helm beside the test.
    fn helm_later(&self, program: &'static str, words: &'static str) -> JoinHandle<HelmResult> {
        let admin = admin().display().to_string();
        let namespace = self.name.clone();
        thread::spawn(move || {
            let mut args: Vec<_> = words.split_whitespace().collect();
            args.extend(["--namespace", &namespace, "--kubeconfig", &admin]);
            helm(program, &args, &Value::Null)
        })
    }
}
