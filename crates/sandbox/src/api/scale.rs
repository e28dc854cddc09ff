//! The scale subresource: the number of replicas, apart from everything else.

use serde_json::{Value, json};

use crate::store::object;
use crate::wire::status_error::{FieldError, StatusError};

/// The scale of a workload.
pub(crate) fn of(workload: &Value) -> Value {
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
pub(crate) fn applied(workload: &Value, scale: &Value) -> Result<Value, StatusError> {
    let replicas = match scale.pointer("/spec/replicas") {
        None if scale.is_object() => 0,
        Some(Value::Number(number)) if number.as_i64().is_some_and(|replicas| replicas >= 0) => {
            number.as_i64().unwrap_or_default()
        }
        Some(Value::Number(number)) => {
            let body = format!("Invalid value: {number}: must be greater than or equal to 0");
            let error = FieldError {
                reason: "FieldValueInvalid",
                field: "spec.replicas",
                body,
            };
            return Err(StatusError::invalid(
                "autoscaling",
                "Scale",
                object::name(workload),
                &[error],
            ));
        }
        _ => {
            return Err(StatusError::bad_request(
                "Scale in version \"v1\" cannot be handled as a Scale",
            ));
        }
    };
    let mut workload = workload.clone();
    workload["spec"]["replicas"] = json!(replicas);
    if let Some(version) = scale.pointer("/metadata/resourceVersion") {
        workload["metadata"]["resourceVersion"] = version.clone();
    }
    Ok(workload)
}
