//! The scale subresource: the number of replicas of a workload.

use serde_json::{Value, json};

use crate::store::object;
use crate::wire::status_error::{FieldError, StatusError};

/// The Scale of a workload.
pub(crate) fn scale_of(workload: &Value) -> Value {
    let metadata = &workload["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": { "replicas": object::number(workload, "/spec/replicas") },
        "status": {
            "replicas": object::number(workload, "/status/replicas"),
            "selector": object::match_labels_text(workload),
        },
    })
}

/// The workload with the replicas of a Scale, and with its `resourceVersion`, if it has one.
pub(crate) fn apply_scale(workload: &Value, scale: &Value) -> Result<Value, StatusError> {
    let replicas = read_replicas(workload, scale)?;
    let mut workload = workload.clone();
    workload["spec"]["replicas"] = json!(replicas);
    if let Some(version) = scale.pointer("/metadata/resourceVersion") {
        workload["metadata"]["resourceVersion"] = version.clone();
    }
    Ok(workload)
}

fn read_replicas(workload: &Value, scale: &Value) -> Result<i64, StatusError> {
    match scale.pointer("/spec/replicas") {
        None if scale.is_object() => Ok(0),
        Some(Value::Number(number)) => {
            let replicas = number.as_i64().filter(|replicas| *replicas >= 0);
            replicas.ok_or_else(|| {
                let why = "must be greater than or equal to 0";
                let error = FieldError::invalid("spec.replicas", &number.to_string(), why);
                StatusError::invalid("autoscaling", "Scale", object::name(workload), &[error])
            })
        }
        _ => Err(StatusError::bad_request(
            "Scale in version \"v1\" cannot be handled as a Scale",
        )),
    }
}
