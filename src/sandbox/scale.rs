//! The scale subresource: the number of replicas, apart from everything else.

use serde_json::{Value, json};

use super::object;

/// The scale of a workload.
pub(super) fn of(workload: &Value) -> Value {
    let metadata = &workload["metadata"];
    let selector = workload
        .pointer("/spec/selector/matchLabels")
        .and_then(Value::as_object);
    let selector: Vec<String> = selector
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": { "replicas": object::number(workload, "/spec/replicas") },
        "status": { "replicas": object::number(workload, "/status/replicas"), "selector": selector.join(",") },
    })
}

/// The workload with the replicas that a scale asks for.
pub(super) fn applied(workload: &Value, scale: &Value) -> Value {
    let mut workload = workload.clone();
    workload["spec"]["replicas"] = json!(object::number(scale, "/spec/replicas"));
    if let Some(version) = scale.pointer("/metadata/resourceVersion") {
        workload["metadata"]["resourceVersion"] = version.clone();
    }
    workload
}
