//! Decodes objects: checks the types of their fields, and finds fields that are unknown.
//!
//! The types of `k8s-openapi` serve as the schema: an object is decoded and encoded again, and what is lost on the way
//! is unknown.

use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::events;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1 as storage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::field_validation::undecodable;
use crate::api::validation::resources::quantity;
use crate::store::resource::ApiResource;
use crate::wire::status_error::StatusError;

/// The maps from the names of resources to quantities.
const QUANTITY_MAPS: [&str; 6] = ["limits", "requests", "capacity", "allocatable", "hard", "used"];
const QUANTITY_FORM: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Refuses an object that cannot be decoded as one of its resource.
pub(crate) fn check(object: &Value, resource: &ApiResource) -> Result<(), StatusError> {
    decode(object, resource).map(drop)
}

/// Removes unknown fields from an object, and returns their paths; refuses an object that cannot be decoded.
pub(crate) fn take_unknown_fields(
    object: &mut Value,
    resource: &ApiResource,
) -> Result<Vec<String>, StatusError> {
    let decoded = decode(object, resource)?;
    let mut pruning = Pruning::default();
    pruning.prune(object, decoded);

    if pruning.has_malformed_quantity {
        return Err(undecodable(resource.kind, resource.version, QUANTITY_FORM));
    }
    Ok(pruning.unknown)
}

/// The object as its type encodes it.
fn decode(object: &Value, resource: &ApiResource) -> Result<Value, StatusError> {
    let decoded = match (resource.group, resource.kind) {
        ("events.k8s.io", _) => recode::<events::v1::Event>(object),
        (_, "ClusterRole") => recode::<ClusterRole>(object),
        (_, "ClusterRoleBinding") => recode::<ClusterRoleBinding>(object),
        (_, "ConfigMap") => recode::<core::ConfigMap>(object),
        (_, "ControllerRevision") => recode::<ControllerRevision>(object),
        (_, "CronJob") => recode::<CronJob>(object),
        (_, "CSIDriver") => recode::<storage::CSIDriver>(object),
        (_, "CSINode") => recode::<storage::CSINode>(object),
        (_, "CSIStorageCapacity") => recode::<storage::CSIStorageCapacity>(object),
        (_, "DaemonSet") => recode::<DaemonSet>(object),
        (_, "Deployment") => recode::<Deployment>(object),
        (_, "Endpoints") => recode::<core::Endpoints>(object),
        (_, "EndpointSlice") => recode::<EndpointSlice>(object),
        (_, "Event") => recode::<core::Event>(object),
        (_, "HorizontalPodAutoscaler") => recode::<HorizontalPodAutoscaler>(object),
        (_, "Job") => recode::<Job>(object),
        (_, "Lease") => recode::<Lease>(object),
        (_, "LimitRange") => recode::<core::LimitRange>(object),
        (_, "Namespace") => recode::<core::Namespace>(object),
        (_, "Node") => recode::<core::Node>(object),
        (_, "PersistentVolume") => recode::<core::PersistentVolume>(object),
        (_, "PersistentVolumeClaim") => recode::<core::PersistentVolumeClaim>(object),
        (_, "Pod") => recode::<core::Pod>(object),
        (_, "PodDisruptionBudget") => recode::<PodDisruptionBudget>(object),
        (_, "PriorityClass") => recode::<PriorityClass>(object),
        (_, "ReplicaSet") => recode::<ReplicaSet>(object),
        (_, "ReplicationController") => recode::<core::ReplicationController>(object),
        (_, "ResourceQuota") => recode::<core::ResourceQuota>(object),
        (_, "Role") => recode::<Role>(object),
        (_, "RoleBinding") => recode::<RoleBinding>(object),
        (_, "Secret") => recode::<core::Secret>(object),
        (_, "Service") => recode::<core::Service>(object),
        (_, "ServiceAccount") => recode::<core::ServiceAccount>(object),
        (_, "StatefulSet") => recode::<StatefulSet>(object),
        (_, "StorageClass") => recode::<storage::StorageClass>(object),
        (_, "VolumeAttachment") => recode::<storage::VolumeAttachment>(object),
        _ => Ok(object.clone()),
    };
    decoded.map_err(|error| undecodable(resource.kind, resource.version, &error.to_string()))
}

fn recode<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(T::deserialize(object)?)
}

/// The removal of unknown fields from one object.
#[derive(Debug, Default)]
struct Pruning {
    /// The path of the value that is looked at.
    path: String,
    /// The paths of the unknown fields.
    unknown: Vec<String>,
    has_malformed_quantity: bool,
}

impl Pruning {
    /// Removes from `sent` what `known` lacks, and takes over numbers that are quantities.
    fn prune(&mut self, sent: &mut Value, known: Value) {
        match (sent, known) {
            (Value::Object(sent), Value::Object(mut known)) => {
                sent.retain(|name, value| self.keeps(name, value, known.remove(name)));
            }
            (Value::Array(sent), Value::Array(known)) => {
                for (index, (item, known)) in sent.iter_mut().zip(known).enumerate() {
                    let length = self.path.len();
                    self.path.push_str(&format!("[{index}]"));
                    self.prune(item, known);
                    self.path.truncate(length);
                }
            }
            (sent @ Value::Number(_), known @ Value::String(_)) => *sent = known,
            _ => {}
        }
    }

    /// Whether a field is known; if so, what is below it is pruned.
    fn keeps(&mut self, name: &str, value: &mut Value, known: Option<Value>) -> bool {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);

        // An absent value is not encoded, known or not.
        let is_known = known.is_some() || value.is_null();
        match known {
            Some(known) => {
                self.prune(value, known);
                self.has_malformed_quantity |= QUANTITY_MAPS.contains(&name) && has_malformed_quantity(value);
            }
            None if !value.is_null() => self.unknown.push(self.path.clone()),
            None => {}
        }
        self.path.truncate(length);
        is_known
    }
}

fn has_malformed_quantity(map: &Value) -> bool {
    let mut amounts = map.as_object().into_iter().flat_map(|map| map.values());
    amounts.any(|amount| amount.is_string() && quantity(amount).is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::resource;

    #[test]
    fn unknown_fields_are_taken_out_wherever_they_are() {
        let resource = resource::of_kind("Deployment").unwrap();
        let mut deployment = json!({
            "metadata": { "name": "web", "labels": { "any": "label" }, "odd": null },
            "spec": {
                "replicas": 1, "paused": null, "selector": {}, "oddity": 1,
                "template": { "spec": { "containers": [
                    { "name": "a", "resources": { "limits": { "cpu": 1 } } },
                    { "name": "b", "odd": { "deep": [] } },
                ] } },
            },
        });

        let unknown = take_unknown_fields(&mut deployment, resource).unwrap();
        assert_eq!(unknown, ["spec.oddity", "spec.template.spec.containers[1].odd"]);
        let expected = json!([{ "name": "a", "resources": { "limits": { "cpu": "1" } } }, { "name": "b" }]);
        assert_eq!(deployment["spec"]["template"]["spec"]["containers"], expected);
        assert_eq!(deployment["metadata"]["labels"], json!({ "any": "label" }));
        assert_eq!(take_unknown_fields(&mut deployment, resource), Ok(Vec::new()));
    }
}
