//! Promises about `deploy/macaque.yaml`: a real API server takes it without a word, and its pod is restricted.

use std::fs;

use serde_json::json;

use crate::program::MacaqueCommand;
use crate::service_account::{document, documents, name_in};
use crate::test_namespace::{TestNamespace, until};

/// A namespace that takes no pod but a restricted one.
async fn strict() -> TestNamespace {
    TestNamespace::labelled(json!({
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }))
    .await
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn every_document_applies_with_strict_validation_and_no_warning() {
    let namespace = strict().await;
    let documents = documents(&namespace);
    let kinds: Vec<_> = documents.iter().map(|(kind, _)| kind.as_str()).collect();

    assert_eq!(
        kinds,
        [
            "ServiceAccount",
            "ConfigMap",
            "ConfigMap",
            "ConfigMap",
            "Role",
            "RoleBinding",
            "Deployment"
        ]
    );

    for (kind, document) in &documents {
        let answer = namespace
            .apply(kind, name_in(document), document, "&dryRun=All")
            .await;
        assert!(
            answer.code < 300 && answer.warnings.is_empty(),
            "{kind}: {answer:#?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_deployments_pod_comes_up_where_only_restricted_pods_may() {
    let namespace = strict().await;
    for (kind, document) in documents(&namespace) {
        namespace
            .apply(&kind, name_in(&document), &document, "")
            .await
            .accepted();
    }

    let path = format!("{}/macaque", namespace.path("Deployment"));
    until("the Deployment is available", async || {
        let deployment = namespace.read(&path).await;
        (deployment["status"]["availableReplicas"] == 1).then_some(())
    })
    .await;
    let pods = namespace.pods().await;

    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0]["spec"]["serviceAccountName"], "macaque");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_config_map_and_the_role_agree() {
    let mut namespace = TestNamespace::new().await;
    let role = namespace.role(&document(&namespace, "Role")).await;
    let account = namespace.account(role).await;
    let config_map = document(&namespace, "ConfigMap");
    let config_map = namespace
        .apply("ConfigMap", "macaque", &config_map, "")
        .await
        .accepted();
    let config = namespace.scratch.path().join("macaque.toml");
    fs::write(&config, config_map["data"]["macaque.toml"].as_str().unwrap()).unwrap();
    let check = MacaqueCommand::new("check")
        .arg("--namespace")
        .arg(&namespace.name);
    let check = check.arg("--config").arg(config.to_str().unwrap());
    let checked = check.by(&account).exits(0).await;
    checked.says(["dry run, evict 1 per round", "*/30 9-16 * * Mon-Fri"]);
}
