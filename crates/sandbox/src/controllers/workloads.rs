//! Creates and deletes ReplicaSets and pods until every workload has what it asks for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::defaults;
use crate::api::delete;
use crate::api::delete_options::DeleteOptions;
use crate::store::names;
use crate::store::object;
use crate::store::resource::{self, Resource};
use crate::store::state::World;

/// Pods by the UID of the object that controls them.
pub(super) type Owned = HashMap<String, Vec<Arc<Value>>>;

/// Looks once at every workload.
pub(super) fn reconcile(world: &mut World) {
    for deployment in workloads(world, "Deployment") {
        keep_replica_sets(world, &deployment);
    }
    let owned = owned_pods(world);
    let pods_of = |owner: &Value| owned.get(object::uid(owner)).map_or(&[][..], Vec::as_slice);
    for set in workloads(world, "ReplicaSet") {
        keep_count(world, &set, pods_of(&set));
    }
    for set in workloads(world, "StatefulSet") {
        keep_ordinals(world, &set, pods_of(&set));
    }
    let nodes = world.store.list("Node", None);
    for set in workloads(world, "DaemonSet") {
        keep_one_per_node(world, &set, pods_of(&set), &nodes);
    }
}

fn workloads(world: &World, kind: &str) -> Vec<Arc<Value>> {
    let mut found = world.store.list(kind, None);
    found.retain(|workload| !object::is_terminating(workload));
    found
}

pub(super) fn owned_pods(world: &World) -> Owned {
    let mut owned = Owned::new();
    for pod in world.store.list("Pod", None) {
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
fn keep_replica_sets(world: &mut World, deployment: &Value) {
    let template = &deployment["spec"]["template"];
    let hash = names::template_hash(&template.to_string());
    let namespace = object::namespace(deployment);
    let owned: Vec<Arc<Value>> = world.store.list("ReplicaSet", Some(namespace));
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
            world.store.put("ReplicaSet", scaled);
        }
    }
    if !found {
        bear(world, "ReplicaSet", replica_set(deployment, &hash));
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

fn keep_count(world: &mut World, set: &Arc<Value>, pods: &[Arc<Value>]) {
    let wanted = usize::try_from(object::number(set, "/spec/replicas")).unwrap_or_default();
    let mut active: Vec<&Arc<Value>> = pods.iter().filter(|pod| is_active(pod)).collect();
    for _ in active.len()..wanted {
        let name = format!("{}-{}", object::name(set), world.names.suffix());
        bear_pod(world, set, &name, |_| {});
    }
    // Those that are not ready yet are missed least.
    active.sort_by_key(|pod| object::is_ready(pod));
    let surplus = active.len().saturating_sub(wanted);
    for pod in &active[..surplus] {
        dismiss(world, pod);
    }
}

fn keep_ordinals(world: &mut World, set: &Arc<Value>, pods: &[Arc<Value>]) {
    let wanted = object::number(set, "/spec/replicas");
    let names: Vec<String> = (0..wanted)
        .map(|ordinal| format!("{}-{ordinal}", object::name(set)))
        .collect();
    for (ordinal, name) in names.iter().enumerate() {
        // A pod of that name that still terminates keeps its successor waiting.
        if world.store.get("Pod", object::namespace(set), name).is_none() {
            bear_pod(world, set, name, |pod| {
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
        dismiss(world, pod);
    }
}

fn keep_one_per_node(world: &mut World, set: &Arc<Value>, pods: &[Arc<Value>], nodes: &[Arc<Value>]) {
    let mut on_nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| !object::is_terminal(pod)) {
        *on_nodes.entry(object::text(pod, "/spec/nodeName")).or_default() += 1;
    }
    for node in nodes
        .iter()
        .map(|node| object::name(node))
        .filter(|node| !on_nodes.contains_key(node))
    {
        let name = format!("{}-{}", object::name(set), world.names.suffix());
        bear_pod(world, set, &name, |pod| pod["spec"]["nodeName"] = json!(node));
    }
}

fn bear_pod(world: &mut World, owner: &Value, name: &str, finish: impl FnOnce(&mut Value)) {
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
    bear(world, "Pod", pod);
}

/// Creates an object, unless its namespace is about to go.
fn bear(world: &mut World, kind: &'static str, mut object: Value) {
    let namespace = world.store.get("Namespace", "", object::namespace(&object));
    let Some(row) = resource::of_kind(kind) else {
        return;
    };
    if namespace.is_none_or(|namespace| object::is_terminating(&namespace)) {
        return;
    }
    defaults::complete(&mut object, row);
    world.stamp_new(&mut object);
    world.store.put(kind, object);
}

fn dismiss(world: &mut World, pod: &Arc<Value>) {
    let row: Option<&'static Resource> = resource::of_kind("Pod");
    if let Some(row) = row {
        // Without preconditions or foreign options there is nothing to refuse.
        let _ = delete::delete(world, row, pod, &DeleteOptions::default());
    }
}
