//! The Deployments of the pods, and a user who may read pods and nothing else.

use futures_util::stream::{self, StreamExt as _};
use http::{Method, Request};
use kube::Client;
use kube::config::{AuthInfo, Context, Kubeconfig, NamedAuthInfo, NamedContext};
use serde_json::{Value, json};

use super::NAMESPACE;

/// The name of the user, and of the context in which the administrator acts as that user.
pub(crate) const USER: &str = "reader";

/// The pods of a workload that `controlplane many-pods` makes.
const REPLICAS: u64 = 20;

/// Requests at a time.
const AT_A_TIME: usize = 16;

/// Creates the Deployment of every pod, and what the user may do.
pub(crate) async fn create(client: &Client) {
    let pods = send(
        client,
        Method::GET,
        &format!("/api/v1/namespaces/{NAMESPACE}/pods?limit=1"),
        &Value::Null,
    )
    .await;
    let pods = pods["metadata"]["remainingItemCount"]
        .as_u64()
        .unwrap_or_default()
        + 1;
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    let create = async |number: u64| {
        let replicas = REPLICAS.min(pods - number * REPLICAS);
        send(client, Method::POST, &path, &deployment(number, replicas)).await
    };
    let created = stream::iter(0..pods.div_ceil(REPLICAS))
        .map(create)
        .buffer_unordered(AT_A_TIME);
    created.collect::<Vec<_>>().await;

    let api = "rbac.authorization.k8s.io";
    let path = format!("/apis/{api}/v1/namespaces/{NAMESPACE}");
    let role = json!({
        "apiVersion": format!("{api}/v1"), "kind": "Role", "metadata": {"name": USER},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}],
    });
    send(client, Method::POST, &format!("{path}/roles"), &role).await;
    let binding = json!({
        "apiVersion": format!("{api}/v1"), "kind": "RoleBinding", "metadata": {"name": USER},
        "roleRef": {"apiGroup": api, "kind": "Role", "name": USER},
        "subjects": [{"apiGroup": api, "kind": "User", "name": USER}],
    });
    send(client, Method::POST, &format!("{path}/rolebindings"), &binding).await;
}

/// Adds the user's context to `config`.
pub(crate) fn add_user(config: &mut Kubeconfig) {
    let administrator = config.auth_infos[0].auth_info.clone().unwrap_or_default();
    config.auth_infos.push(NamedAuthInfo {
        name: USER.to_owned(),
        auth_info: Some(AuthInfo {
            impersonate: Some(USER.to_owned()),
            ..administrator
        }),
        ..NamedAuthInfo::default()
    });
    config.contexts.push(NamedContext {
        name: USER.to_owned(),
        context: Some(Context {
            cluster: config.clusters[0].name.clone(),
            user: Some(USER.to_owned()),
            ..Context::default()
        }),
        ..NamedContext::default()
    });
}

/// The Deployment of this number: its pods are there already, and no controller runs.
fn deployment(number: u64, replicas: u64) -> Value {
    let name = format!("service-{number:04}");
    let labels = json!({"app.kubernetes.io/name": name});
    let pod = json!({"containers": [{"name": "app", "image": "none"}]});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    })
}

async fn send(client: &Client, method: Method, path: &str, body: &Value) -> Value {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into()
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Content-Type", "application/json");
    client.request(request.body(body).unwrap()).await.unwrap()
}
