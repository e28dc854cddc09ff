//! Creates and deletes ReplicaSets and pods until every workload has the replicas that it asks for.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::controllers::pod_control::{
    create_object, create_pod, delete_pod, generate_name, is_active, pods_by_owner, record_creation,
    record_deletion,
};
use crate::controllers::{daemon_sets, events, stateful_sets};
use crate::store::state::ClusterState;
use crate::store::{names, object};

/// Reconciles every workload once.
pub(super) fn reconcile(state: &mut ClusterState) {
    // Deployments come first, so that the ReplicaSets that they create or scale are reconciled in the same pass.
    for deployment in workloads(state, "Deployment") {
        reconcile_deployment(state, &deployment);
    }

    let pods = pods_by_owner(state);
    let pods_of = |owner: &Value| pods.get(object::uid(owner)).map_or(&[][..], Vec::as_slice);
    for set in workloads(state, "ReplicaSet") {
        reconcile_replica_set(state, &set, pods_of(&set));
    }
    for set in workloads(state, "StatefulSet") {
        stateful_sets::reconcile(state, &set, pods_of(&set));
    }
    let nodes = state.store.list("Node", None);
    for set in workloads(state, "DaemonSet") {
        daemon_sets::reconcile(state, &set, pods_of(&set), &nodes);
    }
}

/// The workloads of a kind that are not terminating.
fn workloads(state: &ClusterState, kind: &str) -> Vec<Arc<Value>> {
    let mut workloads = state.store.list(kind, None);
    workloads.retain(|workload| !object::is_terminating(workload));
    workloads
}

/// Keeps a ReplicaSet for the current template; those of earlier templates are scaled to zero at once, without a
/// rolling update.
fn reconcile_deployment(state: &mut ClusterState, deployment: &Value) {
    let hash = names::template_hash(&deployment["spec"]["template"]);
    let current = format!("{}-{hash}", object::name(deployment));
    let wanted = object::number(deployment, "/spec/replicas");
    let uid = object::uid(deployment);
    let mut sets = state
        .store
        .list("ReplicaSet", Some(object::namespace(deployment)));
    sets.retain(|set| object::controller_of(set).is_some_and(|owner| owner["uid"] == *uid));

    for set in &sets {
        let is_current = object::name(set) == current;
        scale_replica_set(state, deployment, set, if is_current { wanted } else { 0 });
    }
    if !sets.iter().any(|set| object::name(set) == current) {
        create_object(state, "ReplicaSet", replica_set(deployment, &hash));
        record_scaling(state, deployment, &current, 0, wanted);
    }
}

fn scale_replica_set(state: &mut ClusterState, deployment: &Value, set: &Value, replicas: i64) {
    let before = object::number(set, "/spec/replicas");
    if before == replicas {
        return;
    }
    let mut scaled = set.clone();
    scaled["spec"]["replicas"] = json!(replicas);
    scaled["metadata"]["generation"] = json!(object::number(set, "/metadata/generation") + 1);
    state.store.put("ReplicaSet", scaled);
    record_scaling(state, deployment, object::name(set), before, replicas);
}

fn record_scaling(state: &mut ClusterState, deployment: &Value, set: &str, from: i64, to: i64) {
    if from == to {
        return;
    }
    let direction = if to > from { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
    events::record(
        state,
        deployment,
        "deployment-controller",
        "ScalingReplicaSet",
        &message,
    );
}

/// The ReplicaSet for a Deployment's current template.
fn replica_set(deployment: &Value, hash: &str) -> Value {
    // The hash distinguishes the pods of two templates.
    let with_hash = |labels: &Value| {
        let mut labels = labels.clone();
        labels["pod-template-hash"] = json!(hash);
        labels
    };
    let spec = &deployment["spec"];
    let mut template = spec["template"].clone();
    template["metadata"]["labels"] = with_hash(&template["metadata"]["labels"]);

    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", object::name(deployment)), "namespace": object::namespace(deployment),
            "labels": template["metadata"]["labels"], "ownerReferences": [object::controller_reference(deployment)],
        },
        "spec": {
            "replicas": object::number(deployment, "/spec/replicas"),
            "selector": { "matchLabels": with_hash(&spec["selector"]["matchLabels"]) },
            "template": template,
        },
    })
}

fn reconcile_replica_set(state: &mut ClusterState, set: &Arc<Value>, pods: &[Arc<Value>]) {
    let wanted = usize::try_from(object::number(set, "/spec/replicas")).unwrap_or_default();
    let mut active: Vec<&Arc<Value>> = pods.iter().filter(|pod| is_active(pod)).collect();
    for _ in active.len()..wanted {
        let name = generate_name(state, set);
        create_pod(state, set, &set["spec"]["template"], &name, |_| {});
        record_creation(state, set, "replicaset-controller", &name);
    }

    // Pods that are not ready are deleted first.
    active.sort_by_key(|pod| object::is_ready(pod));
    let surplus = active.len().saturating_sub(wanted);
    for pod in &active[..surplus] {
        delete_pod(state, pod);
        record_deletion(state, set, "replicaset-controller", object::name(pod));
    }
}
