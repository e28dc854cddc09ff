//! Workloads and budgets, created and awaited until they are ready.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::test_namespace::{TestNamespace, until};

/// The annotation by which a pod of the control plane waits before it is Running.
const READY_AFTER: &str = "controlplane.test/ready-after";

/// A workload whose pods carry the label `app` with its name.
pub(crate) struct Workload {
    kind: &'static str,
    name: String,
    replicas: usize,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    /// The value of the label and the taint `e2e` of the node that the pods must be on.
    node: Option<String>,
}

impl Workload {
    pub(crate) fn deployment(name: &str, replicas: usize) -> Self {
        Self::new("Deployment", name, replicas)
    }

    pub(crate) fn stateful_set(name: &str, replicas: usize) -> Self {
        Self::new("StatefulSet", name, replicas)
    }

    /// Pods that no Deployment stands behind.
    pub(crate) fn replica_set(name: &str, replicas: usize) -> Self {
        Self::new("ReplicaSet", name, replicas)
    }

    /// So many pods at a time, until one has succeeded.
    pub(crate) fn job(name: &str, parallelism: usize) -> Self {
        Self::new("Job", name, parallelism)
    }

    /// One pod on each of the control plane's two nodes.
    pub(crate) fn daemon_set(name: &str) -> Self {
        Self::new("DaemonSet", name, 2)
    }

    /// A pod that nothing replaces.
    pub(crate) fn bare(name: &str) -> Self {
        Self::new("Pod", name, 1)
    }

    fn new(kind: &'static str, name: &str, replicas: usize) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            replicas,
            labels: BTreeMap::from([("app".to_owned(), name.to_owned())]),
            annotations: BTreeMap::new(),
            node: None,
        }
    }

    pub(crate) fn labelled(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn annotated(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The pods that replace its pods are Pending for longer than any test lasts.
    pub(crate) fn with_successors_pending(self) -> Self {
        self.annotated(READY_AFTER, "1h")
    }

    /// Its pods, once disrupted, are Terminating for longer than any test lasts.
    pub(crate) fn terminating_slowly(self) -> Self {
        self.annotated("controlplane.test/gone-after", "1h")
    }

    /// Its pods are on the node of the test namespace `namespace`.
    pub(crate) fn on_node_of(mut self, namespace: &str) -> Self {
        self.node = Some(namespace.to_owned());
        self
    }

    fn object(&self) -> Value {
        let Self {
            kind,
            name,
            replicas,
            labels,
            annotations,
            node,
        } = self;
        let metadata = json!({"labels": labels, "annotations": annotations});
        let mut pod = json!({"containers": [{"name": "main", "image": "none"}]});
        if let Some(node) = node {
            pod["nodeSelector"] = json!({"e2e": node});
            pod["tolerations"] = json!([{"key": "e2e", "operator": "Exists"}]);
        }
        if *kind == "Job" {
            pod["restartPolicy"] = json!("Never");
        }
        let selector = json!({"matchLabels": {"app": name}});
        let template = json!({"metadata": metadata, "spec": pod});
        let (api, spec) = match *kind {
            "Pod" => ("v1", pod),
            "DaemonSet" => ("apps/v1", json!({"selector": selector, "template": template})),
            "Job" => ("batch/v1", json!({"parallelism": replicas, "template": template})),
            _ => (
                "apps/v1",
                json!({"replicas": replicas, "selector": selector, "template": template}),
            ),
        };
        let mut object = json!({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec});
        object["metadata"]["name"] = json!(name);

        object
    }
}

impl TestNamespace {
    /// Creates `workload`; returns its pods, all of them ready.
    pub(crate) async fn with(&mut self, workload: Workload) -> Vec<Value> {
        self.create(workload.object()).await;
        let Workload { name, replicas, .. } = &workload;
        let pods = until(&format!("{replicas} pods of {name}"), async || {
            Some(self.pods_of(name).await).filter(|pods| pods.len() == *replicas)
        })
        .await;

        if workload.annotations.contains_key(READY_AFTER) {
            let now = json!({"metadata": {"annotations": {READY_AFTER: "0s"}}});
            for pod in &pods {
                self.send(Method::PATCH, &self.path_of(pod), &now)
                    .await
                    .accepted();
            }
        }

        until(&format!("the pods of {name} are ready"), async || {
            let pods = self.pods_of(name).await;
            pods.iter().all(is_ready).then_some(pods)
        })
        .await
    }

    /// Waits until the workload `name` has so many pods, all of them ready, and no others.
    pub(crate) async fn until_whole(&self, name: &str, replicas: usize) {
        until(&format!("{name} is whole"), async || {
            let pods = self.pods_of(name).await;
            let is_whole = |pod: &Value| is_ready(pod) && pod["metadata"]["deletionTimestamp"].is_null();
            (pods.len() == replicas && pods.iter().all(is_whole)).then_some(())
        })
        .await;
    }

    /// The pods of the workload `name` that there are now.
    pub(crate) async fn pods_of(&self, name: &str) -> Vec<Value> {
        let mut pods = self.pods().await;
        pods.retain(|pod| pod["metadata"]["labels"]["app"] == name);
        pods
    }

    /// Where `pod` is.
    pub(crate) fn path_of(&self, pod: &Value) -> String {
        format!(
            "{}/{}",
            self.path("Pod"),
            pod["metadata"]["name"].as_str().unwrap()
        )
    }

    /// Protects the ready pods of the workload `app` by a budget that says `rule`.
    pub(crate) async fn with_budget(&mut self, name: &str, app: &str, rule: Value) {
        let mut budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": app}}},
        });
        let spec = budget["spec"].as_object_mut().unwrap();
        spec.extend(rule.as_object().unwrap().clone());
        self.create(budget).await;
        let pods = self.pods_of(app).await.len();
        self.until_healthy(name, pods).await;
    }

    /// Waits until the budget `name` counts so many healthy pods.
    pub(crate) async fn until_healthy(&self, name: &str, pods: usize) {
        let path = format!("{}/{name}", self.path("PodDisruptionBudget"));
        until(&format!("the budget {name} counts {pods} pods"), async || {
            let budget = self.read(&path).await;
            let status = &budget["status"];
            let synced = status["observedGeneration"] == budget["metadata"]["generation"];
            (synced && status["currentHealthy"] == pods).then_some(())
        })
        .await;
    }
}

/// Whether the condition Ready of `pod` is true.
pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
