//! The JSON of the Kubernetes API, and the protobuf of its metadata, reduced to the fields that macaque reads, and its conversion into the core's types.

mod items;
mod kind;
mod list;
mod metadata_list;
mod pod_status;
mod protobuf;
mod watch;
mod workload;

pub(super) use items::each_item;
pub(super) use kind::{ObjectKind, TypeMeta, WrongBody, excerpt, git_version};
pub(super) use list::{ListMeta, NameTable, list_head};
pub(super) use metadata_list::each_metadata;
pub(super) use watch::WatchLine;
pub use workload::WorkloadScale;
pub(super) use workload::{
    LeaseObject, MetadataObject, NamespaceObject, NodeObject, PartialMetadata, ResourceList, ResourceObject,
    ScaleObject,
};

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::policy::v1::Eviction;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{DeleteOptions, ObjectMeta, Preconditions};
use macaque_core::pod::{ControllerRef, Pod, PodOwner, PodPhase, PodRef, TEMPLATE_HASHES};
use macaque_core::verdict::{AnswerStatus, StatusCause};
use serde::{Deserialize, Serialize};

use self::pod_status::{PodCondition, PodStatus};

/// A Pod, or its metadata alone.
#[derive(Default, Deserialize)]
pub(super) struct PodObject {
    /// Absent from the items of a list.
    kind: Option<String>,
    metadata: PodMetadata,
    #[serde(default)]
    spec: PodSpec,
    #[serde(default)]
    status: PodStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodMetadata {
    name: String,
    #[serde(default)]
    namespace: String,
    /// Required, because every disruption carries it as a precondition, and an empty one is none.
    #[serde(deserialize_with = "not_empty")]
    uid: String,
    #[serde(default, deserialize_with = "null_is_default")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    annotations: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    owner_references: Vec<OwnerReference>,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerReference {
    #[serde(default)]
    api_version: String,
    kind: String,
    name: String,
    #[serde(default)]
    uid: String,
    controller: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec {
    priority: Option<i32>,
    priority_class_name: Option<String>,
    node_name: Option<String>,
    #[serde(deserialize_with = "null_is_default")]
    eviction_responders: Vec<serde::de::IgnoredAny>,
}

impl PodObject {
    /// The pod in this phase, for an object of which only the metadata were read. A server that sent the whole pod
    /// named the node too.
    pub(super) fn into_pod_in(self, phase: PodPhase) -> Pod {
        let pod = Pod::from(self);
        Pod {
            phase,
            is_node_unknown: pod.node.is_none(),
            ..pod
        }
    }
}

impl From<PodObject> for Pod {
    fn from(object: PodObject) -> Self {
        let PodObject {
            metadata,
            spec,
            status,
            kind: _,
        } = object;

        let owner = metadata
            .owner_references
            .into_iter()
            .find(|owner| owner.controller == Some(true));
        let controller = owner.map(ControllerRef::from);
        let owner = controller
            .as_ref()
            .map(|controller| workload(controller, &metadata.labels));
        let ready = status.condition("Ready");
        let disruption = status
            .condition("DisruptionTarget")
            .filter(|disruption| disruption.is_true());

        Self {
            id: PodRef {
                namespace: metadata.namespace,
                name: metadata.name,
                uid: metadata.uid,
            },
            owner,
            labels: metadata.labels,
            annotations: metadata.annotations,
            phase: PodPhase::from_word(&status.phase),
            ready: ready.is_some_and(PodCondition::is_true),
            ready_changed: ready.and_then(|condition| condition.last_transition_time),
            disruption: disruption.map(|condition| condition.reason.clone().unwrap_or_default()),
            node: spec.node_name.filter(|node| !node.is_empty()),
            is_node_unknown: false,
            controller,
            created: metadata.creation_timestamp,
            started: status.start_time,
            terminating: metadata.deletion_timestamp.is_some(),
            priority: spec.priority,
            priority_class: spec.priority_class_name,
            progress: status.progress(),
            has_eviction_responders: !spec.eviction_responders.is_empty(),
        }
    }
}

/// The workload behind an owner reference: for a ReplicaSet of a Deployment, or of a Rollout of Argo, that workload, so
/// that its ReplicaSets count as one owner. No request is needed: the ReplicaSet is called `NAME-HASH`, and the hash is a
/// pod label.
fn workload(reference: &ControllerRef, labels: &BTreeMap<String, String>) -> PodOwner {
    let behind = |(kind, label): (&str, &str)| {
        let hash = labels.get(label)?;
        let name = reference.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
        Some(PodOwner {
            kind: kind.to_owned(),
            name: name.to_owned(),
        })
    };
    let workload = TEMPLATE_HASHES.into_iter().find_map(behind);
    workload
        .filter(|_| reference.kind == "ReplicaSet")
        .unwrap_or_else(|| PodOwner {
            kind: reference.kind.clone(),
            name: reference.name.clone(),
        })
}

impl From<OwnerReference> for ControllerRef {
    fn from(reference: OwnerReference) -> Self {
        Self {
            api_version: reference.api_version,
            kind: reference.kind,
            name: reference.name,
            uid: reference.uid,
        }
    }
}

/// The `meta/v1` DeleteOptions: the body of a DELETE, and the options of an eviction.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct DeletionOptions(DeleteOptions);

impl DeletionOptions {
    /// The options for `pod` and no other of its name.
    pub(super) fn of(pod: &PodRef, grace_period: Option<Duration>) -> Self {
        let seconds = grace_period.map(|period| i64::try_from(period.as_secs()).unwrap_or(i64::MAX));
        Self(DeleteOptions {
            api_version: Some("v1".into()),
            kind: Some("DeleteOptions".into()),
            grace_period_seconds: seconds,
            preconditions: Some(Preconditions {
                uid: Some(pod.uid.clone()),
                ..Preconditions::default()
            }),
            ..DeleteOptions::default()
        })
    }

    /// Marks the deletion as a dry run.
    pub(super) fn in_dry_run(mut self) -> Self {
        self.0.dry_run = Some(vec!["All".to_owned()]);
        self
    }
}

/// The eviction of `pod` in the round of this slot, if it is in one. The annotations show in audit logs that keep requests,
/// and to admission webhooks.
pub(super) fn eviction(pod: &PodRef, options: DeletionOptions, round: Option<Timestamp>) -> Eviction {
    let reason = ("macaque/reason", "chaos: drawn at random".to_owned());
    let by = ("requested-by", "macaque".to_owned());
    let round = round.map(|slot| ("macaque/round", slot.to_string()));
    let annotations = [reason, by].into_iter().chain(round);
    Eviction {
        metadata: ObjectMeta {
            name: Some(pod.name.clone()),
            namespace: Some(pod.namespace.clone()),
            annotations: Some(annotations.map(|(key, value)| (key.to_owned(), value)).collect()),
            ..ObjectMeta::default()
        },
        delete_options: Some(options.0),
    }
}

#[derive(Deserialize)]
struct StatusObject {
    status: String,
    #[serde(default)]
    code: u16,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
    #[serde(default, deserialize_with = "null_is_default")]
    details: StatusDetails,
    #[serde(default, deserialize_with = "null_is_default")]
    metadata: ListMeta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusDetails {
    kind: String,
    name: String,
    #[serde(deserialize_with = "null_is_default")]
    causes: Vec<CauseObject>,
    retry_after_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct CauseObject {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

/// Reads a Status and its `retryAfterSeconds`, if `body` is a Status: its field `status` is `Success` or `Failure`, while
/// that of a resource is an object. A time-out of the API server has no `kind`.
pub(super) fn status(body: &[u8]) -> Option<(AnswerStatus, Option<u64>)> {
    let object: StatusObject = serde_json::from_slice(body).ok()?;
    if !["Success", "Failure"].contains(&object.status.as_str()) {
        return None;
    }
    let StatusDetails {
        kind,
        name,
        causes,
        retry_after_seconds,
    } = object.details;

    let status = AnswerStatus {
        failed: object.status == "Failure",
        code: object.code,
        reason: object.reason,
        message: object.message,
        kind: kind.to_lowercase(),
        name,
        causes: causes
            .into_iter()
            .map(|c| StatusCause {
                reason: c.reason,
                message: c.message,
            })
            .collect(),
    };

    Some((status, retry_after_seconds.filter(|seconds| *seconds > 0)))
}

/// The continue token of a Status, from which an expired list can continue.
pub(super) fn continuation(body: &[u8]) -> Option<String> {
    let object: StatusObject = serde_json::from_slice(body).ok()?;
    object.metadata.next.filter(|token| !token.is_empty())
}

/// Reads `null` as the default value, because Go may write an empty slice or map as `null`.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a value that may be `null`, and keeps apart that the key is absent, for which the field is `None`.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    null_is_default(deserializer).map(Some)
}

/// Reads a text that must not be empty.
fn not_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(serde::de::Error::custom("a text that must not be empty is empty"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
