//! A namespace of a test's own on the real API server, with what changes and reads it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use http::{Method, Request, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::access::connect;
use crate::program::MacaqueCommand;

/// Generous: only a failing test waits that long. A schedule's slot is up to a minute away.
const PATIENCE: Duration = Duration::from_secs(90);

/// The result of [`TestNamespace::lost`] where no pod was disrupted.
pub(crate) const NO_PODS: [String; 0] = [];

/// One namespace, gone again when the test ends.
pub(crate) struct TestNamespace {
    pub(crate) name: String,
    pub(crate) scratch: TempDir,
    client: Client,
    leftovers: Vec<String>,
}

/// What the API server answered.
#[derive(Debug)]
pub(crate) struct ServerAnswer {
    pub(crate) code: u16,
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Value,
}

impl TestNamespace {
    /// A new and empty namespace.
    pub(crate) async fn new() -> Self {
        Self::labelled(json!({})).await
    }

    /// A new namespace with these labels.
    pub(crate) async fn labelled(labels: Value) -> Self {
        Self::created(&format!("e2e-{:08x}", rand::random::<u32>()), labels).await
    }

    /// A new and empty namespace of this name.
    pub(crate) async fn named(name: &str) -> Self {
        Self::created(name, json!({})).await
    }

    async fn created(name: &str, labels: Value) -> Self {
        let mut namespace = Self::visiting(name).await;
        let name = namespace.name.clone();
        let object = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels},
        });
        namespace.create_at("/api/v1/namespaces", &name, &object).await;
        namespace
    }

    /// An existing namespace; what is created in it is removed again.
    pub(crate) async fn visiting(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            scratch: TempDir::new().unwrap(),
            client: connect().await,
            leftovers: Vec::new(),
        }
    }

    /// The program, with `words` for arguments, on this namespace.
    pub(crate) fn macaque(&self, words: &str) -> MacaqueCommand {
        let here = MacaqueCommand::new(words).arg("--namespace").arg(&self.name);
        here.by_environment().of_any_age()
    }

    /// Where the objects of `kind` are, in this namespace if they are in any.
    pub(crate) fn path(&self, kind: &str) -> String {
        Self::path_in(&self.name, kind)
    }

    /// Where the objects of `kind` are, in the namespace `namespace` if they are in any.
    pub(crate) fn path_in(namespace: &str, kind: &str) -> String {
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
        format!("{group}/namespaces/{namespace}/{}s", kind.to_lowercase())
    }

    /// Creates an object in this namespace.
    pub(crate) async fn create(&mut self, object: Value) -> Value {
        let path = self.path(object["kind"].as_str().unwrap());
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.create_at(&path, name, &object).await
    }

    /// Creates an object, to be removed at the end; what was created last is removed first.
    pub(crate) async fn create_at(&mut self, path: &str, name: &str, object: &Value) -> Value {
        let created = self.send(Method::POST, path, object).await.accepted();
        self.leftovers.push(format!("{path}/{name}"));
        created
    }

    /// Removes at the end what the program or a user created.
    pub(crate) fn removes(&mut self, path: String) {
        self.leftovers.push(path);
    }

    /// Reads one object.
    pub(crate) async fn read(&self, path: &str) -> Value {
        self.send(Method::GET, path, &Value::Null).await.accepted()
    }

    /// Server-side apply of a document as it stands, and strictly; `query` may say more.
    pub(crate) async fn apply(&self, kind: &str, name: &str, yaml: &str, query: &str) -> ServerAnswer {
        self.apply_at(&self.path(kind), name, yaml, query).await
    }

    /// Server-side apply of a document among the objects at `path`.
    pub(crate) async fn apply_at(&self, path: &str, name: &str, yaml: &str, query: &str) -> ServerAnswer {
        let path = format!("{path}/{name}?fieldManager=e2e&fieldValidation=Strict{query}");
        let body = yaml.as_bytes().to_vec();
        self.send_bytes(Method::PATCH, &path, "application/apply-patch+yaml", body)
            .await
    }

    /// Sends JSON, and returns whatever is answered.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> ServerAnswer {
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

    async fn send_bytes(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> ServerAnswer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body));
        let (head, body) = self.client.send(request.unwrap()).await.unwrap().into_parts();
        let warnings = head.headers.get_all(header::WARNING).iter();

        ServerAnswer {
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

    /// The UIDs of the pods that are not being deleted.
    pub(crate) async fn alive(&self) -> BTreeSet<String> {
        let mut pods = self.pods().await;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods.iter().map(uid).collect()
    }

    /// The UIDs of `before` that are not alive any more.
    pub(crate) async fn lost(&self, before: &BTreeSet<String>) -> Vec<String> {
        before.difference(&self.alive().await).cloned().collect()
    }

    /// Asks whether the API server would evict `pod` now, by a dry run.
    pub(crate) async fn dry_run_eviction(&self, pod: &Value) -> ServerAnswer {
        let name = &pod["metadata"]["name"];
        let path = format!(
            "{}/{}/eviction?dryRun=All",
            self.path("Pod"),
            name.as_str().unwrap()
        );
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": self.name}, "deleteOptions": {"dryRun": ["All"]},
        });

        self.send(Method::POST, &path, &eviction).await
    }
}

impl ServerAnswer {
    /// The object of an answer of success.
    pub(crate) fn accepted(self) -> Value {
        assert!((200..300).contains(&self.code), "{self:#?}");
        self.body
    }
}

impl Drop for TestNamespace {
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

/// Polls until there is something to see.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(what, PATIENCE, look).await
}

/// Polls until there is something to see of what takes longer than most.
pub(crate) async fn until_within<T>(
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}
