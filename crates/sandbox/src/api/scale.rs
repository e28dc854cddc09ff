//! The scale subresource: the number of replicas of a workload.

use serde_json::{Value, json};

use crate::store::object;
use crate::wire::status_error::{FieldError, StatusError};

/// The Scale of a workload.
pub(crate) fn scale_of(workload: &Value) -> Value {
    let metadata = &workload["metadata"];
    // A number that is zero is left out.
    let spec = match object::number(workload, "/spec/replicas") {
        0 => json!({}),
        replicas => json!({ "replicas": replicas }),
    };
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": spec,
        "status": {
            "replicas": object::number(workload, "/status/replicas"),
            "selector": selector_text(workload),
        },
    })
}

/// The selector of a workload in the form of list queries, sorted by key.
fn selector_text(workload: &Value) -> String {
    let selector = &workload["spec"]["selector"];
    // The selector of a ReplicationController is a map of labels.
    let labels = match workload["kind"].as_str() {
        Some("ReplicationController") => selector,
        _ => &selector["matchLabels"],
    };
    let mut requirements: Vec<(String, String)> = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        requirements.push((key.clone(), format!("{key}={value}")));
    }
    for expression in object::list(selector, "/matchExpressions") {
        let key = object::text(expression, "/key");
        requirements.push((key.to_owned(), expression_text(key, expression)));
    }

    requirements.sort_by(|a, b| a.0.cmp(&b.0));
    let texts: Vec<String> = requirements.into_iter().map(|(_, text)| text).collect();
    texts.join(",")
}

fn expression_text(key: &str, expression: &Value) -> String {
    let mut values: Vec<&str> = object::list(expression, "/values")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    values.sort_unstable();
    let values = values.join(",");

    match object::text(expression, "/operator") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    }
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
