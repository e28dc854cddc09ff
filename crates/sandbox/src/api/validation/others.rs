//! Validates ConfigMaps, Secrets, Services and Leases.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::api::validation::containers::PROTOCOLS;
use crate::api::validation::fields::{choice_error, items, negative_numbers, port_error};
use crate::api::validation::metadata::invalid;
use crate::store::object;
use crate::wire::status_error::FieldError;

const KEY_FORM: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or \
    'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const SERVICE_TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// The errors of the keys of a ConfigMap or a Secret.
pub(super) fn data_errors(object: &Value) -> Vec<FieldError> {
    let is_permitted = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let mut known = HashSet::new();
    let mut errors = Vec::new();
    for list in ["binaryData", "data"] {
        for (key, _) in object[list].as_object().into_iter().flat_map(Map::iter) {
            let path = format!("{list}[{key}]");
            if key.is_empty() || !key.bytes().all(is_permitted) {
                errors.extend(invalid(&path, key, &[KEY_FORM.to_owned()]));
            }
            if !known.insert(key) {
                errors.extend(invalid(
                    &path,
                    key,
                    &["duplicate of key present in binaryData".to_owned()],
                ));
            }
        }
    }
    errors
}

/// The errors of a Service's spec.
pub(super) fn service_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let ports = object::list(spec, "/ports");
    let is_headless = spec["clusterIP"] == "None";
    let is_external = spec["type"] == "ExternalName";
    if ports.is_empty() && !is_headless && !is_external {
        errors.push(FieldError::required("spec.ports"));
    }

    for (path, port) in items(spec, "spec", "ports") {
        if ports.len() > 1 && object::text(port, "/name").is_empty() {
            errors.push(FieldError::required(format!("{path}.name")));
        }
        errors.extend(port_error(&port["port"], format!("{path}.port")));
        errors.extend(choice_error(port, &path, "protocol", &PROTOCOLS));
        // A port without a target is its own.
        let target = [&port["targetPort"], &port["port"]]
            .into_iter()
            .find(|port| !port.is_null());
        errors.extend(target.and_then(|target| port_error(target, format!("{path}.targetPort"))));
    }
    errors.extend(choice_error(spec, "spec", "type", &SERVICE_TYPES));
    errors
}

/// The errors of a Lease's spec.
pub(super) fn lease_errors(spec: &Value) -> Vec<FieldError> {
    let duration = &spec["leaseDurationSeconds"];
    let mut errors = Vec::new();
    if duration.as_i64().is_some_and(|seconds| seconds <= 0) {
        let why = "must be greater than 0";
        errors.push(FieldError::invalid(
            "spec.leaseDurationSeconds",
            &duration.to_string(),
            why,
        ));
    }
    errors.extend(negative_numbers(spec, "spec", &["leaseTransitions"]));
    errors
}
