//! Completes a new object with the defaults that the rest of the sandbox and its readers rely on.

use serde_json::{Map, Value, json};

use crate::store::object;
use crate::store::resource::ApiResource;

/// Fills in what the sender left open; a status is never the sender's to give.
pub(crate) fn complete(object: &mut Value, resource: &ApiResource) {
    object["apiVersion"] = json!(match resource.group {
        "events.k8s.io" => "v1".to_owned(),
        _ => resource.api_version(),
    });
    object["kind"] = json!(resource.kind);
    if resource.subresources.contains(&"status")
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("status");
    }
    match resource.kind {
        "Pod" => pod(object),
        "Namespace" => namespace(object),
        "Deployment" | "ReplicaSet" | "StatefulSet" => {
            default(object::member(object, "spec"), "replicas", json!(1));
        }
        "PodDisruptionBudget" => {
            object["status"] = json!({
                "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
            });
        }
        _ => {}
    }
}

fn pod(pod: &mut Value) {
    let spec = object::member(pod, "spec");
    for (field, value) in [
        ("containers", json!([])),
        ("dnsPolicy", json!("ClusterFirst")),
        ("restartPolicy", json!("Always")),
        ("schedulerName", json!("default-scheduler")),
        ("serviceAccountName", json!("default")),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        default(spec, field, value);
    }
    pod["status"] = json!({ "phase": "Pending", "qosClass": "BestEffort" });
}

fn namespace(namespace: &mut Value) {
    let name = object::name(namespace).to_owned();
    object::member(&mut namespace["metadata"], "labels")
        .insert("kubernetes.io/metadata.name".to_owned(), json!(name));
    namespace["spec"] = json!({ "finalizers": ["kubernetes"] });
    namespace["status"] = json!({ "phase": "Active" });
}

fn default(fields: &mut Map<String, Value>, field: &str, value: Value) {
    fields.entry(field).or_insert(value);
}
