//! Completes objects with the defaults of Kubernetes.
//!
//! They are those of the API (`pkg/apis/*/v1/defaults.go`) for the kinds whose objects do something in the sandbox. Of
//! those that admission plugins add, only the ServiceAccount's name is set.

mod pods;
mod workloads;

use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use crate::store::object;
use crate::store::resource::ApiResource;

/// Fills in the defaults of a new object, and removes the status, which clients cannot set on creation.
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

    complete_spec(object, resource.kind);
    if let Some(status) = initial_status(resource.kind) {
        object["status"] = status;
    }
    match resource.kind {
        "Namespace" => complete_namespace(object),
        "Event" => complete_event(object),
        _ => {}
    }
}

/// The status of a new object before any controller has written one: the fields that the API shows even if they are empty.
fn initial_status(kind: &str) -> Option<Value> {
    Some(match kind {
        "Pod" => json!({ "phase": "Pending", "qosClass": "BestEffort" }),
        "Namespace" => json!({ "phase": "Active" }),
        "Service" => json!({ "loadBalancer": {} }),
        "PodDisruptionBudget" => json!({
            "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
        }),
        "CronJob" | "Deployment" | "Job" => json!({}),
        "ReplicaSet" | "ReplicationController" => json!({ "replicas": 0 }),
        "StatefulSet" => json!({ "availableReplicas": 0, "replicas": 0 }),
        "DaemonSet" => json!({
            "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
        }),
        _ => return None,
    })
}

/// Fills in the defaults of the fields that clients set.
pub(crate) fn complete_spec(object: &mut Value, kind: &str) {
    match kind {
        "Pod" => pods::complete_pod(object::member(object, "spec")),
        "Deployment" => workloads::complete_deployment(object::member(object, "spec")),
        "ReplicaSet" => workloads::complete_replica_set(object::member(object, "spec")),
        "StatefulSet" => workloads::complete_stateful_set(object::member(object, "spec")),
        "DaemonSet" => workloads::complete_daemon_set(object::member(object, "spec")),
        "Job" => workloads::complete_job(object::member(object, "spec")),
        "CronJob" => workloads::complete_cron_job(object::member(object, "spec")),
        "Service" => complete_service(object::member(object, "spec")),
        "Secret" => complete_secret(object),
        _ => {}
    }
}

/// Fills in the defaults of a changed object. A template that is as before stays so: if it lacked defaults, because a
/// test applied it without them, to add them would be a change that replaces all pods.
pub(crate) fn complete_update(object: &mut Value, known: &Value, kind: &str) {
    if object["spec"] == known["spec"] {
        return;
    }

    let template = known["spec"].get("template");
    let is_kept = template.is_some() && object["spec"].get("template") == template;
    complete_spec(object, kind);
    if let Some(template) = template.filter(|_| is_kept) {
        object["spec"]["template"] = template.clone();
    }
}

/// Gives a Job the selector and the labels by which it finds its pods, as the server does for each that has none.
pub(crate) fn generate_job_selector(job: &mut Value) {
    if job["spec"]["manualSelector"] == true || !job["spec"]["selector"].is_null() {
        return;
    }
    let uid = object::uid(job).to_owned();
    let name = object::name(job).to_owned();

    let spec = object::member(job, "spec");
    let template = spec.entry("template").or_insert_with(|| json!({}));
    let labels = object::member(&mut template["metadata"], "labels");
    for prefix in ["", "batch.kubernetes.io/"] {
        labels.insert(format!("{prefix}controller-uid"), json!(uid));
        labels.insert(format!("{prefix}job-name"), json!(name));
    }
    spec.insert(
        "selector".to_owned(),
        json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } }),
    );
}

fn complete_namespace(namespace: &mut Value) {
    let name = object::name(namespace).to_owned();
    let labels = object::member(&mut namespace["metadata"], "labels");
    labels.insert("kubernetes.io/metadata.name".to_owned(), json!(name));

    namespace["spec"] = json!({ "finalizers": ["kubernetes"] });
}

/// Gives a Secret its type, and encodes what was sent as text.
fn complete_secret(secret: &mut Value) {
    let Some(fields) = secret.as_object_mut() else {
        return;
    };
    set_default(fields, "type", json!("Opaque"));
    let Some(Value::Object(texts)) = fields.remove("stringData") else {
        return;
    };
    let data = object::member(secret, "data");
    for (key, text) in texts {
        let bytes = text.as_str().unwrap_or_default().as_bytes().to_vec();
        data.insert(key, json!(ByteString(bytes)));
    }
}

fn complete_service(spec: &mut Map<String, Value>) {
    set_default(spec, "sessionAffinity", json!("None"));
    set_default(spec, "type", json!("ClusterIP"));
    if spec["type"] != "ExternalName" {
        set_default(spec, "internalTrafficPolicy", json!("Cluster"));
        set_default(spec, "ipFamilies", json!(["IPv4"]));
        set_default(spec, "ipFamilyPolicy", json!("SingleStack"));
        if let Some(address) = spec.get("clusterIP").cloned() {
            set_default(spec, "clusterIPs", json!([address]));
        }
    }
    for port in item_fields(spec, "ports") {
        set_default(port, "protocol", json!("TCP"));
        if let Some(own) = port.get("port").cloned() {
            // In protobuf, a number that is not set is sent as 0.
            if port.get("targetPort").is_some_and(|target| *target == 0) {
                port.remove("targetPort");
            }
            set_default(port, "targetPort", own);
        }
    }
}

/// Sets a field that is absent, null or an empty text, which to the API are the same.
/// Writes the fields of an event that are never left out in `v1`.
fn complete_event(event: &mut Value) {
    let Some(fields) = event.as_object_mut() else {
        return;
    };
    for time in ["eventTime", "firstTimestamp", "lastTimestamp"] {
        set_default(fields, time, Value::Null);
    }
    for text in ["reportingComponent", "reportingInstance"] {
        set_default(fields, text, json!(""));
    }
    set_default(fields, "source", json!({}));
}

fn set_default(fields: &mut Map<String, Value>, field: &str, value: Value) {
    let known = fields.entry(field).or_insert(Value::Null);
    if known.is_null() || known == "" {
        *known = value;
    }
}

/// The fields of each object in a list.
fn item_fields<'a>(
    fields: &'a mut Map<String, Value>,
    list: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let items = fields.get_mut(list).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}
