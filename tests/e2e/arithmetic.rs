//! Promises about `macaque budgets`: what the real disruption controller worked out, and what is wrong with it.

use http::Method;
use serde_json::{Value, json};

use crate::workload::Workload;
use crate::world::{World, until};

/// `SEVERITY REASON OBJECT` of each finding.
fn findings(examination: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = examination["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let name = word(&finding["object"]["name"]);
            format!(
                "{} {} {name}",
                word(&finding["severity"]),
                word(&finding["reason"])
            )
        })
        .collect()
}

impl World {
    /// What is found here, with this exit code.
    async fn findings(&self, code: i32) -> Vec<String> {
        findings(&self.macaque("budgets -o json").exits(code).await.json())
    }

    /// A budget of which nothing is awaited but a word of its controller.
    async fn with_odd_budget(&mut self, name: &str, spec: Value) {
        let budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec,
        });
        self.create(budget).await;
        let path = format!("{}/{name}", self.path("PodDisruptionBudget"));
        until("the disruption controller has a word", async || {
            let status = self.read(&path).await["status"].clone();
            status["conditions"].is_array().then_some(())
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_shops_database_never_lets_go_and_its_search_has_no_budget() {
    let world = World::shop().await;
    let examination = world.macaque("budgets -o json").exits(3).await.json();
    assert_eq!(
        findings(&examination),
        ["error never db", "note no-budget search"]
    );
    let sums = examination["budgets"].as_array().unwrap().iter().map(|sum| {
        let numbers = ["expected", "needs", "healthy", "allows"].map(|key| sum[key].as_i64().unwrap());
        (sum["name"].as_str().unwrap(), numbers)
    });
    let sums: Vec<_> = sums.collect();
    assert_eq!(
        sums,
        [
            ("cart", [3, 2, 3, 1]),
            ("db", [3, 3, 3, 0]),
            ("web", [4, 3, 4, 1])
        ]
    );
    let table = world.macaque("budgets").exits(3).await;
    table.says([
        "statefulset/db (3)",
        "3 of 3 (minAvailable: 3)",
        "error: ",
        "remedy: ",
    ]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn budgets_with_room_are_no_fault_and_the_exit_code_says_so() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 3)).await;
    world
        .with_budget("web", "web", json!({"maxUnavailable": "34%"}))
        .await;
    assert_eq!(world.findings(0).await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_is_never_allowed_and_what_two_budgets_hold_are_errors() {
    let mut world = World::new().await;
    world.with(Workload::deployment("frozen", 2)).await;
    world.with(Workload::deployment("twice", 2)).await;
    world
        .with_budget("frozen", "frozen", json!({"maxUnavailable": 0}))
        .await;
    for name in ["one", "two"] {
        world
            .with_budget(name, "twice", json!({"maxUnavailable": 1}))
            .await;
    }
    let found = world.findings(3).await;
    assert_eq!(found, ["error several-budgets twice", "error never frozen"]);
    world
        .macaque("budgets")
        .exits(3)
        .await
        .says(["one", "two", "remedy: "]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_budget_over_daemons_fails_to_sync_and_says_why() {
    let mut world = World::new().await;
    world.with(Workload::daemon_set("logs")).await;
    let selector = json!({"matchLabels": {"app": "logs"}});
    world
        .with_odd_budget("logs", json!({"maxUnavailable": 1, "selector": selector}))
        .await;
    assert_eq!(world.findings(3).await, ["error sync-failed logs"]);
    let told = world.macaque("budgets").exits(3).await;
    told.says([
        "daemonsets.apps does not implement the scale subresource",
        "set minAvailable to a whole number",
    ]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_share_of_bare_pods_is_a_budget_that_never_lets_go() {
    let mut world = World::new().await;
    world.with(Workload::bare("lone")).await;
    let selector = json!({"matchLabels": {"app": "lone"}});
    world
        .with_odd_budget("lone", json!({"maxUnavailable": 1, "selector": selector}))
        .await;
    let found = world.findings(3).await;
    assert!(found.len() == 1 && found[0].starts_with("error "), "{found:?}");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn selectors_that_cover_nothing_are_warnings() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 1)).await;
    let selector = json!({"matchLabels": {"app": "gone"}});
    world
        .with_odd_budget("gone", json!({"maxUnavailable": 1, "selector": selector}))
        .await;
    world
        .with_odd_budget("nothing", json!({"maxUnavailable": 1}))
        .await;
    let warnings = ["warning matches-nothing gone", "warning no-selector nothing"];
    assert_eq!(world.findings(0).await, warnings);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn pods_that_are_not_ready_and_block_are_told_with_the_remedy() {
    let mut world = World::new().await;
    let pods = world.with(Workload::deployment("web", 3)).await;
    world.with_budget("web", "web", json!({"minAvailable": 2})).await;
    let sick = json!({"metadata": {"annotations": {"controlplane.test/ready": "false"}}});
    for pod in &pods[..2] {
        world
            .send(Method::PATCH, &world.path_of(pod), &sick)
            .await
            .accepted();
    }
    world.until_healthy("web", 1).await;
    assert_eq!(world.findings(0).await, ["warning unhealthy-pods web"]);
    world
        .macaque("budgets")
        .exits(0)
        .await
        .says(["unhealthyPodEvictionPolicy: AlwaysAllow"]);
}
