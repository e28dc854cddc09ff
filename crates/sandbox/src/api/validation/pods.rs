//! Validates pods and pod templates (`pkg/apis/core/validation`).

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::validation::fields::{choice_error, items, range_error};
use crate::api::validation::metadata::{annotation_errors, invalid, label_map_errors};
use crate::api::validation::{containers, names};
use crate::store::object;
use crate::wire::status_error::FieldError;

/// The greatest number of seconds of a deadline.
const MOST_SECONDS: i64 = 2_147_483_647;
const RESTART_POLICIES: [&str; 3] = ["Always", "OnFailure", "Never"];
const DNS_POLICIES: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
/// The fields of a pod's spec that an update may change.
const UPDATABLE: [&str; 2] = ["activeDeadlineSeconds", "tolerations"];
const UPDATABLE_ONLY: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
    `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// The errors of a pod template.
pub(super) fn template_errors(template: &Value, path: &str) -> Vec<FieldError> {
    let metadata = &template["metadata"];
    let mut errors = label_map_errors(&metadata["labels"], &format!("{path}.labels"));
    errors.extend(annotation_errors(
        &metadata["annotations"],
        &format!("{path}.annotations"),
    ));
    errors.extend(spec_errors(&template["spec"], &format!("{path}.spec")));
    errors
}

/// The errors of a pod, which has the rules of a template and one of its own.
pub(super) fn pod_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = spec_errors(spec, "spec");
    for (path, container) in items(spec, "spec", "containers") {
        let image = object::text(container, "/image");
        if image.trim() != image {
            let why = "must not have leading or trailing whitespace";
            errors.push(FieldError::invalid(
                format!("{path}.image"),
                &json!(image).to_string(),
                why,
            ));
        }
    }
    errors
}

fn spec_errors(spec: &Value, path: &str) -> Vec<FieldError> {
    let (volumes, mut errors) = volumes(spec, path);
    errors.extend(containers::all_errors(spec, path, &volumes));
    errors.extend(choice_error(spec, path, "restartPolicy", &RESTART_POLICIES));
    errors.extend(choice_error(spec, path, "dnsPolicy", &DNS_POLICIES));
    errors.extend(label_map_errors(
        &spec["nodeSelector"],
        &format!("{path}.nodeSelector"),
    ));
    errors.extend(name_errors(spec, path));

    let deadline = format!("{path}.activeDeadlineSeconds");
    errors.extend(range_error(
        &spec["activeDeadlineSeconds"],
        deadline,
        1,
        MOST_SECONDS,
    ));
    for (path, toleration) in items(spec, path, "tolerations") {
        errors.extend(choice_error(toleration, &path, "operator", &["Equal", "Exists"]));
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        errors.extend(choice_error(toleration, &path, "effect", &effects));
    }
    errors
}

/// The names of the pod's volumes, and the errors of these names.
fn volumes<'a>(spec: &'a Value, path: &str) -> (HashSet<&'a str>, Vec<FieldError>) {
    let mut known = HashSet::new();
    let mut errors = Vec::new();
    for (path, volume) in items(spec, path, "volumes") {
        let path = format!("{path}.name");
        let name = object::text(volume, "/name");
        let reasons = names::label_errors(name);
        if name.is_empty() {
            errors.push(FieldError::required(path));
        } else if !reasons.is_empty() {
            errors.extend(invalid(&path, name, &reasons));
        } else if !known.insert(name) {
            errors.push(FieldError::duplicate(path, &format!("{name:?}")));
        }
    }
    (known, errors)
}

/// The errors of the names that a pod's spec refers to.
fn name_errors(spec: &Value, path: &str) -> Vec<FieldError> {
    type Rule = fn(&str) -> Vec<String>;
    let rules: [(&str, Rule); 5] = [
        ("serviceAccountName", names::subdomain_errors),
        ("nodeName", names::subdomain_errors),
        ("hostname", names::label_errors),
        ("subdomain", names::label_errors),
        ("priorityClassName", names::subdomain_errors),
    ];

    let mut errors = Vec::new();
    for (field, rule) in rules {
        let name = spec[field].as_str().unwrap_or_default();
        if !name.is_empty() {
            errors.extend(invalid(&format!("{path}.{field}"), name, &rule(name)));
        }
    }
    errors
}

/// The errors of changes that a pod does not permit.
pub(super) fn update_errors(spec: &Value, known: &Value) -> Vec<FieldError> {
    for field in ["containers", "initContainers"] {
        let [new, old] = [spec, known].map(|spec| object::list(&spec[field], "").len());
        if new != old {
            let why = "pod updates may not add or remove containers";
            return vec![FieldError::forbidden(format!("spec.{field}"), why)];
        }
    }

    let mut errors = Vec::new();
    let [new, old] = [spec, known].map(|spec| object::list(spec, "/tolerations"));
    if !old.iter().all(|toleration| new.contains(toleration)) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden("spec.tolerations", why));
    }
    if updatable_part_removed(spec) != updatable_part_removed(known) {
        errors.push(FieldError::forbidden("spec", UPDATABLE_ONLY));
    }
    errors
}

/// A spec without the fields that an update may change.
fn updatable_part_removed(spec: &Value) -> Value {
    let mut spec = spec.clone();
    if let Some(fields) = spec.as_object_mut() {
        // An empty value is as good as none.
        fields.retain(|field, value| !UPDATABLE.contains(&field.as_str()) && !is_empty(value));
    }
    for field in ["containers", "initContainers"] {
        let containers = spec.get_mut(field).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            container.remove("image");
        }
    }
    spec
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
