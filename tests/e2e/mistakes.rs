//! Promises about what users get wrong: the words, and whether the configuration (2) or the cluster (1) is at
//! fault.

use crate::program::MacaqueCommand;
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_absent_namespace_is_named() {
    for (command, words) in [("once", "does not exist"), ("check", "not found")] {
        let macaque = MacaqueCommand::new(command).arg("--namespace").arg("nowhere");
        let macaque = macaque.by_environment();
        macaque.exits(1).await.says(["namespace nowhere", words]);
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_absent_namespace_hides_no_success_elsewhere() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let round = namespace.macaque("once -n nowhere").exits(0).await;
    round.says([
        "would be tried (dry run)",
        "problem: namespace nowhere does not exist",
    ]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_unknown_context_is_named() {
    let namespace = TestNamespace::new().await;
    for command in ["once --context mars", "run --context mars"] {
        let macaque = namespace
            .macaque(command)
            .env("MACAQUE_SCHEDULE__CRON", "@hourly")
            .env("MACAQUE_HEALTH__LISTEN", "off");
        macaque.exits(2).await.says([
            "there is no context \"mars\" in the kubeconfig",
            "(from KUBECONFIG)",
            "cluster.context",
        ]);
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_missing_kubeconfig_is_named() {
    for command in ["once", "check", "run"] {
        let macaque = MacaqueCommand::new(command)
            .arg("--namespace=shop")
            .env("MACAQUE_SCHEDULE__CRON", "@hourly")
            .env("MACAQUE_HEALTH__LISTEN", "off");
        let macaque = macaque.by("/nowhere/config");
        macaque
            .exits(2)
            .await
            .says(["/nowhere/config", "No such file", "cluster.kubeconfig"]);
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn without_any_kubeconfig_the_ways_to_name_one_are_listed() {
    let macaque = MacaqueCommand::new("once --namespace shop");
    macaque
        .exits(2)
        .await
        .says(["no kubeconfig was found", "--kubeconfig", "KUBECONFIG"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_unreachable_server_is_the_clusters_fault() {
    let namespace = TestNamespace::new().await;
    let path = namespace.unreachable();
    for command in ["once", "check"] {
        let macaque = namespace.macaque(command).by(&path);
        macaque.exits(1).await.says([
            "127.0.0.1:1: connection refused",
            "check that the API server runs",
        ]);
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn credentials_that_are_not_accepted_are_the_clusters_fault() {
    let namespace = TestNamespace::new().await;
    let path = namespace.kubeconfig("unknown", "token: ", "token: not-");
    let round = namespace.macaque("once").by(&path).exits(1).await;
    round.says(["did not authenticate the request (401)"]);
}
