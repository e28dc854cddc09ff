//! The cluster of a trial: a shop of a few workloads, and the journal.

use kube_sandbox::{AccessDenial, Cluster, ClusterClock, SandboxOptions, scenario};
use serde_json::{Value, json};
use std::time::Duration;

use crate::plan::TrialPlan;
use crate::world::START;

/// The name of the journal's ConfigMap.
pub(crate) const JOURNAL: &str = "macaque-journal";
/// The path at which it is created.
pub(crate) const JOURNALS_PATH: &str = "/api/v1/namespaces/chaos/configmaps";
/// The path at which it is written.
pub(crate) const JOURNAL_PATH: &str = "/api/v1/namespaces/chaos/configmaps/macaque-journal";
/// The Deployments of the shop.
pub(crate) const DEPLOYMENTS: [&str; 2] = ["cart", "web"];

/// Sets up the cluster of a plan, and returns it with the future of its controllers.
pub(crate) fn cluster(plan: &TrialPlan) -> (Cluster, impl Future<Output = ()> + Send + use<>) {
    let mut objects: Vec<_> = DEPLOYMENTS
        .iter()
        .map(|name| scenario::deployment("shop", name, 2))
        .collect();
    objects.push(scenario::stateful_set("shop", "db", 2));
    objects.push(scenario::budget("shop", "web", json!({ "maxUnavailable": 1 })));
    objects.push(journal());

    let (cluster, controllers) = Cluster::without_server(SandboxOptions {
        objects,
        ready_after: Duration::from_millis(plan.ready_after),
        clock: ClusterClock::simulated(START),
        seed: plan.seed,
        ..SandboxOptions::default()
    })
    .unwrap();
    if !plan.watches {
        cluster.deny(AccessDenial::new("watch", "pods"));
    }
    (cluster, controllers)
}

/// The journal's ConfigMap as the manifest has it.
pub(crate) fn journal() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": JOURNAL, "namespace": "chaos" },
    })
}
