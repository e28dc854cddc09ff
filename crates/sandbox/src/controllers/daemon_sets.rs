//! Gives DaemonSets a pod on each node, and rolls these over to a new template.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::controllers::budgets::int_or_percent;
use crate::controllers::pod_control::{
    create_pod, delete_pod, generate_name, is_active, record_creation, record_deletion,
};
use crate::controllers::revisions::{self, REVISION_LABEL};
use crate::store::object;
use crate::store::state::ClusterState;

const CONTROLLER: &str = "daemonset-controller";

/// Reconciles one DaemonSet.
pub(super) fn reconcile(
    state: &mut ClusterState,
    set: &Arc<Value>,
    pods: &[Arc<Value>],
    nodes: &[Arc<Value>],
) {
    revisions::keep(state, set);
    // A terminating pod still occupies its node: its successor is created once it is gone.
    let occupied: HashSet<&str> = pods
        .iter()
        .filter(|pod| !object::is_terminal(pod))
        .map(|pod| object::text(pod, "/spec/nodeName"))
        .collect();

    let hash = revisions::hash(set);
    for node in nodes.iter().map(|node| object::name(node)) {
        if occupied.contains(node) {
            continue;
        }
        let name = generate_name(state, set);
        create_pod(state, set, &set["spec"]["template"], &name, |pod| {
            pod["spec"]["nodeName"] = json!(node);
            let labels = object::member(&mut pod["metadata"], "labels");
            labels.insert(REVISION_LABEL.to_owned(), json!(hash));
        });
        record_creation(state, set, CONTROLLER, &name);
    }

    if object::text(set, "/spec/updateStrategy/type") != "OnDelete" {
        roll(state, set, pods, nodes.len(), &hash);
    }
}

/// Deletes pods of an earlier template, as long as no more nodes than permitted lack a ready pod.
fn roll(state: &mut ClusterState, set: &Value, pods: &[Arc<Value>], nodes: usize, hash: &str) {
    let active = pods.iter().filter(|pod| is_active(pod));
    let (ready, unready): (Vec<_>, Vec<_>) = active.partition(|pod| object::is_ready(pod));
    let is_outdated = |pod: &&&Arc<Value>| revisions::is_outdated(pod, hash);

    let permitted = max_unavailable(set, nodes).saturating_sub(nodes.saturating_sub(ready.len()));
    // Pods that are not ready make no difference to those who use the set.
    let unready = unready.iter().filter(is_outdated);
    let ready = ready.iter().filter(is_outdated).take(permitted);
    for pod in unready.chain(ready) {
        delete_pod(state, pod);
        record_deletion(state, set, CONTROLLER, object::name(pod));
    }
}

/// How many nodes may lack a ready pod during an update. A set that would rather surge is updated one by one, too.
fn max_unavailable(set: &Value, nodes: usize) -> usize {
    let amount = &set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
    let total = i64::try_from(nodes).unwrap_or(i64::MAX);
    let permitted = int_or_percent(amount, total).unwrap_or_default();
    usize::try_from(permitted).unwrap_or_default().max(1)
}
