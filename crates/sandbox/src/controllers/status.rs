//! Reports in the status of each workload how many of its pods there are and how many are ready.

use std::sync::Arc;

use serde_json::{Value, json};

use super::workloads::{PodsByOwner, is_active, owned_pods};
use crate::store::object;
use crate::store::state::ClusterState;

/// How many pods a workload has.
#[derive(Debug, Clone, Copy, Default)]
struct PodCounts {
    active: usize,
    ready: usize,
}

/// Brings every workload's status up to date.
pub(super) fn report(state: &mut ClusterState) {
    let owned = owned_pods(state);
    for set in state.store.list("ReplicaSet", None) {
        let PodCounts { active, ready } = tally(&owned, &set);
        let status = json!({
            "replicas": active, "fullyLabeledReplicas": active, "readyReplicas": ready, "availableReplicas": ready,
        });
        tell(state, "ReplicaSet", &set, status);
    }
    for set in state.store.list("StatefulSet", None) {
        let PodCounts { active, ready } = tally(&owned, &set);
        let status = json!({
            "replicas": active, "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": active,
            "updatedReplicas": active,
        });
        tell(state, "StatefulSet", &set, status);
    }
    let nodes = state.store.list("Node", None).len();
    for set in state.store.list("DaemonSet", None) {
        let PodCounts { active, ready } = tally(&owned, &set);
        let status = json!({
            "desiredNumberScheduled": nodes, "currentNumberScheduled": active, "updatedNumberScheduled": active,
            "numberReady": ready, "numberAvailable": ready, "numberMisscheduled": 0,
        });
        tell(state, "DaemonSet", &set, status);
    }
    for deployment in state.store.list("Deployment", None) {
        let status = deployment_status(state, &deployment);
        tell(state, "Deployment", &deployment, status);
    }
}

fn tally(owned: &PodsByOwner, owner: &Value) -> PodCounts {
    let pods = owned.get(object::uid(owner)).map_or(&[][..], Vec::as_slice);
    let active = pods.iter().filter(|pod| is_active(pod));
    active.fold(PodCounts::default(), |PodCounts { active, ready }, pod| {
        PodCounts {
            active: active + 1,
            ready: ready + usize::from(object::is_ready(pod)),
        }
    })
}

fn deployment_status(state: &ClusterState, deployment: &Value) -> Value {
    let uid = object::uid(deployment);
    let sets = state
        .store
        .list("ReplicaSet", Some(object::namespace(deployment)));
    let sets = sets
        .iter()
        .filter(|set| object::controller_of(set).is_some_and(|owner| owner["uid"] == *uid));
    let (mut replicas, mut updated, mut ready) = (0, 0, 0);
    for set in sets {
        replicas += object::number(set, "/status/replicas");
        ready += object::number(set, "/status/readyReplicas");
        if object::number(set, "/spec/replicas") > 0 {
            updated += object::number(set, "/status/replicas");
        }
    }
    let missing = (object::number(deployment, "/spec/replicas") - ready).max(0);
    let mut status = json!({
        "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready,
        "conditions": deployment["status"]["conditions"].as_array().cloned().unwrap_or_default(),
    });
    if missing > 0 {
        status["unavailableReplicas"] = json!(missing);
    }
    status
}

/// Writes a status, with the generation that it speaks of.
fn tell(state: &mut ClusterState, kind: &'static str, workload: &Arc<Value>, mut status: Value) {
    status["observedGeneration"] = json!(object::number(workload, "/metadata/generation"));
    let mut told = Value::clone(workload);
    told["status"] = status;
    if kind == "Deployment" {
        let wanted = object::number(&told, "/spec/replicas");
        // A deployment rolls with at most a quarter of its pods away; below that it is not available.
        let enough = object::number(&told, "/status/availableReplicas") >= wanted - wanted / 4;
        let (status, reason) = if enough {
            ("True", "MinimumReplicasAvailable")
        } else {
            ("False", "MinimumReplicasUnavailable")
        };
        let condition = json!({ "type": "Available", "status": status, "reason": reason, "message": "" });
        object::set_condition(&mut told, condition, state.now());
    }
    if told != **workload {
        state.store.put(kind, told);
    }
}
