//! What the controllers of workloads do with pods: find, create, delete and record them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::defaults;
use crate::api::delete::delete_object;
use crate::api::delete_options::DeleteOptions;
use crate::controllers::events;
use crate::store::state::ClusterState;
use crate::store::{object, resource};

/// Pods by the UID of the object that controls them.
pub(super) type PodsByOwner = HashMap<String, Vec<Arc<Value>>>;

/// Every pod that an object controls, by the UID of that object.
pub(super) fn pods_by_owner(state: &ClusterState) -> PodsByOwner {
    let mut pods = PodsByOwner::new();
    for pod in state.store.list("Pod", None) {
        if let Some(owner) = object::controller_of(&pod) {
            let owner = object::text(owner, "/uid").to_owned();
            pods.entry(owner).or_default().push(pod);
        }
    }
    pods
}

/// Whether a pod counts for its workload: it has neither finished nor begun to terminate (`IsPodActive` in
/// `pkg/controller`).
pub(super) fn is_active(pod: &Value) -> bool {
    !object::is_terminating(pod) && !object::is_terminal(pod)
}

/// Records that a set has created a pod.
pub(super) fn record_creation(state: &mut ClusterState, set: &Value, component: &str, pod: &str) {
    events::record(
        state,
        set,
        component,
        "SuccessfulCreate",
        &format!("Created pod: {pod}"),
    );
}

/// Records that a set has deleted a pod.
pub(super) fn record_deletion(state: &mut ClusterState, set: &Value, component: &str, pod: &str) {
    events::record(
        state,
        set,
        component,
        "SuccessfulDelete",
        &format!("Deleted pod: {pod}"),
    );
}

/// A new name for a pod of `owner`.
pub(super) fn generate_name(state: &mut ClusterState, owner: &Value) -> String {
    format!("{}-{}", object::name(owner), state.names.suffix())
}

/// Creates a pod from a template of its owner; `finish` adds what the template does not define.
pub(super) fn create_pod(
    state: &mut ClusterState,
    owner: &Value,
    template: &Value,
    name: &str,
    finish: impl FnOnce(&mut Value),
) {
    let mut metadata = template["metadata"].clone();
    metadata["name"] = json!(name);
    metadata["generateName"] = json!(format!("{}-", object::name(owner)));
    metadata["namespace"] = owner["metadata"]["namespace"].clone();
    metadata["ownerReferences"] = json!([object::controller_reference(owner)]);

    let mut pod =
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] });
    finish(&mut pod);
    create_object(state, "Pod", pod);
}

/// Creates an object, unless its namespace is missing or terminating.
pub(super) fn create_object(state: &mut ClusterState, kind: &'static str, mut object: Value) {
    let Some(resource) = resource::of_kind(kind) else {
        return;
    };
    let namespace = state.store.get("Namespace", "", object::namespace(&object));
    if namespace.is_none_or(|namespace| object::is_terminating(&namespace)) {
        return;
    }

    defaults::complete(&mut object, resource);
    state.set_creation_metadata(&mut object);
    state.store.put(kind, object);
}

/// Deletes a pod as a request without options does.
pub(super) fn delete_pod(state: &mut ClusterState, pod: &Arc<Value>) {
    if let Some(resource) = resource::of_kind("Pod") {
        // Default options are valid and have no preconditions, so this cannot be refused.
        let _ = delete_object(state, resource, pod, &DeleteOptions::default());
    }
}
