//! Gives StatefulSets their pods, and rolls these over to a new template one by one, from the last to the first.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::controllers::events;
use crate::controllers::pod_control::{create_pod, delete_pod, is_active};
use crate::controllers::revisions::{self, REVISION_LABEL};
use crate::store::object;
use crate::store::state::ClusterState;

const CONTROLLER: &str = "statefulset-controller";

/// Reconciles one StatefulSet.
pub(super) fn reconcile(state: &mut ClusterState, set: &Arc<Value>, pods: &[Arc<Value>]) {
    revisions::keep(state, set);
    let names: Vec<String> = (0..object::number(set, "/spec/replicas"))
        .map(|ordinal| format!("{}-{ordinal}", object::name(set)))
        .collect();

    for (ordinal, name) in names.iter().enumerate() {
        // A terminating pod must be gone before its successor of the same name can be created.
        if state.store.get("Pod", object::namespace(set), name).is_none() {
            create(state, set, ordinal, name);
        }
    }

    let is_wanted = |pod: &Value| names.iter().any(|name| name == object::name(pod));
    for pod in pods.iter().filter(|pod| is_active(pod) && !is_wanted(pod)) {
        delete(state, set, pod);
    }
    if object::text(set, "/spec/updateStrategy/type") != "OnDelete" {
        roll(state, set, &names);
    }
}

/// The first ordinal that a rolling update replaces.
fn partition(set: &Value) -> usize {
    let partition = object::number(set, "/spec/updateStrategy/rollingUpdate/partition");
    usize::try_from(partition).unwrap_or_default()
}

fn create(state: &mut ClusterState, set: &Arc<Value>, ordinal: usize, name: &str) {
    let (revision, template) = template_for(state, set, ordinal);
    create_pod(state, set, &template, name, |pod| {
        let labels = object::member(&mut pod["metadata"], "labels");
        let ordinal = json!(ordinal.to_string());
        labels.insert("apps.kubernetes.io/pod-index".to_owned(), ordinal);
        labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), json!(name));
        labels.insert(REVISION_LABEL.to_owned(), json!(revision));
    });

    let message = format!(
        "Create Pod {name} in StatefulSet {} successful",
        object::name(set)
    );
    events::record(state, set, CONTROLLER, "SuccessfulCreate", &message);
}

/// The revision and the template for the pod of an ordinal: below the partition, those before the update.
fn template_for(state: &ClusterState, set: &Value, ordinal: usize) -> (String, Value) {
    let current = object::text(set, "/status/currentRevision");
    if ordinal < partition(set)
        && let Some(template) = revisions::template(state, set, current)
    {
        return (current.to_owned(), template);
    }
    (revisions::revision_name(set), set["spec"]["template"].clone())
}

fn delete(state: &mut ClusterState, set: &Value, pod: &Arc<Value>) {
    delete_pod(state, pod);
    let message = format!(
        "delete Pod {} in StatefulSet {} successful",
        object::name(pod),
        object::name(set)
    );
    events::record(state, set, CONTROLLER, "SuccessfulDelete", &message);
}

/// Deletes the last pod of an earlier template, if all pods after it are ready.
fn roll(state: &mut ClusterState, set: &Arc<Value>, names: &[String]) {
    let revision = revisions::revision_name(set);
    for name in names.iter().skip(partition(set)).rev() {
        let pod = state.store.get("Pod", object::namespace(set), name);
        let Some(pod) = pod.filter(|pod| is_active(pod)) else {
            return;
        };
        if revisions::is_outdated(&pod, &revision) {
            return delete(state, set, &pod);
        }
        if !object::is_ready(&pod) {
            return;
        }
    }
}
