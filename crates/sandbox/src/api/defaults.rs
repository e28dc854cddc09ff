//! Completes new objects with defaults.
//!
//! Only those defaults of Kubernetes are set that the sandbox or kubectl reads.

use serde_json::{Map, Value, json};

use crate::store::object;
use crate::store::resource::ApiResource;

/// Fills in the defaults, and removes the status, which clients cannot set on creation.
pub(crate) fn complete(object: &mut Value, resource: &ApiResource) {
    object["apiVersion"] = match resource.group {
        // The storage version of events.
        "events.k8s.io" => json!("v1"),
        _ => json!(resource.api_version()),
    };
    object["kind"] = json!(resource.kind);
    if resource.has_status_subresource()
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("status");
    }

    match resource.kind {
        "Pod" => complete_pod(object),
        "Namespace" => complete_namespace(object),
        "Deployment" | "ReplicaSet" | "StatefulSet" => {
            set_default(object::member(object, "spec"), "replicas", json!(1));
        }
        "PodDisruptionBudget" => {
            object["status"] = json!({
                "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
            });
        }
        _ => {}
    }
}

fn complete_pod(pod: &mut Value) {
    let spec = object::member(pod, "spec");
    for (field, value) in [
        ("containers", json!([])),
        ("dnsPolicy", json!("ClusterFirst")),
        ("restartPolicy", json!("Always")),
        ("schedulerName", json!("default-scheduler")),
        ("serviceAccountName", json!("default")),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        set_default(spec, field, value);
    }
    pod["status"] = json!({ "phase": "Pending", "qosClass": "BestEffort" });
}

fn complete_namespace(namespace: &mut Value) {
    let name = object::name(namespace).to_owned();
    let labels = object::member(&mut namespace["metadata"], "labels");
    labels.insert("kubernetes.io/metadata.name".to_owned(), json!(name));

    namespace["spec"] = json!({ "finalizers": ["kubernetes"] });
    namespace["status"] = json!({ "phase": "Active" });
}

fn set_default(fields: &mut Map<String, Value>, field: &str, value: Value) {
    fields.entry(field).or_insert(value);
}
