//! Promises about `macaque budgets`: what the real disruption controller computed, and what is wrong with it.

use http::Method;
use serde_json::{Value, json};

use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// `SEVERITY REASON OBJECT` of each finding.
fn findings(audit: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = audit["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let name = text(&finding["object"]["name"]);
            format!(
                "{} {} {name}",
                text(&finding["severity"]),
                text(&finding["reason"])
            )
        })
        .collect()
}

impl TestNamespace {
    /// The findings here, with this exit code.
    async fn findings(&self, code: i32) -> Vec<String> {
        findings(&self.macaque("budgets -o json").exits(code).await.json())
    }

    /// A budget, once its controller has set a condition.
    async fn with_odd_budget(&mut self, name: &str, spec: Value) {
        let budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec,
        });
        self.create(budget).await;
        let path = format!("{}/{name}", self.path("PodDisruptionBudget"));
        until("the disruption controller has set a condition", async || {
            let status = self.read(&path).await["status"].clone();
            status["conditions"].is_array().then_some(())
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_shops_database_never_lets_go_and_its_search_has_no_budget() {
    let namespace = TestNamespace::shop().await;
    let audit = namespace.macaque("budgets -o json").exits(3).await.json();

    assert_eq!(findings(&audit), ["error never db", "note no-budget search"]);

    let sums = audit["budgets"].as_array().unwrap().iter().map(|sum| {
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

    let table = namespace.macaque("budgets").exits(3).await;
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
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    namespace
        .with_budget("web", "web", json!({"maxUnavailable": "34%"}))
        .await;
    assert_eq!(namespace.findings(0).await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_is_never_allowed_and_what_two_budgets_hold_are_errors() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("frozen", 2)).await;
    namespace.with(Workload::deployment("twice", 2)).await;
    namespace
        .with_budget("frozen", "frozen", json!({"maxUnavailable": 0}))
        .await;

    for name in ["one", "two"] {
        namespace
            .with_budget(name, "twice", json!({"maxUnavailable": 1}))
            .await;
    }

    let found = namespace.findings(3).await;
    assert_eq!(found, ["error several-budgets twice", "error never frozen"]);

    namespace
        .macaque("budgets")
        .exits(3)
        .await
        .says(["one", "two", "remedy: "]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_budget_over_daemons_fails_to_sync_and_says_why() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::daemon_set("logs")).await;
    let selector = json!({"matchLabels": {"app": "logs"}});
    namespace
        .with_odd_budget("logs", json!({"maxUnavailable": 1, "selector": selector}))
        .await;

    assert_eq!(namespace.findings(3).await, ["error sync-failed logs"]);

    let printed = namespace.macaque("budgets").exits(3).await;
    printed.says([
        "daemonsets.apps does not implement the scale subresource",
        "set minAvailable to a whole number",
    ]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_share_of_bare_pods_is_a_budget_that_never_lets_go() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::bare("lone")).await;
    let selector = json!({"matchLabels": {"app": "lone"}});
    namespace
        .with_odd_budget("lone", json!({"maxUnavailable": 1, "selector": selector}))
        .await;
    let found = namespace.findings(3).await;
    assert!(found.len() == 1 && found[0].starts_with("error "), "{found:?}");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn selectors_that_cover_nothing_are_warnings() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 1)).await;
    let selector = json!({"matchLabels": {"app": "gone"}});
    namespace
        .with_odd_budget("gone", json!({"maxUnavailable": 1, "selector": selector}))
        .await;
    namespace
        .with_odd_budget("nothing", json!({"maxUnavailable": 1}))
        .await;
    let warnings = ["warning matches-nothing gone", "warning no-selector nothing"];

    assert_eq!(namespace.findings(0).await, warnings);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn pods_that_are_not_ready_and_block_are_named_with_the_remedy() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 3)).await;
    namespace
        .with_budget("web", "web", json!({"minAvailable": 2}))
        .await;
    let sick = json!({"metadata": {"annotations": {"controlplane.test/ready": "false"}}});

    for pod in &pods[..2] {
        namespace
            .send(Method::PATCH, &namespace.path_of(pod), &sick)
            .await
            .accepted();
    }

    namespace.until_healthy("web", 1).await;

    assert_eq!(namespace.findings(0).await, ["warning unhealthy-pods web"]);

    namespace
        .macaque("budgets")
        .exits(0)
        .await
        .says(["unhealthyPodEvictionPolicy: AlwaysAllow"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_pod_that_terminates_changes_neither_a_verdict_nor_the_number_of_replicas() {
    let mut namespace = TestNamespace::new().await;
    let workloads = [
        Workload::deployment("web", 3).terminating_slowly(),
        // Its pod has no successor until it is gone.
        Workload::stateful_set("db", 4).terminating_slowly(),
    ];
    for (workload, name) in workloads.into_iter().zip(["web", "db"]) {
        let pods = namespace.with(workload).await;
        namespace
            .with_budget(name, name, json!({"minAvailable": 3}))
            .await;
        let path = namespace.path_of(&pods[0]);
        namespace
            .send(Method::DELETE, &path, &Value::Null)
            .await
            .accepted();
    }

    for name in ["web", "db"] {
        let path = format!("{}/{name}", namespace.path("PodDisruptionBudget"));
        until("four pods are expected, and three of them healthy", async || {
            let status = namespace.read(&path).await["status"].clone();
            (status["expectedPods"] == 4 && status["currentHealthy"] == 3).then_some(())
        })
        .await;
    }
    assert_eq!(
        namespace.findings(3).await,
        ["error never web", "note exhausted db"]
    );

    let plan = namespace.macaque("plan -o json").exits(0).await.json();
    let mut owners = plan["owners"].as_array().unwrap().iter();
    let web = owners.find(|owner| owner["owner"] == "deployment/web").unwrap();
    assert_eq!((&web["ready"], &web["pods"]), (&json!(3), &json!(3)), "{plan:#}");
}
