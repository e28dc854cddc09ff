//! A round that waits for the recovery of its victim, and what it says of it.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::program::{MacaqueCommand, MacaqueOutput};
use crate::test_namespace::{TestNamespace, uid, until};
use crate::workload::is_ready;

/// The exit code of a round with a victim that did not recover in time.
pub(super) const UNRECOVERED: i32 = 5;

impl TestNamespace {
    /// An armed round that waits until its victim has recovered.
    pub(super) fn waiting_round(&self) -> MacaqueCommand {
        self.macaque("once --wait --dry-run=false -o json")
            .env("MACAQUE_TARGET__INCLUDE", "daemonset")
    }

    /// Waits until one of the pods is terminating or gone, and something waits to replace it; returns the replacement.
    pub(super) async fn replacement_of_one(&self, pods: &[Value]) -> Value {
        let known: Vec<_> = pods.iter().map(uid).collect();
        until("a replacement", async || {
            let mut now = self.pods().await;
            now.retain(|pod| !known.contains(&uid(pod)));
            now.pop()
        })
        .await
    }

    /// Waits until one of the pods that were there `before` is being disrupted.
    pub(super) async fn until_disrupted(&self, before: &BTreeSet<String>) {
        until("a pod is disrupted", async || {
            (!self.lost(before).await.is_empty()).then_some(())
        })
        .await;
    }

    /// Lets the pods that wait become ready.
    pub(super) async fn let_pods_start(&self) {
        let now = json!({"metadata": {"annotations": {"controlplane.test/ready-after": "0s"}}});
        for pod in self.pods().await.iter().filter(|pod| !is_ready(pod)) {
            // It may have gone meanwhile.
            self.send(Method::PATCH, &self.path_of(pod), &now).await;
        }
    }

    /// Sets fields of a pod's status, as a kubelet does.
    pub(super) async fn set_status(&self, pod: &Value, status: &Value) {
        let path = format!("{}/status", self.path_of(pod));
        self.send(Method::PATCH, &path, &json!({"status": status}))
            .await
            .accepted();
    }
}

impl TestNamespace {
    /// Lets the container of a pod wait for this reason.
    pub(super) async fn hinder(&self, pod: &Value, reason: &str) {
        let container = json!({
            "name": "main", "image": "none", "imageID": "", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": reason, "message": "back-off"}},
        });
        self.set_status(pod, &json!({"containerStatuses": [container]}))
            .await;
    }
}

impl MacaqueOutput {
    /// What the round says of the only recovery that it waited for.
    pub(super) fn recovery(&self) -> Value {
        let report = self.json();
        let recoveries = report["recoveries"].as_array().unwrap();
        assert_eq!(recoveries.len(), 1, "{self:#?}");
        recoveries[0].clone()
    }
}
