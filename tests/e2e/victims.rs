//! Promises about the victims: the UID decides who is one, they get their grace, and a dry run has none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::test_namespace::{TestNamespace, uid, until};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_replacement_of_the_same_name_is_another_pod_and_no_victim() {
    let mut namespace = TestNamespace::new().await;
    let before = namespace.with(Workload::stateful_set("db", 2)).await;
    let round = namespace
        .macaque("once --dry-run=false --count 5 -o json")
        .exits(0)
        .await;

    assert_eq!(round.attempts().len(), 1);
    let evicted = round.uids("evicted");
    let old = before.iter().find(|pod| evicted == [uid(pod)]).unwrap();

    let new = until("the pod is replaced", async || {
        let mut pods = namespace.pods_of("db").await.into_iter();
        pods.find(|pod| before.iter().all(|known| uid(known) != uid(pod)))
    })
    .await;

    assert_eq!(new["metadata"]["name"], old["metadata"]["name"]);
    assert!(namespace.alive().await.contains(&uid(&new)));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_grace_period_reaches_the_pod_in_both_methods() {
    for method in ["evict", "delete"] {
        let mut namespace = TestNamespace::new().await;
        let web = Workload::deployment("web", 2).terminating_slowly();
        namespace.with(web).await;
        let once = namespace
            .macaque(&format!("once --dry-run=false --method {method}"))
            .env("MACAQUE_DISRUPT__GRACE_PERIOD", "7s");
        once.exits(0).await;
        let pod = namespace.terminating_pod().await;
        assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 7, "{method}");
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn without_a_grace_period_the_pods_own_holds() {
    let mut namespace = TestNamespace::new().await;
    let web = Workload::deployment("web", 2).terminating_slowly();
    namespace.with(web).await;
    namespace.macaque("once --dry-run=false").exits(0).await;
    let pod = namespace.terminating_pod().await;

    assert_eq!(
        pod["metadata"]["deletionGracePeriodSeconds"],
        pod["spec"]["terminationGracePeriodSeconds"]
    );
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_dry_run_is_the_default_and_changes_nothing() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    namespace
        .with_budget("web", "web", json!({"minAvailable": 2}))
        .await;
    let before = versions(&namespace).await;

    for method in ["evict", "delete"] {
        let round = namespace
            .macaque(&format!("once -o json --method {method}"))
            .exits(0)
            .await;
        assert_eq!(round.uids("dry-run").len(), 1);
        assert_eq!(round.json()["dry_run"], true);
    }

    namespace
        .macaque("once")
        .exits(0)
        .await
        .says(["dry run", "would be tried (dry run)"]);

    assert_eq!(versions(&namespace).await, before);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_same_seed_and_pods_give_the_same_victims() {
    let mut namespace = TestNamespace::new().await;
    for name in ["api", "web", "db"] {
        namespace.with(Workload::deployment(name, 5)).await;
    }

    let round = async || {
        namespace
            .macaque("once --count 3 --seed 7 -o json")
            .exits(0)
            .await
    };
    let (first, again) = (round().await, round().await);

    assert_eq!(first.uids("dry-run").len(), 3);
    assert_eq!(first.attempts(), again.attempts());
}

impl TestNamespace {
    /// The only pod that is being deleted.
    async fn terminating_pod(&self) -> Value {
        let mut pods = self.pods().await;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_string());
        assert_eq!(pods.len(), 1, "{pods:#?}");
        pods.remove(0)
    }
}

/// What every write changes, of every pod and every budget.
async fn versions(namespace: &TestNamespace) -> BTreeMap<String, Value> {
    let mut objects = namespace.pods().await;
    objects.extend(namespace.list("PodDisruptionBudget").await);
    let version = |object: &Value| (uid(object), object["metadata"]["resourceVersion"].clone());
    objects.iter().map(version).collect()
}
