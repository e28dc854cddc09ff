//! Promises about the guards of a round: others who drain nodes, and nodes that are not ready, hold all of it back.

use std::process::{Child, Command, Stdio};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::access::admin;
use crate::held::ExpectedHold;
use crate::least_privilege::NODES_BY_LEASES;
use crate::program::MacaqueCommand;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// Where the leases of nodes are.
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn pods_that_kubectl_drains_hold_the_round_back_until_they_are_replaced() {
    let mut namespace = TestNamespace::new().await;
    let node = namespace.create_node().await;
    namespace.with(Workload::deployment("cart", 3)).await;
    let web = Workload::deployment("web", 3).on_node_of(&namespace.name);
    let pods = namespace.with(web.terminating_slowly()).await;

    let mut drain = kubectl_drain(&node);
    until("kubectl has evicted every pod of the node", async || {
        let pods = namespace.pods_of("web").await;
        let leaving = pods
            .iter()
            .filter(|pod| !pod["metadata"]["deletionTimestamp"].is_null());
        (leaving.count() == 3).then_some(())
    })
    .await;
    drain.kill().unwrap();
    drain.wait().unwrap();
    let hold = ExpectedHold {
        owner: "deploy/cart",
        ..ExpectedHold::of_web("drains", "3 pods")
    };
    namespace.is_held(&hold, |command| command).await;

    for pod in &pods {
        let at_once = json!({"gracePeriodSeconds": 0});
        namespace
            .send(Method::DELETE, &namespace.path_of(pod), &at_once)
            .await
            .accepted();
    }
    let usable = json!({"spec": {"unschedulable": false}});
    namespace
        .send(Method::PATCH, &format!("/api/v1/nodes/{node}"), &usable)
        .await
        .accepted();
    namespace.until_whole("web", 3).await;
    namespace.is_disrupted(|command| command).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn leases_that_ran_out_hold_the_round_back_until_they_are_renewed() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let account = namespace.granted_for("--dry-run=false", &[NODES_BY_LEASES]).await;
    let (key, value) = NODES_BY_LEASES;
    let by_leases = |command: MacaqueCommand| command.env(key, value).by(&account);
    let name = format!("gone-{}", namespace.name);
    let lease = |renewed: Timestamp| {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name},
            "spec": {
                "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": format!("{renewed:.6}"),
            },
        })
    };
    let now = Timestamp::now();

    let old = lease(now - SignedDuration::from_mins(10));
    namespace.create_at(LEASES, &name, &old).await;
    let hold = ExpectedHold::of_web("nodes", "1 of ");
    namespace.is_held(&hold, by_leases).await;

    let renewed = lease(now + SignedDuration::from_mins(1));
    let path = format!("{LEASES}/{name}");
    namespace.send(Method::PATCH, &path, &renewed).await.accepted();
    namespace.is_disrupted(by_leases).await;
}

/// Starts `kubectl drain`, which waits until the pods are gone.
fn kubectl_drain(node: &str) -> Child {
    let mut drain = Command::new("kubectl");
    drain
        .arg("--kubeconfig")
        .arg(admin())
        .args(["drain", node, "--timeout=5m"]);
    drain.stdin(Stdio::null()).stdout(Stdio::null());
    drain.spawn().expect("kubectl is on the PATH: .ci/tools has it")
}

impl TestNamespace {
    /// A node of this namespace's own: pods of others tolerate it as little as they tolerate any taint.
    pub(crate) async fn create_node(&mut self) -> String {
        let name = format!("node-{}", self.name);
        let room = json!({"cpu": "1k", "memory": "1Ti", "pods": "10k"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": name, "labels": {"kubernetes.io/hostname": name, "e2e": self.name},
                "annotations": {"kwok.x-k8s.io/node": "fake"},
            },
            "spec": {"taints": [{"key": "e2e", "value": self.name, "effect": "NoSchedule"}]},
            "status": {"capacity": room, "allocatable": room},
        });
        self.create_at("/api/v1/nodes", &name, &node).await;
        until("the node is ready", async || {
            let node: Value = self.read(&format!("/api/v1/nodes/{name}")).await;
            let taints = node["spec"]["taints"].as_array().map_or(0, Vec::len);
            (crate::workload::is_ready(&node) && taints == 1).then_some(())
        })
        .await;
        name
    }
}
