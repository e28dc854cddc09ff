//! The shop of the README on the real API server, and what must not change in it when somebody only looks.

use serde_json::{Value, json};

use crate::workload::Workload;
use crate::world::World;

impl World {
    /// Five workloads: one with a budget that has room, one that leaves none, one of daemons, one without.
    pub(crate) async fn shop() -> Self {
        let mut world = Self::new().await;
        world.with(Workload::deployment("cart", 3)).await;
        world.with(Workload::deployment("web", 4)).await;
        world.with(Workload::deployment("search", 2)).await;
        world.with(Workload::stateful_set("db", 3)).await;
        world.with(Workload::daemon_set("logs")).await;
        world
            .with_budget("cart", "cart", json!({"maxUnavailable": 1}))
            .await;
        world.with_budget("web", "web", json!({"minAvailable": 3})).await;
        world.with_budget("db", "db", json!({"minAvailable": 3})).await;
        world
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
