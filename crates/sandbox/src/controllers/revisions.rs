//! Keeps the templates of StatefulSets and DaemonSets as ControllerRevisions, so that each pod shows the template that it
//! was made from.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::store::state::ClusterState;
use crate::store::{names, object};

/// The label of a pod that names the revision of its template.
pub(super) const REVISION_LABEL: &str = "controller-revision-hash";
/// How many old revisions a set keeps by default.
const HISTORY_LIMIT: usize = 10;

/// The hash of a set's template.
pub(super) fn hash(set: &Value) -> String {
    names::template_hash(&set["spec"]["template"])
}

/// The name of the revision that holds a set's template.
pub(super) fn revision_name(set: &Value) -> String {
    format!("{}-{}", object::name(set), hash(set))
}

/// Whether a pod was made from another template than that of a revision. A pod without the label was made by a test,
/// and is of every revision.
pub(super) fn is_outdated(pod: &Value, revision: &str) -> bool {
    let label = object::labels(pod).and_then(|labels| labels.get(REVISION_LABEL));
    label.is_some_and(|label| label != revision)
}

/// Stores a set's template, unless its newest revision, which its status names, holds it already.
pub(super) fn keep(state: &mut ClusterState, set: &Value) {
    let name = revision_name(set);
    if object::text(set, "/status/updateRevision") == name {
        return;
    }
    let mut revisions = revisions_of(state, set);
    if revisions
        .last()
        .is_some_and(|newest| object::name(newest) == name)
    {
        return;
    }

    let number = revisions
        .last()
        .map_or(0, |newest| object::number(newest, "/revision"))
        + 1;
    let known = state
        .store
        .get("ControllerRevision", object::namespace(set), &name);
    let mut revision = known.map_or_else(|| new_revision(state, set, &name), |known| Value::clone(&known));
    // A template that comes back is the newest again.
    revision["revision"] = json!(number);
    state.store.put("ControllerRevision", revision);

    let current = object::text(set, "/status/currentRevision");
    revisions.retain(|known| object::name(known) != name && object::name(known) != current);
    let limit = set["spec"]["revisionHistoryLimit"].as_u64();
    let limit = limit.map_or(HISTORY_LIMIT, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let surplus = revisions.len().saturating_sub(limit);
    for oldest in &revisions[..surplus] {
        state.store.remove("ControllerRevision", oldest);
    }
}

/// The template that a revision holds; `None` if there is no such revision.
pub(super) fn template(state: &ClusterState, set: &Value, name: &str) -> Option<Value> {
    let revision = state
        .store
        .get("ControllerRevision", object::namespace(set), name)?;
    let mut template = revision.pointer("/data/spec/template")?.clone();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    Some(template)
}

/// The revisions of a set, oldest first.
fn revisions_of(state: &ClusterState, set: &Value) -> Vec<Arc<Value>> {
    let mut revisions = state
        .store
        .list("ControllerRevision", Some(object::namespace(set)));
    revisions.retain(|revision| {
        object::controller_of(revision).is_some_and(|owner| owner["uid"] == set["metadata"]["uid"])
    });
    revisions.sort_by_key(|revision| object::number(revision, "/revision"));
    revisions
}

fn new_revision(state: &mut ClusterState, set: &Value, name: &str) -> Value {
    let mut template = set["spec"]["template"].clone();
    // To go back to a revision, kubectl sends its data as a strategic patch.
    template["$patch"] = json!("replace");
    let created = object::format_time(state.now());

    json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {
            "name": name, "namespace": object::namespace(set), "uid": state.events.uid(),
            "creationTimestamp": created, "labels": template["metadata"]["labels"],
            "ownerReferences": [object::controller_reference(set)],
        },
        "data": { "spec": { "template": template } },
    })
}
