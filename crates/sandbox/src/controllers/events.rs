//! Records the events of the controllers, as the scheduler, the kubelets and the controller manager do.

use serde_json::{Value, json};

use crate::store::object;
use crate::store::object_store::ObjectKey;
use crate::store::state::ClusterState;

/// Records an event about an object; `component` is the program that would record it in a real cluster.
pub(super) fn record(state: &mut ClusterState, about: &Value, component: &str, reason: &str, message: &str) {
    record_part(state, about, "", component, reason, message);
}

/// Records that the kubelet stops each container of a pod.
pub(super) fn record_killing(state: &mut ClusterState, pod: &Value) {
    for container in object::list(pod, "/spec/containers") {
        let name = object::text(container, "/name");
        let part = format!("spec.containers{{{name}}}");
        let message = format!("Stopping container {name}");
        record_part(state, pod, &part, "kubelet", "Killing", &message);
    }
}

/// Records an event about a part of an object; an empty part is the whole.
fn record_part(
    state: &mut ClusterState,
    about: &Value,
    part: &str,
    component: &str,
    reason: &str,
    message: &str,
) {
    let namespace = object::namespace(about);
    let known = state.store.get("Namespace", "", namespace);
    let is_open = known.is_some_and(|namespace| !object::is_terminating(&namespace));
    if !state.events.is_recording || !is_open {
        return;
    }

    let mut involved = json!({
        "apiVersion": about["apiVersion"], "kind": about["kind"], "name": object::name(about), "namespace": namespace,
        "uid": object::uid(about), "resourceVersion": object::resource_version(about),
    });
    let mut source = json!({ "component": component });
    if !part.is_empty() {
        involved["fieldPath"] = json!(part);
        source["host"] = about["spec"]["nodeName"].clone();
    }

    let time = state.now();
    let now = object::format_time(time);
    let uid = state.events.uid();
    // The name need only be unique; a real one ends with the time in hexadecimal digits.
    let name = format!("{}.{}", object::name(about), uid.replace('-', "").split_off(16));
    let event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": { "name": name, "namespace": namespace, "uid": uid, "creationTimestamp": now },
        "involvedObject": involved, "source": source, "type": "Normal", "reason": reason, "message": message,
        "action": reason, "count": 1, "firstTimestamp": now, "lastTimestamp": now, "eventTime": format!("{time:.6}"),
        "reportingComponent": component, "reportingInstance": component,
    });
    keep(state, event);
}

/// Stores an event, in place of the oldest if there are too many.
fn keep(state: &mut ClusterState, event: Value) {
    let event = state.store.put("Event", event);
    let oldest = state.events.push(ObjectKey::of(&event));
    let oldest = oldest.and_then(|key| state.store.get("Event", &key.namespace, &key.name));
    if let Some(oldest) = oldest {
        state.store.remove("Event", &oldest);
    }
}
