//! Refuses objects that a real server finds invalid, with its words and the paths of the fields.
//!
//! Each kind has its rules in a file of its own. They are those that manifests written by hand break: names, labels,
//! selectors, numbers, containers, and fields that cannot change. A spec that an update leaves as it was is not judged
//! again, so that objects which a test applied unchanged can still be labelled.

mod budgets;
mod containers;
mod fields;
mod jobs;
mod metadata;
mod names;
mod others;
mod pods;
pub(crate) mod resources;
mod selectors;
mod workloads;

use serde_json::Value;

use crate::store::object;
use crate::store::resource::ApiResource;
use crate::wire::status_error::{FieldError, StatusError};

/// Refuses an invalid new object, which has its defaults.
pub(crate) fn check_new(object: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    let mut errors = metadata::new_errors(object, resource.kind);
    errors.extend(content_errors(object, resource.kind));
    refuse(object::name(object), resource, &errors)
}

/// Refuses an invalid update of an object.
pub(crate) fn check_update(object: &Value, known: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    let mut errors = metadata::update_errors(object, known);
    if content(object) != content(known) {
        errors.extend(content_errors(object, resource.kind));
    }
    let [spec, known_spec] = [&object["spec"], &known["spec"]];
    if spec != known_spec {
        errors.extend(match resource.kind {
            "Pod" => pods::update_errors(spec, known_spec),
            "Job" => jobs::update_errors(spec, known_spec),
            kind @ ("DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet") => {
                workloads::update_errors(kind, spec, known_spec)
            }
            _ => Vec::new(),
        });
    }
    refuse(object::name(known), resource, &errors)
}

/// The parts of an object that its kind has rules for.
fn content(object: &Value) -> [&Value; 3] {
    [&object["spec"], &object["data"], &object["binaryData"]]
}

fn content_errors(object: &Value, kind: &str) -> Vec<FieldError> {
    let spec = &object["spec"];
    match kind {
        "Pod" => pods::pod_errors(spec),
        "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet" => workloads::spec_errors(kind, spec),
        "Job" => jobs::spec_errors(spec),
        "PodDisruptionBudget" => budgets::spec_errors(spec),
        "ConfigMap" | "Secret" => others::data_errors(object),
        "Service" => others::service_errors(spec),
        "Lease" => others::lease_errors(spec),
        _ => Vec::new(),
    }
}

fn refuse(name: &str, resource: &ApiResource, errors: &[FieldError]) -> Result<(), StatusError> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(StatusError::invalid(resource.group, resource.kind, name, errors))
}
