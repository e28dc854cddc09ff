//! Admission of new objects and of deletions, by the rules of the plugin NamespaceLifecycle
//! (`plugin/pkg/admission/namespace/lifecycle`).

use crate::store::object;
use crate::store::state::ClusterState;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// The namespaces that every cluster keeps.
const PERMANENT_NAMESPACES: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Refuses the deletion of a namespace that every cluster keeps.
pub(crate) fn admit_deletion(info: &RequestInfo) -> Result<(), StatusError> {
    let name = info.name();
    if info.resource.kind != "Namespace" || !PERMANENT_NAMESPACES.contains(&name) {
        return Ok(());
    }
    let why = "this namespace may not be deleted";
    Err(StatusError::forbidden("", "namespaces", name, why))
}

/// Admits a new object if its namespace exists and is not terminating.
pub(crate) fn admit_creation(
    state: &ClusterState,
    info: &RequestInfo,
    name: &str,
) -> Result<(), StatusError> {
    let Some(namespace) = &info.namespace else {
        return Ok(());
    };
    let Some(known) = state.store.get("Namespace", "", namespace) else {
        return Err(StatusError::not_found("", "namespaces", namespace));
    };
    if !object::is_terminating(&known) && object::phase(&known) != "Terminating" {
        return Ok(());
    }

    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let cause = format!("namespace {namespace} is being terminated");
    let refusal = StatusError::forbidden(info.resource.group, info.resource.plural, name, &why);
    Err(refusal.with_cause("NamespaceTerminating", &cause, "metadata.namespace"))
}
