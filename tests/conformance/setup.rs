//! Creates the given objects as a user does, and waits until the server's controllers have dealt with them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::server::ServerKind;
use crate::test_namespace::{TestNamespace, condition};

/// The annotation by which a pod is Running and not Ready.
pub(crate) const READY: &str = "controlplane.test/ready";

impl TestNamespace {
    /// Creates `objects` in order, waiting until each is ready.
    pub(crate) async fn create_all(&self, objects: &[Value]) {
        let (budgets, others): (Vec<_>, Vec<_>) = objects
            .iter()
            .partition(|object| object["kind"] == "PodDisruptionBudget");
        for object in &others {
            self.create(object).await;
            if object["kind"] == "Job" && self.server.kind == ServerKind::Sandbox {
                self.start_job(object).await;
            }
        }

        for object in &others {
            self.await_ready(object).await;
        }

        for budget in &budgets {
            self.create(budget).await;
        }

        for budget in &budgets {
            self.until_counted(budget).await;
        }

        self.record_pods().await;
    }

    /// Records which pods there are, under the names that the table uses.
    pub(crate) async fn record_pods(&self) {
        let known = self.pods.borrow().clone();
        let mut pods = self.pods().await;
        pods.retain(|pod| known.iter().all(|(uid, ..)| pod["metadata"]["uid"] != *uid));
        for pod in pods {
            let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
            let alias = match (
                text("generateName"),
                pod["metadata"]["ownerReferences"][0]["kind"].as_str(),
            ) {
                (prefix, Some("DaemonSet" | "Job")) => format!("{prefix}*"),
                // The name of a ReplicaSet has a hash of its template, which holds the defaults of a version.
                (_, Some("ReplicaSet")) => {
                    format!("{}-*", pod["metadata"]["labels"]["app"].as_str().unwrap())
                }
                _ => text("name"),
            };
            self.pods.borrow_mut().push((text("uid"), text("name"), alias));
        }
    }

    async fn await_ready(&self, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let pods = match object["kind"].as_str().unwrap() {
            "Pod" => 1,
            "DaemonSet" => 2,
            "Deployment" | "StatefulSet" => object["spec"]["replicas"].as_u64().unwrap(),
            "Job" => 1,
            _ => return,
        };
        let is_pod = object["kind"] == "Pod";
        let template = if is_pod {
            object
        } else {
            &object["spec"]["template"]
        };
        let is_pending = template["spec"]["schedulerName"].is_string();
        let is_unready = template["metadata"]["annotations"][READY] == "false";
        self.until(&format!("{name} is ready"), async || {
            let mut found = self.pods().await;
            found.retain(|pod| {
                let metadata = &pod["metadata"];
                let known = if is_pod {
                    &metadata["name"]
                } else {
                    &metadata["labels"]["app"]
                };
                *known == name
            });
            if is_unready && self.server.kind == ServerKind::Sandbox {
                for pod in &found {
                    self.make_unready(pod).await;
                }
            }
            found.retain(|pod| match (is_pending, is_unready) {
                (true, _) => pod["status"]["phase"] == "Pending",
                (_, true) => condition(pod, "Ready") == "False" && pod["status"]["phase"] == "Running",
                _ => condition(pod, "Ready") == "True",
            });
            found.len() as u64 == pods
        })
        .await;
    }

    /// What the Job controller of the real server does.
    async fn start_job(&self, job: &Value) {
        let name = job["metadata"]["name"].as_str().unwrap();
        let known = self.read("Job", name).await.unwrap();
        let mut pod = job["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["generateName"] = json!(format!("{name}-"));
        pod["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": known["metadata"]["uid"], "controller": true,
        }]);
        self.create(&pod).await;
    }

    /// Makes a pod Running and not Ready.
    pub(crate) async fn become_unready(&self, name: &str) {
        match self.server.kind {
            ServerKind::Sandbox => {
                let pod = self.read("Pod", name).await.unwrap();
                self.make_unready(&pod).await;
            }
            ServerKind::Real => {
                let change = json!({"metadata": {"annotations": {READY: "false"}}});
                self.patch("Pod", name, &change).await;
            }
        }
        self.until(&format!("{name} is unready"), async || {
            let pod = self.read("Pod", name).await.unwrap_or_default();
            condition(&pod, "Ready") == "False"
        })
        .await;
    }

    /// What the kubelets of the real server do by an annotation.
    async fn make_unready(&self, pod: &Value) {
        if condition(pod, "Ready") != "True" {
            return;
        }

        let mut conditions = pod["status"]["conditions"].clone();
        for condition in conditions.as_array_mut().into_iter().flatten() {
            if condition["type"] == "Ready" {
                condition["status"] = json!("False");
            }
        }

        let name = pod["metadata"]["name"].as_str().unwrap();
        self.patch(
            "Pod",
            &format!("{name}/status"),
            &json!({"status": {"conditions": conditions}}),
        )
        .await;
    }

    /// Waits until the budget's controller has counted the pods, or given up.
    pub(crate) async fn until_counted(&self, budget: &Value) {
        let name = budget["metadata"]["name"].as_str().unwrap();
        let selector = &budget["spec"]["selector"];
        let labels: BTreeMap<String, Value> =
            serde_json::from_value(selector["matchLabels"].clone()).unwrap_or_default();
        self.until(&format!("the budget {name} is counted"), async || {
            let mut pods = self.pods().await;
            pods.retain(|pod| {
                let matches = labels
                    .iter()
                    .all(|(key, value)| pod["metadata"]["labels"][key] == *value);
                !selector.is_null() && matches && condition(pod, "Ready") == "True"
            });
            let budget = self.read("PodDisruptionBudget", name).await.unwrap_or_default();
            let status = &budget["status"];
            let failed = condition(&budget, "DisruptionAllowed") == "False"
                && budget.to_string().contains("SyncFailed");
            let synced = status["observedGeneration"] == budget["metadata"]["generation"];
            failed || (synced && status["currentHealthy"] == pods.len())
        })
        .await;
    }
}
