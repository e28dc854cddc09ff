//! Promises about permissions: the manifest's Role is enough, one verb less is told and harms nobody.

use serde_json::{Value, json};

use crate::account::{document, role_for_deletions, without};
use crate::program::Macaque;
use crate::workload::Workload;
use crate::world::{NOBODY, World};

impl World {
    /// The armed program as the holder of this kubeconfig.
    fn macaque_as(&self, account: &str, words: &str) -> Macaque {
        self.macaque(words).arg("--dry-run=false").by(account)
    }

    /// The Role of the manifest.
    async fn shipped_role(&self) -> Value {
        self.role(&document(self, "Role")).await
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_role_of_the_manifest_suffices_for_evictions() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 2)).await;
    let account = world.account(world.shipped_role().await).await;
    let before = world.alive().await;
    let checked = world.macaque_as(&account, "check -o json").exits(0).await;
    let findings = checked.json();
    let findings = findings.as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["result"] != "failed"));
    assert_eq!(world.lost(&before).await, NOBODY, "a check disrupts nothing");
    let round = world.macaque_as(&account, "once -o json").exits(0).await;
    assert_eq!(round.uids("evicted").len(), 1);
    assert_eq!(world.lost(&before).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_commented_rule_of_the_manifest_suffices_for_deletions() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 2)).await;
    let role = world.role(&role_for_deletions(&world)).await;
    let account = world.account(role).await;
    world.macaque_as(&account, "check --method delete").exits(0).await;
    let round = world
        .macaque_as(&account, "once --method delete -o json")
        .exits(0)
        .await;
    assert_eq!(round.uids("deleted").len(), 1);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_role_for_deletions_does_not_evict() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 2)).await;
    let role = world.role(&role_for_deletions(&world)).await;
    let account = world.account(role).await;
    one_verb_less(&world, &account, "create", "pods/eviction").await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn one_verb_less_names_verb_resource_and_namespace_and_disrupts_nothing() {
    for (verb, resource) in [("create", "pods/eviction"), ("get", "pods"), ("list", "pods")] {
        let mut world = World::new().await;
        world.with(Workload::deployment("web", 2)).await;
        let role = without(world.shipped_role().await, verb, resource);
        let account = world.account(role).await;
        one_verb_less(&world, &account, verb, resource).await;
    }
}

async fn one_verb_less(world: &World, account: &str, verb: &str, resource: &str) {
    let before = world.alive().await;
    let round = world.macaque_as(account, "once").exits(1).await;
    let missing = format!("cannot {verb} resource \"{resource}\"");
    let place = format!("in the namespace \"{}\"", world.namespace);
    round.says(["forbidden", &missing, &place]);
    let round = world.macaque_as(account, "once -o json").exits(1).await;
    assert!(round.attempts().is_empty());
    assert_eq!(world.lost(&before).await, NOBODY);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_namespace_without_a_grant_is_a_problem_that_hides_no_success_elsewhere() {
    let (mut granted, mut other) = (World::new().await, World::new().await);
    for world in [&mut granted, &mut other] {
        world.with(Workload::deployment("web", 1)).await;
    }
    let account = granted.account(granted.shipped_role().await).await;
    let before = other.alive().await;
    let both = format!("once -n {}", other.namespace);
    let round = granted.macaque_as(&account, &both).exits(0).await;
    let problem = format!("problem: list pods in {}: forbidden", other.namespace);
    round.says(["evicted", &problem]);
    assert_eq!(other.lost(&before).await, NOBODY);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn all_namespaces_need_a_cluster_role_and_say_so() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 1)).await;
    let account = world.account(world.shipped_role().await).await;
    let macaque = |words| Macaque::new(words).by(&account);
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
async fn check_names_the_missing_grant_and_its_remedy_mends_it() {
    let mut world = World::new().await;
    let role = without(world.shipped_role().await, "create", "pods/eviction");
    let account = world.account(role).await;
    let what = format!("may create pods/eviction in namespace {}", world.namespace);
    let checked = world.macaque_as(&account, "check").exits(1).await;
    checked.says(["FAILED", &what, "not granted"]);

    let checked = world.macaque_as(&account, "check -o json").exits(1).await;
    let findings = checked.json();
    let mut findings = findings.as_array().unwrap().iter();
    let failed = findings.find(|finding| finding["result"] == "failed").unwrap();
    assert_eq!(failed["what"], what.as_str());
    assert!(findings.all(|finding| finding["result"] != "failed"));
    let remedy = failed["remedy"].as_str().unwrap();
    let rule = remedy.strip_prefix("add to macaque's Role: ").unwrap();

    // Done as told, word for word.
    let mended = document(&world, "Role");
    let (head, _) = mended.split_once("rules:").unwrap();
    let mended = format!(
        "{head}rules:\n  - {{apiGroups: [\"\"], resources: [pods], verbs: [get, list]}}\n  - {rule}\n"
    );
    world
        .apply("Role", "macaque", &mended, "&force=true")
        .await
        .accepted();
    world
        .until_granted(&"create".into(), &json!({"resources": ["pods/eviction"]}))
        .await;
    world.macaque_as(&account, "check").exits(0).await;
}
