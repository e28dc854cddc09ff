//! The scenario's namespace: objects are created as a user creates them and waited for until they stand still.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use crate::server::{Kind, Server};

/// Generous: only a failing scenario waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The annotation by which a pod is Running and not Ready.
pub(crate) const READY: &str = "controlplane.test/ready";

/// Something that is done to a scene.
pub(crate) type Deed = for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, ()>;

/// A namespace of one server.
pub(crate) struct Scene {
    pub(crate) server: Server,
    /// The names that the table uses for UIDs and for generated names.
    pub(crate) pods: RefCell<Vec<(String, String, String)>>,
    leftovers: RefCell<Vec<String>>,
}

impl Scene {
    /// A new and empty namespace.
    pub(crate) async fn new(kind: Kind) -> Self {
        let server = Server::new(kind).await;
        let name = server.namespace.clone();
        let scene = Self {
            server,
            pods: RefCell::default(),
            leftovers: RefCell::default(),
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        scene.create_at("/api/v1/namespaces", &name, &namespace).await;
        scene
    }

    /// Where the objects of `kind` are in this namespace.
    pub(crate) fn path(&self, kind: &str) -> String {
        let group = match kind {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => "/apis/apps/v1",
            "Job" => "/apis/batch/v1",
            "PodDisruptionBudget" => "/apis/policy/v1",
            "Role" | "RoleBinding" => "/apis/rbac.authorization.k8s.io/v1",
            _ => "/api/v1",
        };
        format!(
            "{group}/namespaces/{}/{}s",
            self.server.namespace,
            kind.to_lowercase()
        )
    }

    /// Where one object is.
    pub(crate) fn path_of(&self, kind: &str, name: &str) -> String {
        format!("{}/{name}", self.path(kind))
    }

    /// Creates an object in this namespace.
    pub(crate) async fn create(&self, object: &Value) {
        let path = self.path(object["kind"].as_str().unwrap());
        let (code, answer) = self.send(Method::POST, &path, object).await;
        assert_eq!(code, 201, "{answer}");
    }

    /// Creates an object anywhere and sees to its end.
    pub(crate) async fn create_at(&self, path: &str, name: &str, object: &Value) {
        let (code, answer) = self.send(Method::POST, path, object).await;
        assert_eq!(code, 201, "{answer}");
        self.leftovers.borrow_mut().push(format!("{path}/{name}"));
    }

    /// Removes what [`Self::create_at`] made; what was made last goes first.
    pub(crate) async fn clear(&self) {
        for path in self.leftovers.take().iter().rev() {
            self.send(Method::DELETE, path, &Value::Null).await;
        }
    }

    /// Sends JSON; returns the code and the body of whatever is answered.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let kind = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into()
        };
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(http::header::CONTENT_TYPE, kind)
            .body(Body::from(body));
        let answer = self.server.client.send(request.unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            head.status.as_u16(),
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }

    /// Reads one object; nothing if there is none.
    pub(crate) async fn read(&self, kind: &str, name: &str) -> Option<Value> {
        let (code, object) = self
            .send(Method::GET, &self.path_of(kind, name), &Value::Null)
            .await;
        (code == 200).then_some(object)
    }

    /// Changes an object, or a part of it such as `/status`.
    pub(crate) async fn patch(&self, kind: &str, name: &str, change: &Value) {
        let path = self.path_of(kind, name);
        let (code, answer) = self.send(Method::PATCH, &path, change).await;
        assert_eq!(code, 200, "{answer}");
    }

    /// The pods there are now.
    pub(crate) async fn pods(&self) -> Vec<Value> {
        let (_, list) = self.send(Method::GET, &self.path("Pod"), &Value::Null).await;
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Creates `objects` in order, waiting for each to stand still.
    pub(crate) async fn set(&self, objects: &[Value]) {
        let (budgets, others): (Vec<_>, Vec<_>) = objects
            .iter()
            .partition(|object| object["kind"] == "PodDisruptionBudget");
        for object in &others {
            self.create(object).await;
            if object["kind"] == "Job" && self.server.kind == Kind::Sandbox {
                self.start_job(object).await;
            }
        }
        for object in &others {
            self.settle(object).await;
        }
        for budget in &budgets {
            self.create(budget).await;
        }
        for budget in &budgets {
            self.until_counted(budget).await;
        }
        self.remember().await;
    }

    /// Notes which pods there are, under the names that the table uses.
    pub(crate) async fn remember(&self) {
        for pod in self.pods().await {
            let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
            let alias = match (
                text("generateName"),
                pod["metadata"]["ownerReferences"][0]["kind"].as_str(),
            ) {
                (prefix, Some("DaemonSet" | "Job" | "ReplicaSet")) => format!("{prefix}*"),
                _ => text("name"),
            };
            self.pods.borrow_mut().push((text("uid"), text("name"), alias));
        }
    }

    async fn settle(&self, object: &Value) {
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
        self.until(&format!("{name} stands still"), async || {
            let mut found = self.pods().await;
            found.retain(|pod| match is_pod {
                true => pod["metadata"]["name"] == name,
                false => pod["metadata"]["labels"]["app"] == name,
            });
            if is_unready && self.server.kind == Kind::Sandbox {
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

    /// Looks until it is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(
                Instant::now() < deadline,
                "waited {PATIENCE:?} in vain until {what}"
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

/// A condition's status.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> &'a str {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let found = conditions.find(|condition| condition["type"] == kind);
    found
        .and_then(|found| found["status"].as_str())
        .unwrap_or_default()
}
