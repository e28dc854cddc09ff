//! The scenario's namespace on a server, with what changes and reads it.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use macaque_core::config::NamespaceScope;
use serde_json::{Value, json};

use crate::server::{FOR_EVER, Server, ServerKind};

/// Generous: only a failing scenario waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A change of a namespace.
pub(crate) type NamespaceChange = for<'a> fn(&'a TestNamespace) -> LocalBoxFuture<'a, ()>;

/// A namespace of one server.
pub(crate) struct TestNamespace {
    pub(crate) server: Server,
    /// Every pod's UID, name, and the name that the table uses for it.
    pub(crate) pods: RefCell<Vec<(String, String, String)>>,
    leftovers: RefCell<Vec<String>>,
}

impl TestNamespace {
    /// The namespace's name.
    pub(crate) fn name(&self) -> &str {
        &self.server.namespace
    }

    /// A new and empty namespace.
    pub(crate) async fn new(kind: ServerKind) -> Self {
        Self::lingering(kind, FOR_EVER).await
    }

    /// A new and empty namespace, on the sandbox with terminating pods that stay so long.
    pub(crate) async fn lingering(kind: ServerKind, linger: Duration) -> Self {
        let server = Server::new(kind, linger).await;
        let name = server.namespace.clone();
        let namespace = Self {
            server,
            pods: RefCell::default(),
            leftovers: RefCell::default(),
        };
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        namespace.create_at("/api/v1/namespaces", &name, &object).await;

        namespace
    }

    /// This namespace by its own name and these labels.
    pub(crate) fn selected_by(&self, labels: &str) -> NamespaceScope {
        let selector = format!("kubernetes.io/metadata.name={},{labels}", self.name());
        NamespaceScope::Selected(selector.parse().unwrap())
    }

    /// Changes the namespace itself.
    pub(crate) async fn patch_itself(&self, change: &Value) {
        let path = format!("/api/v1/namespaces/{}", self.name());
        let (code, answer) = self.send(Method::PATCH, &path, change).await;
        assert_eq!(code, 200, "{answer}");
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
        format!("{group}/namespaces/{}/{}s", self.name(), kind.to_lowercase())
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

    /// Creates an object anywhere and removes it at the end.
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

    /// Deletes an object.
    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        let path = self.path_of(kind, name);
        let (code, answer) = self.send(Method::DELETE, &path, &Value::Null).await;
        assert!(matches!(code, 200 | 202), "{answer}");
    }

    /// The pods there are now.
    pub(crate) async fn pods(&self) -> Vec<Value> {
        let (_, list) = self.send(Method::GET, &self.path("Pod"), &Value::Null).await;
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Polls until it is so.
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
