//! The shop of the README on the real API server, and what must not change in it under commands that only read.

use serde_json::{Value, json};

use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

impl TestNamespace {
    /// Five workloads: with a budget that has room, with one that has none, a DaemonSet, and one without a budget.
    pub(crate) async fn shop() -> Self {
        let mut namespace = Self::new().await;
        namespace.with(Workload::deployment("cart", 3)).await;
        namespace.with(Workload::deployment("web", 4)).await;
        namespace.with(Workload::deployment("search", 2)).await;
        namespace.with(Workload::stateful_set("db", 3)).await;
        namespace.with(Workload::daemon_set("logs")).await;
        namespace
            .with_budget("cart", "cart", json!({"maxUnavailable": 1}))
            .await;
        namespace
            .with_budget("web", "web", json!({"minAvailable": 3}))
            .await;
        namespace
            .with_budget("db", "db", json!({"minAvailable": 3}))
            .await;

        namespace
    }

    /// Name, version and disruptions left of each pod and budget.
    pub(crate) async fn state(&self) -> Vec<Value> {
        let mut objects = self.pods().await;
        objects.extend(self.list("PodDisruptionBudget").await);
        let of = |object: &Value| {
            let metadata = &object["metadata"];
            json!([
                metadata["name"],
                metadata["resourceVersion"],
                object["status"]["disruptionsAllowed"]
            ])
        };

        objects.iter().map(of).collect()
    }
}
