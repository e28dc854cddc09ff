//! Checks that what a client sends has the types that the Kubernetes API gives its fields.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Node, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::events;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::store::resource::ApiResource;
use crate::wire::status_error::StatusError;

/// Refuses an object that cannot be read as what it claims to be.
pub(crate) fn check(object: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    let read = match (resource.group, resource.kind) {
        ("events.k8s.io", _) => read::<events::v1::Event>(object),
        (_, "ClusterRole") => read::<ClusterRole>(object),
        (_, "ClusterRoleBinding") => read::<ClusterRoleBinding>(object),
        (_, "ConfigMap") => read::<ConfigMap>(object),
        (_, "DaemonSet") => read::<DaemonSet>(object),
        (_, "Deployment") => read::<Deployment>(object),
        (_, "Event") => read::<Event>(object),
        (_, "Job") => read::<Job>(object),
        (_, "Lease") => read::<Lease>(object),
        (_, "Namespace") => read::<Namespace>(object),
        (_, "Node") => read::<Node>(object),
        (_, "Pod") => read::<Pod>(object),
        (_, "PodDisruptionBudget") => read::<PodDisruptionBudget>(object),
        (_, "ReplicaSet") => read::<ReplicaSet>(object),
        (_, "Role") => read::<Role>(object),
        (_, "RoleBinding") => read::<RoleBinding>(object),
        (_, "Secret") => read::<Secret>(object),
        (_, "Service") => read::<Service>(object),
        (_, "ServiceAccount") => read::<ServiceAccount>(object),
        (_, "StatefulSet") => read::<StatefulSet>(object),
        _ => Ok(()),
    };
    read.map_err(|error| {
        let (version, kind) = (resource.version, resource.kind);
        StatusError::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {error}"
        ))
    })
}

fn read<T: DeserializeOwned>(object: &Value) -> Result<(), serde_json::Error> {
    let mut object = object.clone();
    // Kind and version were looked at before, and a client may leave them out.
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    T::deserialize(&object).map(drop)
}
