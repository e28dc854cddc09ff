//! Stores objects without the API: the initial ones, and those that a test applies.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::api::conversion::to_storage_version;
use crate::api::discovery::GIT_VERSION;
use crate::api::field_types;
use crate::controllers::Controllers;
use crate::options::SandboxOptions;
use crate::store::state::ClusterState;
use crate::store::{object, resource};

/// The number of nodes of every sandbox.
const NODES: u32 = 2;

/// Creates the state of a new cluster, in which the initial objects have an age and their pods are ready, and its
/// controllers.
pub(crate) fn new_cluster(options: SandboxOptions) -> Result<(ClusterState, Controllers), String> {
    let mut state = ClusterState::new(options);
    let mut controllers = Controllers::new(state.options.seed);

    // With the clock set back and no delay, the initial pods have an age and are ready at once.
    let ready_after = std::mem::take(&mut state.options.ready_after);
    let initial_age = SignedDuration::try_from(state.options.initial_age);
    state.clock_offset = initial_age.unwrap_or(SignedDuration::ZERO);
    for namespace in ["default", "kube-system"] {
        state.ensure_namespace(namespace);
    }

    let objects = state.options.objects.clone();
    for object in (1..=NODES).map(node).chain(objects) {
        apply_object(&mut state, object)?;
    }
    controllers.settle(&mut state);

    state.clock_offset = SignedDuration::ZERO;
    controllers.renew_leases(&mut state);
    state.options.ready_after = ready_after;
    state.events.is_recording = true;
    Ok((state, controllers))
}

/// Stores an object unchanged, including its status; creates its namespace if there is none.
pub(crate) fn apply_object(state: &mut ClusterState, mut object: Value) -> Result<(), String> {
    let resource = resource::of_object(&object).ok_or_else(|| {
        let api_version = &object["apiVersion"];
        let kind = &object["kind"];
        format!("the sandbox serves no {api_version} {kind}")
    })?;
    field_types::check(&object, resource).map_err(|error| error.message)?;
    if object::name(&object).is_empty() {
        let kind = resource.kind;
        return Err(format!("a {kind} without metadata.name cannot be applied"));
    }

    if resource.namespaced {
        if object::namespace(&object).is_empty() {
            object::metadata(&mut object).insert("namespace".to_owned(), "default".into());
        }
        let namespace = object::namespace(&object).to_owned();
        state.ensure_namespace(&namespace);
    }

    // An existing object of that name keeps its identity, unless the new one sets another.
    let namespace = object::namespace(&object);
    if let Some(known) = state.store.get(resource.kind, namespace, object::name(&object)) {
        for field in ["uid", "creationTimestamp"] {
            let value = known["metadata"][field].clone();
            object::metadata(&mut object).entry(field).or_insert(value);
        }
    }
    state.set_creation_metadata(&mut object);
    state
        .store
        .put(resource.kind, to_storage_version(resource, object));
    Ok(())
}

fn node(number: u32) -> Value {
    let name = format!("node-{number}");
    let resources = json!({ "cpu": "8", "memory": "16Gi", "pods": "110" });
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
        "spec": {},
        "status": {
            "capacity": resources, "allocatable": resources,
            "addresses": [{ "type": "InternalIP", "address": format!("10.0.0.{number}") }],
            "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "" }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": {
                "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "sandbox://1", "kernelVersion": "",
                "kubeProxyVersion": "", "kubeletVersion": GIT_VERSION, "machineID": name, "operatingSystem": "linux",
                "osImage": "sandbox", "systemUUID": name,
            },
        },
    })
}
