//! A namespace of a test's own on the real API server, and the verbs to arrange it and to look at it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use http::{Method, Request, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::access::connect;
use crate::program::Macaque;

/// Generous: only a failing test waits that long. A schedule's slot is up to a minute away.
const PATIENCE: Duration = Duration::from_secs(90);

/// What [`World::lost`] returns when all is well.
pub(crate) const NOBODY: [String; 0] = [];

/// One namespace, gone again when the test ends.
pub(crate) struct World {
    pub(crate) namespace: String,
    pub(crate) scratch: TempDir,
    client: Client,
    leftovers: Vec<String>,
}

/// What the API server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Value,
}

impl World {
    /// A new and empty namespace.
    pub(crate) async fn new() -> Self {
        Self::labelled(json!({})).await
    }

    /// A new namespace with these labels.
    pub(crate) async fn labelled(labels: Value) -> Self {
        let mut world = Self::visiting(&format!("e2e-{:08x}", rand::random::<u32>())).await;
        let name = world.namespace.clone();
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels},
        });
        world.create_at("/api/v1/namespaces", &name, &namespace).await;
        world
    }

    /// An existing namespace; what is created in it goes again.
    pub(crate) async fn visiting(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            scratch: TempDir::new().unwrap(),
            client: connect().await,
            leftovers: Vec::new(),
        }
    }

    /// The program, with `words` for arguments, on this namespace.
    pub(crate) fn macaque(&self, words: &str) -> Macaque {
        let here = Macaque::new(words).arg("--namespace").arg(&self.namespace);
        here.by_environment().of_any_age()
    }

    /// Where the objects of `kind` are, in this namespace if they are in any.
    pub(crate) fn path(&self, kind: &str) -> String {
        let group = match kind {
            "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => "/apis/apps/v1",
            "Job" => "/apis/batch/v1",
            "PodDisruptionBudget" => "/apis/policy/v1",
            "ClusterRole" | "ClusterRoleBinding" => {
                return format!("/apis/rbac.authorization.k8s.io/v1/{}s", kind.to_lowercase());
            }
            "Role" | "RoleBinding" => "/apis/rbac.authorization.k8s.io/v1",
            _ => "/api/v1",
        };
        format!("{group}/namespaces/{}/{}s", self.namespace, kind.to_lowercase())
    }

    /// Creates an object in this namespace.
    pub(crate) async fn create(&mut self, object: Value) -> Value {
        let path = self.path(object["kind"].as_str().unwrap());
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.create_at(&path, name, &object).await
    }

    /// Creates an object and sees to its end. What was created last goes first.
    pub(crate) async fn create_at(&mut self, path: &str, name: &str, object: &Value) -> Value {
        let created = self.send(Method::POST, path, object).await.accepted();
        self.leftovers.push(format!("{path}/{name}"));
        created
    }

    /// Sees to the end of what somebody else created.
    pub(crate) fn leaves(&mut self, path: String) {
        self.leftovers.push(path);
    }

    /// Reads one object.
    pub(crate) async fn read(&self, path: &str) -> Value {
        self.send(Method::GET, path, &Value::Null).await.accepted()
    }

    /// Server-side apply of a document as it stands, and strictly; `query` may say more.
    pub(crate) async fn apply(&self, kind: &str, name: &str, yaml: &str, query: &str) -> Answer {
        let path = format!(
            "{}/{name}?fieldManager=e2e&fieldValidation=Strict{query}",
            self.path(kind)
        );
        let body = yaml.as_bytes().to_vec();
        self.send_bytes(Method::PATCH, &path, "application/apply-patch+yaml", body)
            .await
    }

    /// Sends JSON, and returns whatever is answered.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let kind = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into()
        };
        self.send_bytes(method, path, kind, body).await
    }

    async fn send_bytes(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body));
        let (head, body) = self.client.send(request.unwrap()).await.unwrap().into_parts();
        let warnings = head.headers.get_all(header::WARNING).iter();
        Answer {
            code: head.status.as_u16(),
            warnings: warnings.map(|text| text.to_str().unwrap().to_owned()).collect(),
            body: serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or_default(),
        }
    }

    /// The pods of this namespace.
    pub(crate) async fn pods(&self) -> Vec<Value> {
        self.list("Pod").await
    }

    /// The objects of `kind` in this namespace.
    pub(crate) async fn list(&self, kind: &str) -> Vec<Value> {
        let list = self.read(&self.path(kind)).await;
        list["items"].as_array().unwrap().clone()
    }

    /// The UIDs of the pods that nobody has begun to delete.
    pub(crate) async fn alive(&self) -> BTreeSet<String> {
        let mut pods = self.pods().await;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods.iter().map(uid).collect()
    }

    /// Those of `before` that are not alive any more.
    pub(crate) async fn lost(&self, before: &BTreeSet<String>) -> Vec<String> {
        before.difference(&self.alive().await).cloned().collect()
    }

    /// Asks whether the API server would evict `pod` now; nothing comes of it.
    pub(crate) async fn rehearse_eviction(&self, pod: &Value) -> Answer {
        let name = &pod["metadata"]["name"];
        let path = format!(
            "{}/{}/eviction?dryRun=All",
            self.path("Pod"),
            name.as_str().unwrap()
        );
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": self.namespace}, "deleteOptions": {"dryRun": ["All"]},
        });
        self.send(Method::POST, &path, &eviction).await
    }
}

impl Answer {
    /// The object that came with a yes.
    pub(crate) fn accepted(self) -> Value {
        assert!((200..300).contains(&self.code), "{self:#?}");
        self.body
    }
}

impl Drop for World {
    /// Removes what the test made, also after a failure. The test's own client may be beyond use by then.
    fn drop(&mut self) {
        let leftovers = std::mem::take(&mut self.leftovers);
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let client = connect().await;
                for path in leftovers.iter().rev() {
                    let request = Request::delete(path).body(Body::empty()).unwrap();
                    let _ = client.send(request).await;
                }
            });
        });
        let _ = removal.join();
    }
}

/// Looks until there is something to see.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}
