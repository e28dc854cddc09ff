//! Keeps the status of workloads up to date: how many pods they have, and how many are ready.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::controllers::pod_control::{PodsByOwner, is_active, pods_by_owner};
use crate::controllers::{deployments, revisions};
use crate::store::object;
use crate::store::state::ClusterState;

/// How many pods a workload has.
#[derive(Debug, Clone, Copy, Default)]
struct PodCounts {
    active: usize,
    ready: usize,
}

/// Brings the status of every workload up to date.
pub(super) fn update(state: &mut ClusterState) {
    let pods = pods_by_owner(state);
    for set in state.store.list("ReplicaSet", None) {
        let PodCounts { active, ready } = count_pods(&pods, &set);
        let status = json!({
            "replicas": active, "fullyLabeledReplicas": active, "readyReplicas": ready, "availableReplicas": ready,
        });
        write_status(state, "ReplicaSet", &set, status);
    }

    for set in state.store.list("StatefulSet", None) {
        let status = stateful_set_status(&pods, &set);
        write_status(state, "StatefulSet", &set, status);
    }

    let nodes = state.store.list("Node", None).len();
    for set in state.store.list("DaemonSet", None) {
        let PodCounts { active, ready } = count_pods(&pods, &set);
        let updated = active - count_outdated(&pods, &set, &revisions::hash(&set));
        let status = json!({
            "desiredNumberScheduled": nodes, "currentNumberScheduled": active, "updatedNumberScheduled": updated,
            "numberReady": ready, "numberAvailable": ready, "numberMisscheduled": 0,
        });
        write_status(state, "DaemonSet", &set, status);
    }

    // The status of a Deployment is the sum of its ReplicaSets' statuses, so it comes after them.
    for deployment in state.store.list("Deployment", None) {
        let status = deployment_status(state, &deployment);
        write_status(state, "Deployment", &deployment, status);
    }
}

fn count_pods(pods: &PodsByOwner, owner: &Value) -> PodCounts {
    let mut counts = PodCounts::default();
    let pods = pods.get(object::uid(owner)).into_iter().flatten();
    for pod in pods.filter(|pod| is_active(pod)) {
        counts.active += 1;
        counts.ready += usize::from(object::is_ready(pod));
    }
    counts
}

/// How many active pods of a set were made from another template than that of a revision.
fn count_outdated(pods: &PodsByOwner, owner: &Value, revision: &str) -> usize {
    let pods = pods.get(object::uid(owner)).into_iter().flatten();
    pods.filter(|pod| is_active(pod) && revisions::is_outdated(pod, revision))
        .count()
}

/// The status of a StatefulSet, whose current revision is the former one until an update is complete.
fn stateful_set_status(pods: &PodsByOwner, set: &Value) -> Value {
    let PodCounts { active, ready } = count_pods(pods, set);
    let update = revisions::revision_name(set);
    let updated = active - count_outdated(pods, set, &update);

    let known = object::text(set, "/status/currentRevision");
    let is_complete = updated == active && object::number(set, "/spec/replicas") == count(ready);
    let current = if known.is_empty() || is_complete {
        update.as_str()
    } else {
        known
    };
    let at_current = active - count_outdated(pods, set, current);
    json!({
        "replicas": active, "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": at_current,
        "updatedReplicas": updated, "currentRevision": current, "updateRevision": update,
    })
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn deployment_status(state: &ClusterState, deployment: &Value) -> Value {
    let current = deployments::current_name(deployment);
    let mut replicas = 0;
    let mut updated = 0;
    let mut ready = 0;
    for set in deployments::replica_sets(state, deployment) {
        replicas += object::number(&set, "/status/replicas");
        ready += object::number(&set, "/status/readyReplicas");
        if object::name(&set) == current {
            updated += object::number(&set, "/status/replicas");
        }
    }

    let wanted = object::number(deployment, "/spec/replicas");
    let missing = (wanted - ready).max(0);
    let mut status = json!({
        "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready,
        "conditions": deployment["status"]["conditions"].as_array().cloned().unwrap_or_default(),
    });
    if missing > 0 {
        status["unavailableReplicas"] = json!(missing);
    }
    set_available_condition(state, &mut status, wanted);
    status
}

/// Writes a status with its `observedGeneration`, if it changed.
fn write_status(state: &mut ClusterState, kind: &'static str, workload: &Arc<Value>, mut status: Value) {
    status["observedGeneration"] = json!(object::number(workload, "/metadata/generation"));
    if status == workload["status"] {
        return;
    }
    let mut updated = Value::clone(workload);
    updated["status"] = status;
    state.store.put(kind, updated);
}

/// Sets the condition by which a Deployment says whether it has enough replicas.
fn set_available_condition(state: &ClusterState, status: &mut Value, wanted: i64) {
    let available = object::number(status, "/availableReplicas");
    // By default a rolling update keeps all but a quarter of the pods; with fewer, the Deployment is not available.
    let (is_available, reason) = if available >= wanted - wanted / 4 {
        ("True", "MinimumReplicasAvailable")
    } else {
        ("False", "MinimumReplicasUnavailable")
    };

    let condition = json!({ "type": "Available", "status": is_available, "reason": reason, "message": "" });
    object::set_status_condition(object::fields(status), condition, state.now());
}
