//! The defaults of pods and pod templates.

use serde_json::{Map, Value, json};

use crate::api::defaults::{item_fields, set_default};
use crate::store::object;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// Completes the spec of a pod.
pub(super) fn complete_pod(spec: &mut Map<String, Value>) {
    complete_template(spec);
    set_default(spec, "containers", json!([]));
    set_default(spec, "enableServiceLinks", json!(true));
    set_default(spec, "serviceAccountName", json!("default"));
    for list in ["containers", "initContainers"] {
        item_fields(spec, list).for_each(request_limits);
    }
    // The former name of the field is kept alike.
    let account = spec["serviceAccountName"].clone();
    spec.insert("serviceAccount".to_owned(), account);
}

/// Completes the spec of a pod template.
pub(super) fn complete_template(spec: &mut Map<String, Value>) {
    set_default(spec, "dnsPolicy", json!("ClusterFirst"));
    set_default(spec, "restartPolicy", json!("Always"));
    set_default(spec, "schedulerName", json!("default-scheduler"));
    set_default(spec, "securityContext", json!({}));
    set_default(spec, "terminationGracePeriodSeconds", json!(30));

    for list in ["containers", "initContainers"] {
        item_fields(spec, list).for_each(complete_container);
    }
    item_fields(spec, "volumes").for_each(complete_volume);
}

fn complete_container(container: &mut Map<String, Value>) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
    let policy = pull_policy(image);
    set_default(container, "imagePullPolicy", json!(policy));
    set_default(container, "resources", json!({}));
    set_default(container, "terminationMessagePath", json!("/dev/termination-log"));
    set_default(container, "terminationMessagePolicy", json!("File"));

    for port in item_fields(container, "ports") {
        set_default(port, "protocol", json!("TCP"));
    }
    for probe in PROBES {
        let probe = container.get_mut(probe).and_then(Value::as_object_mut);
        probe.into_iter().for_each(complete_probe);
    }
    for variable in item_fields(container, "env") {
        let source = variable
            .get_mut("valueFrom")
            .and_then(|source| source.get_mut("fieldRef"));
        let source = source.and_then(Value::as_object_mut);
        source
            .into_iter()
            .for_each(|source| set_default(source, "apiVersion", json!("v1")));
    }
}

/// Requests what a container is limited to, where it requests nothing else.
fn request_limits(container: &mut Map<String, Value>) {
    let resources = container.get_mut("resources").and_then(Value::as_object_mut);
    let Some(resources) = resources.filter(|resources| resources.contains_key("limits")) else {
        return;
    };
    let Value::Object(limits) = resources["limits"].clone() else {
        return;
    };
    let requests = resources.entry("requests").or_insert_with(|| json!({}));
    if let Some(requests) = requests.as_object_mut() {
        limits
            .into_iter()
            .for_each(|(name, limit)| set_default(requests, &name, limit));
    }
}

/// How an image is pulled by default: always, if its tag can move.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once(':').map(|(_, tag)| tag);
    if !name.contains('@') && matches!(tag, None | Some("latest")) {
        "Always"
    } else {
        "IfNotPresent"
    }
}

fn complete_probe(probe: &mut Map<String, Value>) {
    for (field, value) in [
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ] {
        set_default(probe, field, json!(value));
    }
    if let Some(request) = probe.get_mut("httpGet").and_then(Value::as_object_mut) {
        set_default(request, "path", json!("/"));
        set_default(request, "scheme", json!("HTTP"));
    }
}

fn complete_volume(volume: &mut Map<String, Value>) {
    if volume.keys().all(|field| field == "name") {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    for source in ["configMap", "secret", "projected", "downwardAPI"] {
        if volume.get(source).is_some_and(Value::is_object) {
            let source = volume.get_mut(source).and_then(Value::as_object_mut);
            // 0644, as a decimal number.
            source
                .into_iter()
                .for_each(|source| set_default(source, "defaultMode", json!(420)));
        }
    }
}

/// Completes the template of a workload's spec.
pub(super) fn complete_workload_template(spec: &mut Map<String, Value>) {
    let template = spec.entry("template").or_insert_with(|| json!({}));
    complete_template(object::member(template, "spec"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_with_a_tag_that_moves_are_always_pulled() {
        let table = [
            ("web", "Always"),
            ("registry:5000/web", "Always"),
            ("web:latest", "Always"),
            ("web:1.0", "IfNotPresent"),
            ("registry:5000/web:1.0", "IfNotPresent"),
            ("web@sha256:0", "IfNotPresent"),
        ];

        for (image, policy) in table {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
