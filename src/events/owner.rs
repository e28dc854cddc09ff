//! Finds the object on which the owner's Event is written: with the owner's real UID, without which `kubectl describe` does
//! not show the Event.

use std::cell::RefCell;
use std::collections::VecDeque;

use macaque_core::events::ReferencedObject;
use macaque_core::pod::{ControllerRef, PodOwner};

use super::WaitingEvent;
use crate::k8s::{ApiError, Cluster, OptionalRead, WorkloadRef, WorkloadScale};

/// How many owners are remembered for the Events about the recoveries of their pods.
const REMEMBERED: usize = 100;

/// The owners of the latest victims, by the UID of the victim.
#[derive(Debug, Default)]
pub(super) struct KnownOwners(RefCell<VecDeque<(String, ReferencedObject)>>);

impl KnownOwners {
    /// The owner of a victim, as it is known from its disruption or read now; `None` if nothing owns the victim.
    ///
    /// Of a Deployment the UID is that of its scale; if that may not be read, its ReplicaSet takes its place, whose UID is in
    /// the pod.
    pub(super) async fn find(&self, event: &WaitingEvent, cluster: &Cluster) -> Option<ReferencedObject> {
        let owner = event.owner.as_ref()?;
        let victim = event.content.victim();
        if let Some(known) = self.get(&victim.uid) {
            return Some(known);
        }

        let found = read(owner, event.controller.as_ref(), &victim.namespace, cluster).await;
        let mut known = self.0.borrow_mut();
        known.push_back((victim.uid.clone(), found.clone()));
        if known.len() > REMEMBERED {
            known.pop_front();
        }
        Some(found)
    }

    fn get(&self, victim: &str) -> Option<ReferencedObject> {
        let known = self.0.borrow();
        let (_, owner) = known.iter().find(|(uid, _)| uid == victim)?;
        Some(owner.clone())
    }
}

async fn read(
    owner: &PodOwner,
    controller: Option<&ControllerRef>,
    namespace: &str,
    cluster: &Cluster,
) -> ReferencedObject {
    if let Some(controller) = controller
        && (&controller.kind, &controller.name) == (&owner.kind, &owner.name)
    {
        return of_controller(controller, namespace);
    }

    let workload = match controller {
        Some(controller) => WorkloadRef::behind(controller, owner, namespace),
        None => WorkloadRef {
            namespace: namespace.to_owned(),
            api_version: usual_api_version(&owner.kind).to_owned(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
        },
    };
    let uid = uid_of(cluster.scale(&workload).await);
    match (uid, controller) {
        (None, Some(controller)) => of_controller(controller, namespace),
        (uid, _) => ReferencedObject {
            api_version: workload.api_version,
            kind: workload.kind,
            namespace: workload.namespace,
            name: workload.name,
            uid: uid.unwrap_or_default(),
        },
    }
}

fn of_controller(controller: &ControllerRef, namespace: &str) -> ReferencedObject {
    ReferencedObject {
        api_version: controller.api_version.clone(),
        kind: controller.kind.clone(),
        namespace: namespace.to_owned(),
        name: controller.name.clone(),
        uid: controller.uid.clone(),
    }
}

fn uid_of(scale: Result<OptionalRead<WorkloadScale>, ApiError>) -> Option<String> {
    let scale = scale.inspect_err(|error| log::debug!("an Event goes without the UID of the owner: {error}"));
    let uid = scale.ok()?.found()?.uid;
    Some(uid).filter(|uid| !uid.is_empty())
}

/// The API version of a kind that owns pods, where only the kind is known.
fn usual_api_version(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet" => "apps/v1",
        "Job" => "batch/v1",
        "Rollout" => "argoproj.io/v1alpha1",
        "ReplicationController" => "v1",
        _ => "",
    }
}
