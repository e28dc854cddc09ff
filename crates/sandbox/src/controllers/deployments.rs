//! Gives Deployments a ReplicaSet for each template, and numbers these, so that kubectl can show and undo a rollout.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::controllers::events;
use crate::controllers::pod_control::create_object;
use crate::store::state::ClusterState;
use crate::store::{names, object};

/// The annotation of a ReplicaSet, and of its Deployment, with the number of the template.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotations that a ReplicaSet does not take from its Deployment.
const OF_DEPLOYMENTS_ALONE: [&str; 2] = [REVISION, "kubectl.kubernetes.io/last-applied-configuration"];

/// Keeps a ReplicaSet for the current template; those of earlier templates are scaled to zero at once, without a
/// rolling update. While a Deployment is paused, the newest ReplicaSet that it has stays the current one.
pub(super) fn reconcile(state: &mut ClusterState, deployment: &Value) {
    let sets = replica_sets(state, deployment);
    let newest = sets.iter().max_by_key(|set| revision(set));
    let wanted = object::number(deployment, "/spec/replicas");
    let of_template = current_name(deployment);
    let is_paused = deployment["spec"]["paused"] == json!(true);
    let current = match newest {
        Some(newest) if is_paused => object::name(newest),
        _ => &of_template,
    };

    for set in &sets {
        let is_current = object::name(set) == current;
        scale(state, deployment, set, if is_current { wanted } else { 0 });
    }
    if is_paused {
        return;
    }

    let newest_of_others = sets.iter().filter(|set| object::name(set) != current);
    let next = newest_of_others
        .map(|set| revision(set))
        .max()
        .unwrap_or_default()
        + 1;
    match state
        .store
        .get("ReplicaSet", object::namespace(deployment), current)
    {
        Some(set) => {
            // A template that comes back is the newest again.
            let number = revision(&set).max(next);
            annotate(state, "ReplicaSet", &set, &annotations_of_set(deployment, number));
            annotate(state, "Deployment", deployment, &numbered(number));
        }
        None => {
            create_object(state, "ReplicaSet", replica_set(deployment, next));
            record_scaling(state, deployment, current, 0, wanted);
            annotate(state, "Deployment", deployment, &numbered(next));
        }
    }
}

/// The ReplicaSets of a Deployment.
pub(super) fn replica_sets(state: &ClusterState, deployment: &Value) -> Vec<Arc<Value>> {
    let uid = object::uid(deployment);
    let mut sets = state
        .store
        .list("ReplicaSet", Some(object::namespace(deployment)));
    sets.retain(|set| object::controller_of(set).is_some_and(|owner| owner["uid"] == *uid));
    sets
}

/// The name of the ReplicaSet for a Deployment's current template.
pub(super) fn current_name(deployment: &Value) -> String {
    format!("{}-{}", object::name(deployment), hash(deployment))
}

fn hash(deployment: &Value) -> String {
    names::template_hash(&deployment["spec"]["template"])
}

/// The number of a ReplicaSet's template; 0 where it has none yet.
fn revision(set: &Value) -> i64 {
    let number = set["metadata"]["annotations"][REVISION].as_str();
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn numbered(revision: i64) -> Map<String, Value> {
    Map::from_iter([(REVISION.to_owned(), json!(revision.to_string()))])
}

/// The annotations of a Deployment that its current ReplicaSet takes over, and its number.
fn annotations_of_set(deployment: &Value, revision: i64) -> Map<String, Value> {
    let mut annotations = deployment["metadata"]["annotations"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    annotations.retain(|key, _| !OF_DEPLOYMENTS_ALONE.contains(&key.as_str()));
    annotations.extend(numbered(revision));
    annotations
}

/// Adds annotations to an object, if they are not there yet.
fn annotate(state: &mut ClusterState, kind: &'static str, object: &Value, annotations: &Map<String, Value>) {
    let known = &object["metadata"]["annotations"];
    if annotations
        .iter()
        .all(|(key, value)| known.get(key) == Some(value))
    {
        return;
    }
    let mut annotated = object.clone();
    object::member(&mut annotated["metadata"], "annotations").extend(annotations.clone());
    state.store.put(kind, annotated);
}

fn scale(state: &mut ClusterState, deployment: &Value, set: &Value, replicas: i64) {
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
fn replica_set(deployment: &Value, revision: i64) -> Value {
    // The hash distinguishes the pods of two templates.
    let hash = hash(deployment);
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
            "name": current_name(deployment), "namespace": object::namespace(deployment),
            "labels": template["metadata"]["labels"], "annotations": annotations_of_set(deployment, revision),
            "ownerReferences": [object::controller_reference(deployment)],
        },
        "spec": {
            "replicas": object::number(deployment, "/spec/replicas"),
            "selector": { "matchLabels": with_hash(&spec["selector"]["matchLabels"]) },
            "template": template,
        },
    })
}
