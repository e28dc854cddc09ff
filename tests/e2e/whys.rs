//! Promises about `macaque why` on the real API server.

use serde_json::{Value, json};

use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

/// The first rule that exempts the first pod of an explanation.
fn exempting(explained: &Value) -> Value {
    let rules = explained["pods"][0]["rules"].as_array().unwrap();
    let mut rules = rules.iter().filter(|rule| rule["result"] == "exempt");
    rules.next().cloned().unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_pod_that_a_budget_holds_is_explained_with_the_budgets_numbers() {
    let namespace = TestNamespace::shop().await;
    let command = format!("why {}/db-0", namespace.name);
    namespace.macaque(&command).exits(0).await.says([
        "budget db, minAvailable 3: 3 expected, 3 healthy, 3 needed, so it allows 0",
        "/db-0 can be picked, but its eviction would be refused by budget db: The disruption budget db needs 3 healthy \
         pods and has 3 currently.",
    ]);
    let explained = namespace
        .macaque(&format!("{command} -o json"))
        .exits(0)
        .await
        .json();
    let budget = &explained["pods"][0]["budgets"][0];
    let numbers = ["expected", "healthy", "desired", "allowed"].map(|key| budget[key].as_i64().unwrap());

    assert_eq!((numbers, exempting(&explained)), ([3, 3, 3, 0], Value::Null));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_exempt_pod_is_explained_with_the_setting_or_the_annotation_that_exempts_it() {
    let mut namespace = TestNamespace::shop().await;
    let logs = namespace.macaque("why ds/logs -o json").exits(0).await.json();
    let rule = exempting(&logs);
    assert_eq!(rule["rule"], "daemonset", "{rule}");
    assert!(
        rule["setting"].as_str().unwrap().starts_with("target.include"),
        "{rule}"
    );

    let shy = Workload::deployment("shy", 1).annotated("macaque/enabled", "false");
    namespace.with(shy).await;
    let printed = namespace.macaque("why deploy/shy").exits(0).await;
    printed.says([
        "opted-out",
        "EXEMPT",
        "macaque/enabled=\"false\"",
        " cannot be picked: opted out by macaque/enabled=\"false\".",
    ]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_owner_is_explained_pod_by_pod_and_a_pod_that_may_go_is_said_to() {
    let namespace = TestNamespace::shop().await;
    let web = namespace.macaque("why deploy/web").exits(0).await;
    web.says([
        "deployment/web: 4 pods",
        "budget web, minAvailable 3: 4 expected, 4 healthy, 3 needed, so it allows 1",
        "can be picked, and its eviction would be allowed: budget web allows 1; webhooks and policies were not asked.",
    ]);
    let search = namespace
        .macaque("why deploy/search -o json")
        .exits(0)
        .await
        .json();
    let pods = search["pods"].as_array().unwrap();

    assert_eq!(pods.len(), 2);

    for pod in pods {
        assert_eq!(
            (&pod["verdict"], &pod["budgets"]),
            (&json!("allowed"), &json!([]))
        );
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_does_not_exist_is_named_and_fails() {
    let namespace = TestNamespace::new().await;
    let no_pod = format!("pod {}/nobody does not exist", namespace.name);
    let pod = namespace
        .macaque(&format!("why {}/nobody", namespace.name))
        .exits(1)
        .await;
    pod.says([&no_pod]);
    let no_owner = format!(
        "deployment/nobody has no pods in namespace {}, or does not exist",
        namespace.name
    );
    namespace
        .macaque("why deploy/nobody")
        .exits(1)
        .await
        .says([&no_owner]);
}
