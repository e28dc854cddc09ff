//! Creates and deletes ReplicaSets and pods until every workload has what it asks for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::defaults;
use crate::api::delete;
use crate::api::delete_options::DeleteOptions;
use crate::store::names;
use crate::store::object;
use crate::store::resource::{self, ApiResource};
use crate::store::state::ClusterState;

/// Pods by the UID of the object that controls them.
pub(super) type PodsByOwner = HashMap<String, Vec<Arc<Value>>>;

/// Looks once at every workload.
pub(super) fn reconcile(state: &mut ClusterState) {
    for deployment in workloads(state, "Deployment") {
        reconcile_deployment(state, &deployment);
    }
    let owned = owned_pods(state);
    let pods_of = |owner: &Value| owned.get(object::uid(owner)).map_or(&[][..], Vec::as_slice);
    for set in workloads(state, "ReplicaSet") {
        reconcile_replica_set(state, &set, pods_of(&set));
    }
    for set in workloads(state, "StatefulSet") {
        reconcile_stateful_set(state, &set, pods_of(&set));
    }
    let nodes = state.store.list("Node", None);
    for set in workloads(state, "DaemonSet") {
        reconcile_daemon_set(state, &set, pods_of(&set), &nodes);
    }
}

fn workloads(state: &ClusterState, kind: &str) -> Vec<Arc<Value>> {
    let mut found = state.store.list(kind, None);
    found.retain(|workload| !object::is_terminating(workload));
    found
}

pub(super) fn owned_pods(state: &ClusterState) -> PodsByOwner {
    let mut owned = PodsByOwner::new();
    for pod in state.store.list("Pod", None) {
        if let Some(owner) = object::controller_of(&pod) {
            owned
                .entry(object::text(owner, "/uid").to_owned())
                .or_default()
                .push(pod);
        }
    }
    owned
}

/// Neither at its end nor on the way to it.
pub(super) fn is_active(pod: &Value) -> bool {
    !object::is_terminating(pod) && !object::is_terminal(pod)
}

/// One ReplicaSet holds the present template; those of former ones go to zero at once.
fn reconcile_deployment(state: &mut ClusterState, deployment: &Value) {
    let template = &deployment["spec"]["template"];
    let hash = names::template_hash(&template.to_string());
    let namespace = object::namespace(deployment);
    let owned: Vec<Arc<Value>> = state.store.list("ReplicaSet", Some(namespace));
    let uid = object::uid(deployment);
    let owned = owned
        .into_iter()
        .filter(|set| object::controller_of(set).is_some_and(|owner| owner["uid"] == *uid));
    let current = format!("{}-{hash}", object::name(deployment));
    let wanted = object::number(deployment, "/spec/replicas");
    let mut found = false;
    for set in owned {
        let is_current = object::name(&set) == current;
        found |= is_current;
        let replicas = if is_current { wanted } else { 0 };
        if object::number(&set, "/spec/replicas") != replicas {
            let mut scaled = Value::clone(&set);
            scaled["spec"]["replicas"] = json!(replicas);
            scaled["metadata"]["generation"] = json!(object::number(&set, "/metadata/generation") + 1);
            state.store.put("ReplicaSet", scaled);
        }
    }
    if !found {
        create_object(state, "ReplicaSet", replica_set(deployment, &hash));
    }
}

/// The ReplicaSet of a deployment's present template.
fn replica_set(deployment: &Value, hash: &str) -> Value {
    let hashed = |labels: &Value| {
        let mut labels = labels.clone();
        labels["pod-template-hash"] = json!(hash);
        labels
    };
    let spec = &deployment["spec"];
    let mut template = spec["template"].clone();
    template["metadata"]["labels"] = hashed(&template["metadata"]["labels"]);
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", object::name(deployment)), "namespace": object::namespace(deployment),
            "labels": template["metadata"]["labels"], "ownerReferences": [object::controller_reference(deployment)],
        },
        "spec": {
            "replicas": object::number(deployment, "/spec/replicas"),
            "selector": { "matchLabels": hashed(&spec["selector"]["matchLabels"]) },
            "template": template,
        },
    })
}

