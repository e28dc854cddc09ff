//! Ready-made objects for tests: workloads, pods and budgets, and a small shop made of them.

use serde_json::{Value, json};

/// A shop in the namespace `shop`: workloads with and without a budget, and budgets that do and do not allow
/// disruptions.
///
/// | workload | pods | budget |
/// |---|---|---|
/// | Deployment `cart` | 3 | at most 1 unavailable |
/// | Deployment `web` | 4 | at least 3 available |
/// | Deployment `search` | 2 | none |
/// | StatefulSet `db` | 3 | at least 3 available, so it never allows a disruption |
/// | DaemonSet `logs` | one per node | none |
#[must_use]
pub fn shop() -> Vec<Value> {
    vec![
        deployment("shop", "cart", 3),
        budget("shop", "cart", json!({ "maxUnavailable": 1 })),
        deployment("shop", "web", 4),
        budget("shop", "web", json!({ "minAvailable": 3 })),
        deployment("shop", "search", 2),
        stateful_set("shop", "db", 3),
        budget("shop", "db", json!({ "minAvailable": 3 })),
        daemon_set("shop", "logs"),
    ]
}

/// A Deployment whose pods carry the label `app` with its name.
#[must_use]
pub fn deployment(namespace: &str, app: &str, replicas: u32) -> Value {
    let mut deployment = workload("Deployment", namespace, app);
    deployment["spec"]["replicas"] = json!(replicas);
    deployment["spec"]["strategy"] = json!({ "type": "RollingUpdate" });
    deployment
}

/// A StatefulSet whose pods carry the label `app` with its name.
#[must_use]
pub fn stateful_set(namespace: &str, app: &str, replicas: u32) -> Value {
    let mut set = workload("StatefulSet", namespace, app);
    set["spec"]["replicas"] = json!(replicas);
    set["spec"]["serviceName"] = json!(app);
    set
}

/// A DaemonSet whose pods carry the label `app` with its name.
#[must_use]
pub fn daemon_set(namespace: &str, app: &str) -> Value {
    workload("DaemonSet", namespace, app)
}

/// A PodDisruptionBudget over the pods labelled `app`; `limits` holds `minAvailable` or `maxUnavailable`.
#[must_use]
pub fn budget(namespace: &str, app: &str, limits: Value) -> Value {
    let mut spec = limits;
    spec["selector"] = json!({ "matchLabels": { "app": app } });
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": app, "namespace": namespace }, "spec": spec,
    })
}

/// A pod without a controller, running and ready on the first node.
#[must_use]
pub fn pod(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "labels": { "app": app } },
        "spec": {
            "nodeName": "node-1", "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
            "containers": [container(app)],
        },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

fn workload(kind: &str, namespace: &str, app: &str) -> Value {
    let labels = json!({ "app": app });
    let pod_spec = json!({
        "containers": [container(app)], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
    });

    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": app, "namespace": namespace, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod_spec },
        },
    })
}

fn container(app: &str) -> Value {
    json!({ "name": app, "image": format!("registry.example/shop/{app}:1.0") })
}
