//! Creates and deletes ReplicaSets and pods until every workload has the replicas that it asks for.

use std::sync::Arc;

use serde_json::Value;

use crate::controllers::pod_control::{
    create_pod, delete_pod, generate_name, is_active, pods_by_owner, record_creation, record_deletion,
};
use crate::controllers::{daemon_sets, deployments, stateful_sets};
use crate::store::object;
use crate::store::state::ClusterState;

/// Reconciles every workload once.
pub(super) fn reconcile(state: &mut ClusterState) {
    // Deployments come first, so that the ReplicaSets that they create or scale are reconciled in the same pass.
    for deployment in workloads(state, "Deployment") {
        deployments::reconcile(state, &deployment);
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