fn reconcile_replica_set(state: &mut ClusterState, set: &Arc<Value>, pods: &[Arc<Value>]) {
    let wanted = usize::try_from(object::number(set, "/spec/replicas")).unwrap_or_default();
    let mut active: Vec<&Arc<Value>> = pods.iter().filter(|pod| is_active(pod)).collect();
    for _ in active.len()..wanted {
        let name = format!("{}-{}", object::name(set), state.names.suffix());
        create_pod(state, set, &name, |_| {});
    }
    // Those that are not ready yet are missed least.
    active.sort_by_key(|pod| object::is_ready(pod));
    let surplus = active.len().saturating_sub(wanted);
    for pod in &active[..surplus] {
        delete_pod(state, pod);
    }
}

fn reconcile_stateful_set(state: &mut ClusterState, set: &Arc<Value>, pods: &[Arc<Value>]) {
    let wanted = object::number(set, "/spec/replicas");
    let names: Vec<String> = (0..wanted)
        .map(|ordinal| format!("{}-{ordinal}", object::name(set)))
        .collect();
    for (ordinal, name) in names.iter().enumerate() {
        // A pod of that name that still terminates keeps its successor waiting.
        if state.store.get("Pod", object::namespace(set), name).is_none() {
            create_pod(state, set, name, |pod| {
                let labels = object::member(&mut pod["metadata"], "labels");
                labels.insert(
                    "apps.kubernetes.io/pod-index".to_owned(),
                    json!(ordinal.to_string()),
                );
                labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), json!(name));
            });
        }
    }
    for pod in pods
        .iter()
        .filter(|pod| is_active(pod) && !names.iter().any(|name| name == object::name(pod)))
    {
        delete_pod(state, pod);
    }
}

fn reconcile_daemon_set(
    state: &mut ClusterState,
    set: &Arc<Value>,
    pods: &[Arc<Value>],
    nodes: &[Arc<Value>],
) {
    let mut on_nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| !object::is_terminal(pod)) {
        *on_nodes.entry(object::text(pod, "/spec/nodeName")).or_default() += 1;
    }
    for node in nodes
        .iter()
        .map(|node| object::name(node))
        .filter(|node| !on_nodes.contains_key(node))
    {
        let name = format!("{}-{}", object::name(set), state.names.suffix());
        create_pod(state, set, &name, |pod| pod["spec"]["nodeName"] = json!(node));
    }
}

fn create_pod(state: &mut ClusterState, owner: &Value, name: &str, finish: impl FnOnce(&mut Value)) {
    let template = &owner["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    for (field, value) in [
        ("name", json!(name)),
        ("generateName", json!(format!("{}-", object::name(owner)))),
        ("namespace", owner["metadata"]["namespace"].clone()),
        ("ownerReferences", json!([object::controller_reference(owner)])),
    ] {
        metadata[field] = value;
    }
    let mut pod =
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] });
    finish(&mut pod);
    create_object(state, "Pod", pod);
}

/// Creates an object, unless its namespace is about to go.
fn create_object(state: &mut ClusterState, kind: &'static str, mut object: Value) {
    let namespace = state.store.get("Namespace", "", object::namespace(&object));
    let Some(row) = resource::of_kind(kind) else {
        return;
    };
    if namespace.is_none_or(|namespace| object::is_terminating(&namespace)) {
        return;
    }
    defaults::complete(&mut object, row);
    state.set_creation_metadata(&mut object);
    state.store.put(kind, object);
}

fn delete_pod(state: &mut ClusterState, pod: &Arc<Value>) {
    let row: Option<&'static ApiResource> = resource::of_kind("Pod");
    if let Some(row) = row {
        // Without preconditions or foreign options there is nothing to refuse.
        let _ = delete::delete(state, row, pod, &DeleteOptions::default());
    }
}
