//! Promises about permissions: the manifest's Role for an armed macaque is enough, one verb less is reported and disrupts nothing.

use serde_json::json;

use crate::program::MacaqueCommand;
use crate::service_account::{document, without};
use crate::test_namespace::{NO_PODS, TestNamespace};
use crate::workload::Workload;

impl TestNamespace {
    /// The armed program as the holder of this kubeconfig.
    fn macaque_as(&self, account: &str, words: &str) -> MacaqueCommand {
        self.macaque(words).arg("--dry-run=false").by(account)
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_armed_role_of_the_manifest_suffices_for_evictions() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let account = namespace.account(namespace.armed_role().await).await;
    let before = namespace.alive().await;
    let checked = namespace.macaque_as(&account, "check -o json").exits(0).await;
    let findings = checked.json();
    let findings = findings.as_array().unwrap();

    assert!(findings.iter().all(|finding| finding["result"] != "failed"));
    assert_eq!(namespace.lost(&before).await, NO_PODS, "a check disrupts nothing");

    let round = namespace.macaque_as(&account, "once -o json").exits(0).await;
    assert_eq!(round.uids("evicted").len(), 1);
    assert_eq!(namespace.lost(&before).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_role_of_the_manifest_as_it_is_suffices_for_a_dry_run_and_for_no_more() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let role = namespace.role(&document(&namespace, "Role")).await;
    let account = namespace.account(role).await;
    let before = namespace.alive().await;

    let dry = |words| namespace.macaque(words).arg("--dry-run").by(&account);
    dry("check").exits(0).await;
    dry("once").exits(0).await.says(["would have tried to evict"]);

    one_verb_less(&namespace, &account, "create", "pods/eviction").await;
    assert_eq!(namespace.lost(&before).await, NO_PODS);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_role_of_the_manifest_for_deletions_suffices_for_them() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let role = namespace.role_for_deletions().await;
    let account = namespace.account(role).await;
    namespace
        .macaque_as(&account, "check --method delete")
        .exits(0)
        .await;
    let round = namespace
        .macaque_as(&account, "once --method delete -o json")
        .exits(0)
        .await;

    assert_eq!(round.uids("deleted").len(), 1);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_role_for_deletions_does_not_evict() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let role = namespace.role_for_deletions().await;
    let account = namespace.account(role).await;
    one_verb_less(&namespace, &account, "create", "pods/eviction").await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn one_verb_less_names_verb_resource_and_namespace_and_disrupts_nothing() {
    for (verb, resource) in [("create", "pods/eviction"), ("get", "pods"), ("list", "pods")] {
        let mut namespace = TestNamespace::new().await;
        namespace.with(Workload::deployment("web", 2)).await;
        let role = without(namespace.armed_role().await, verb, resource);
        let account = namespace.account(role).await;
        one_verb_less(&namespace, &account, verb, resource).await;
    }
}

async fn one_verb_less(namespace: &TestNamespace, account: &str, verb: &str, resource: &str) {
    let before = namespace.alive().await;
    let round = namespace.macaque_as(account, "once").exits(1).await;
    let missing = format!("cannot {verb} resource \"{resource}\"");
    let place = format!("in the namespace \"{}\"", namespace.name);
    round.says(["forbidden", &missing, &place]);
    let round = namespace.macaque_as(account, "once -o json").exits(1).await;
    assert!(round.attempts().is_empty());
    assert_eq!(namespace.lost(&before).await, NO_PODS);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_namespace_without_a_grant_is_a_problem_that_hides_no_success_elsewhere() {
    let mut granted = TestNamespace::new().await;
    let mut other = TestNamespace::new().await;

    for namespace in [&mut granted, &mut other] {
        namespace.with(Workload::deployment("web", 2)).await;
    }

    let account = granted.account(granted.armed_role().await).await;
    let before = other.alive().await;
    let both = format!("once -n {}", other.name);
    let round = granted.macaque_as(&account, &both).exits(0).await;
    let problem = format!("problem: list pods in {}: forbidden", other.name);
    round.says(["evicted", &problem]);

    assert_eq!(other.lost(&before).await, NO_PODS);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn all_namespaces_need_a_cluster_role_and_say_so() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 1)).await;
    let account = namespace.account(namespace.armed_role().await).await;
    let macaque = |words| MacaqueCommand::new(words).by(&account);
    let round = macaque("once -A --dry-run=false").exits(1).await;
    round.says(["cannot list resource \"pods\"", "at the cluster scope"]);
    let checked = macaque("check -A --dry-run=false").exits(1).await;
    checked.says([
        "may list pods in all namespaces",
        "add to macaque's ClusterRole: ",
    ]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn check_names_the_missing_grant_and_its_remedy_fixes_it() {
    let mut namespace = TestNamespace::new().await;
    let role = without(namespace.armed_role().await, "create", "pods/eviction");
    let account = namespace.account(role).await;
    let what = format!("may create pods/eviction in namespace {}", namespace.name);
    let checked = namespace.macaque_as(&account, "check").exits(1).await;
    checked.says(["FAILED", &what, "not granted"]);

    let checked = namespace.macaque_as(&account, "check -o json").exits(1).await;
    let findings = checked.json();
    let mut findings = findings.as_array().unwrap().iter();
    let failed = findings.find(|finding| finding["result"] == "failed").unwrap();
    assert_eq!(failed["what"], what.as_str());
    assert!(findings.all(|finding| finding["result"] != "failed"));
    let remedy = failed["remedy"].as_str().unwrap();
    let rule = remedy.strip_prefix("add to macaque's Role: ").unwrap();

    // The remedy, word for word.
    let fixed = document(&namespace, "Role");
    let (head, _) = fixed.split_once("rules:").unwrap();
    let fixed = format!(
        "{head}rules:\n  - {{apiGroups: [\"\"], resources: [pods], verbs: [get, list]}}\n  - {rule}\n"
    );
    namespace
        .apply("Role", "macaque", &fixed, "&force=true")
        .await
        .accepted();
    namespace
        .until_granted(&"create".into(), &json!({"resources": ["pods/eviction"]}))
        .await;
    namespace.macaque_as(&account, "check").exits(0).await;
}
