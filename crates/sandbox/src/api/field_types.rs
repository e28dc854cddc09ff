//! Checks the types of an object's fields.
//!
//! The types of `k8s-openapi` serve as the schema: an object is decoded, and the decoded value is discarded.

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

/// Refuses an object that cannot be decoded as one of its resource.
pub(crate) fn check(object: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    let decoded = match (resource.group, resource.kind) {
        ("events.k8s.io", _) => decode::<events::v1::Event>(object),
        (_, "ClusterRole") => decode::<ClusterRole>(object),
        (_, "ClusterRoleBinding") => decode::<ClusterRoleBinding>(object),
        (_, "ConfigMap") => decode::<ConfigMap>(object),
        (_, "DaemonSet") => decode::<DaemonSet>(object),
        (_, "Deployment") => decode::<Deployment>(object),
        (_, "Event") => decode::<Event>(object),
        (_, "Job") => decode::<Job>(object),
        (_, "Lease") => decode::<Lease>(object),
        (_, "Namespace") => decode::<Namespace>(object),
        (_, "Node") => decode::<Node>(object),
        (_, "Pod") => decode::<Pod>(object),
        (_, "PodDisruptionBudget") => decode::<PodDisruptionBudget>(object),
        (_, "ReplicaSet") => decode::<ReplicaSet>(object),
        (_, "Role") => decode::<Role>(object),
        (_, "RoleBinding") => decode::<RoleBinding>(object),
        (_, "Secret") => decode::<Secret>(object),
        (_, "Service") => decode::<Service>(object),
        (_, "ServiceAccount") => decode::<ServiceAccount>(object),
        (_, "StatefulSet") => decode::<StatefulSet>(object),
        _ => Ok(()),
    };

    decoded.map_err(|error| {
        let version = resource.version;
        let kind = resource.kind;
        StatusError::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {kind}: {error}"
        ))
    })
}

fn decode<T: DeserializeOwned>(object: &Value) -> Result<(), serde_json::Error> {
    let mut object = object.clone();
    // The kind and version are checked elsewhere, and a client may leave them out.
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    T::deserialize(&object).map(drop)
}
