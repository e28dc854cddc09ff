//! Promises about Kubernetes Events: `kubectl describe` shows what happened on the victim and on its owner, with what
//! `macaque rbac` grants.

use std::process::Command;

use serde_json::{Value, json};

use crate::access::admin;
use crate::connecting::kubectl;
use crate::program::MacaqueCommand;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// Events are written.
const ON: (&str, &str) = ("MACAQUE_EVENTS__ENABLED", "true");

/// Events are written, about victims that were refused too.
const REFUSALS: (&str, &str) = ("MACAQUE_EVENTS__REFUSALS", "true");

/// One round, whose recovery is waited for.
const ROUND: &str = "once --wait --dry-run=false";

impl TestNamespace {
    /// The program by this account, with Events.
    fn with_events(&self, words: &str, account: &str) -> MacaqueCommand {
        self.macaque(words).by(account).env(ON.0, ON.1)
    }

    /// What `kubectl describe` says of an object, as the administrator.
    fn described(&self, kind: &str, name: &str) -> String {
        let described = Command::new(kubectl())
            .args(["describe", kind, name, "--namespace", &self.name])
            .env("KUBECONFIG", admin())
            .output()
            .unwrap();
        assert!(described.status.success(), "{described:?}");
        String::from_utf8(described.stdout).unwrap()
    }

    /// The Events of macaque in this namespace.
    async fn events(&self) -> Vec<Value> {
        let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", self.name);
        let mut events = self.read(&path).await["items"].as_array().unwrap().clone();
        events.retain(|event| event["reportingController"] == "macaque");
        events
    }

    /// The pod that is being deleted.
    async fn leaving(&self) -> String {
        let leaving = until("a pod leaves", async || {
            let mut pods = self.pods().await.into_iter();
            pods.find(|pod| !pod["metadata"]["deletionTimestamp"].is_null())
        });
        leaving.await["metadata"]["name"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn kubectl_describe_shows_the_disruption_and_the_recovery_with_the_pod_and_with_its_deployment() {
    let mut namespace = TestNamespace::new().await;
    namespace
        .with(Workload::deployment("web", 3).terminating_slowly())
        .await;
    let account = namespace.granted_for("--dry-run=false", &[ON]).await;
    namespace.with_events(ROUND, &account).exits(0).await;

    let victim = namespace.leaving().await;
    for (kind, name) in [("deployment", "web"), ("pod", victim.as_str())] {
        let described = namespace.described(kind, name);
        let line = |reason: &str| {
            let mut lines = described.lines();
            let line = lines.find(|line| line.contains(reason));
            line.unwrap_or_else(|| panic!("no {reason} in {described}"))
        };
        let evicted = line("ChaosEvicted");
        let happened = format!("macaque evicted pod {victim} (round ");
        assert!(
            evicted.contains("Normal") && evicted.contains(&happened),
            "{evicted}"
        );
        assert!(
            line("ChaosRecovered").contains("deployment/web whole again after"),
            "{described}"
        );
    }

    let check = namespace.with_events("check --dry-run=false -o json", &account);
    let checked = check.ends().await;
    checked.says(["may create events.events.k8s.io"]);
    assert!(!checked.contains("written on the ReplicaSet"), "{checked:?}");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn without_the_scale_of_the_deployment_its_replica_set_shows_it_and_check_says_so() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 3)).await;
    let account = namespace.granted_for("--dry-run=false", &[ON]).await;
    namespace.revoke("deployments/scale").await;
    namespace.with_events(ROUND, &account).exits(0).await;

    let replica_set = pods[0]["metadata"]["ownerReferences"][0]["name"]
        .as_str()
        .unwrap();
    let described = namespace.described("replicaset", replica_set);
    assert!(described.contains("ChaosEvicted"), "{described}");
    let described = namespace.described("deployment", "web");
    assert!(!described.contains("ChaosEvicted"), "{described}");
    namespace
        .with_events("check --dry-run=false", &account)
        .ends()
        .await
        .says(["written on the ReplicaSet instead"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn without_the_grant_a_round_works_and_one_warning_names_what_is_missing() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::stateful_set("db", 2)).await;
    let account = namespace.granted_for("--dry-run=false", &[]).await;

    let round = namespace.with_events(ROUND, &account).exits(0).await;
    round.says_once("no Events are written in namespace");
    round.says([
        "cannot create resource",
        "add to macaque's Role: {apiGroups: [",
        "events.k8s.io",
    ]);
    assert_eq!(namespace.events().await, Vec::<Value>::new());
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_refusal_by_a_budget_is_shown_with_the_workload_if_that_is_asked_for() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::stateful_set("db", 1)).await;
    namespace
        .with_budget("db", "db", json!({"minAvailable": 1}))
        .await;
    let account = namespace.granted_for("--dry-run=false", &[ON]).await;
    let round = |refusals: &str| {
        namespace
            .with_events("once --dry-run=false", &account)
            .env(REFUSALS.0, refusals)
            .env("MACAQUE_GUARDS__MIN_READY", "0")
    };

    round("false").exits(3).await;
    assert_eq!(namespace.events().await, Vec::<Value>::new());
    round("true").exits(3).await;
    let described = namespace.described("statefulset", "db");
    assert!(
        described.contains("ChaosRefused") && described.contains("refused by budget db"),
        "{described}"
    );
}
