//! The lifecycle of pods: binds them to a node, makes them running and ready, and removes them after their grace
//! period.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::controllers::{events, stuck_pods, taints};
use crate::options::StuckPods;
use crate::store::object;
use crate::store::state::ClusterState;

/// The labels of a node that its pods have too.
const TOPOLOGY_LABELS: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/// How often a pod that is stuck is looked at again.
const STUCK_INTERVAL: Duration = Duration::from_millis(100);

/// A step in the lifecycle of a pod that happens after a delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum PodStep {
    Start,
    End,
}

/// When each pod, by its UID, takes its next step; `None` means never.
#[derive(Debug, Default)]
pub(super) struct PodTimers(HashMap<(String, PodStep), Option<Instant>>);

impl PodTimers {
    /// When a step is due: after `delay`, counted from the first call for this step.
    fn due(&mut self, pod: &Value, step: PodStep, delay: Duration, now: Instant) -> Option<Instant> {
        let key = (object::uid(pod).to_owned(), step);
        // A delay beyond the range of the clock, e.g. `Duration::MAX`, means never.
        *self.0.entry(key).or_insert_with(|| now.checked_add(delay))
    }

    /// Whether a step has been timed.
    fn has(&self, pod: &Value, step: PodStep) -> bool {
        self.0.contains_key(&(object::uid(pod).to_owned(), step))
    }

    fn set(&mut self, pod: &Value, step: PodStep, due: Instant) {
        let key = (object::uid(pod).to_owned(), step);
        self.0.insert(key, Some(due));
    }

    fn clear(&mut self, pod: &Value, step: PodStep) {
        self.0.remove(&(object::uid(pod).to_owned(), step));
    }
}

/// Takes every step that is due; returns when the next one is.
pub(super) fn advance(state: &mut ClusterState, timers: &mut PodTimers, now: Instant) -> Option<Instant> {
    let mut nodes = state.store.list("Node", None);
    nodes.retain(|node| node["spec"]["unschedulable"] != json!(true));

    let mut due: Option<Instant> = None;
    for (index, pod) in state.store.list("Pod", None).into_iter().enumerate() {
        let next = if object::is_terminating(&pod) {
            end_pod(state, timers, &pod, now)
        } else if matches!(object::phase(&pod), "" | "Pending") {
            // Pods are spread round-robin over the nodes that take them.
            let nodes: Vec<_> = nodes
                .iter()
                .filter(|node| taints::are_tolerated(node, &pod))
                .collect();
            let node = nodes.get(index % nodes.len().max(1)).copied();
            start_pod(state, timers, &pod, node, now)
        } else {
            None
        };
        due = [due, next].into_iter().flatten().min();
    }
    due
}

/// Removes a terminating pod when its grace period is over, as its kubelet would.
fn end_pod(
    state: &mut ClusterState,
    timers: &mut PodTimers,
    pod: &Arc<Value>,
    now: Instant,
) -> Option<Instant> {
    let grace_period = object::number(pod, "/metadata/deletionGracePeriodSeconds");
    let grace_period = Duration::from_secs(u64::try_from(grace_period).unwrap_or_default());
    let delay = grace_period.min(state.options.linger);
    // A second deletion may have shortened the grace period, so the end may be earlier than first set.
    let latest = now.checked_add(delay);
    if !timers.has(pod, PodStep::End) {
        events::record_killing(state, pod);
    }
    let due = timers.due(pod, PodStep::End, delay, now);
    let due = due.into_iter().chain(latest).min()?;
    timers.set(pod, PodStep::End, due);
    if due > now {
        return Some(due);
    }

    if object::has_finalizers(pod) {
        // The containers have stopped; the update that removes the last finalizer removes the pod.
        if grace_period > Duration::ZERO {
            let mut stopped = Value::clone(pod);
            stopped["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            state.store.put("Pod", stopped);
        }
        return None;
    }
    state.store.remove("Pod", pod);
    timers.clear(pod, PodStep::Start);
    timers.clear(pod, PodStep::End);
    None
}

/// Binds a pending pod to a node, and runs it when its delay is over.
fn start_pod(
    state: &mut ClusterState,
    timers: &mut PodTimers,
    pod: &Arc<Value>,
    node: Option<&Arc<Value>>,
    now: Instant,
) -> Option<Instant> {
    let is_bound = !object::text(pod, "/spec/nodeName").is_empty();
    let scheduler = object::text(pod, "/spec/schedulerName");
    if !is_bound && !matches!(scheduler, "" | "default-scheduler") {
        // The pod asks for another scheduler, and the sandbox has none.
        return None;
    }

    let stuck = state.options.stuck;
    let due = timers.due(pod, PodStep::Start, state.options.ready_after, now);
    let scheduled = object::condition(pod, "PodScheduled");
    let is_scheduled = scheduled.is_some_and(|condition| condition["status"] == "True");
    let is_due = due.is_some_and(|due| due <= now);
    if is_bound && is_scheduled && stuck.is_none() && !is_due {
        return due;
    }

    let mut pod = Value::clone(pod);
    if !is_bound && stuck == Some(StuckPods::Unschedulable) {
        let nodes = state.store.list("Node", None).len();
        stuck_pods::mark_unschedulable(&mut pod, nodes, state.now());
        state.store.put("Pod", pod);
        return now.checked_add(STUCK_INTERVAL);
    }

    if !is_bound {
        pod["spec"]["nodeName"] = json!(object::name(node?));
    }
    if !is_scheduled {
        copy_topology_labels(state, &mut pod);
        mark_scheduled(&mut pod, state.now());
        record_scheduled(state, &pod);
    }

    if let Some(stuck) = stuck {
        stuck_pods::mark_waiting(&mut pod, stuck);
        state.store.put("Pod", pod);
        return now.checked_add(STUCK_INTERVAL);
    }
    if is_due {
        mark_running(state, &mut pod);
        timers.clear(&pod, PodStep::Start);
        state.store.put("Pod", pod);
        return None;
    }
    state.store.put("Pod", pod);
    due
}

/// Copies the labels that tell zone and region from the node to the pod, which keeps those that it has already (the
/// admission plugin PodTopologyLabels).
fn copy_topology_labels(state: &ClusterState, pod: &mut Value) {
    let node = state.store.get("Node", "", object::text(pod, "/spec/nodeName"));
    let labels = node.as_deref().and_then(object::labels);
    for key in TOPOLOGY_LABELS {
        if let Some(value) = labels.and_then(|labels| labels.get(key)) {
            let labels = object::member(&mut pod["metadata"], "labels");
            labels.entry(key).or_insert_with(|| value.clone());
        }
    }
}

fn record_scheduled(state: &mut ClusterState, pod: &Value) {
    let message = format!(
        "Successfully assigned {}/{} to {}",
        object::namespace(pod),
        object::name(pod),
        object::text(pod, "/spec/nodeName")
    );
    events::record(state, pod, "default-scheduler", "Scheduled", &message);
}

fn mark_scheduled(pod: &mut Value, now: Timestamp) {
    object::member(pod, "status").insert("phase".to_owned(), json!("Pending"));
    let scheduled = json!({ "type": "PodScheduled", "status": "True" });
    object::set_condition(pod, scheduled, now);

    let unready = json!({
        "type": "Ready", "status": "False", "reason": "ContainersNotReady",
        "message": "containers are still being created",
    });
    object::set_condition(pod, unready, now);
}

/// Makes a pod Running and Ready, with the status that its kubelet would report.
fn mark_running(state: &ClusterState, pod: &mut Value) {
    let now = state.now();
    let started_at = object::format_time(now);
    let container_statuses: Vec<Value> = object::list(pod, "/spec/containers")
        .iter()
        .map(|container| {
            json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": true, "started": true,
                "restartCount": 0, "state": { "running": { "startedAt": started_at } }, "lastState": {},
            })
        })
        .collect();
    let pod_ip = pod_address(state.store.revision());
    let node = state.store.get("Node", "", object::text(pod, "/spec/nodeName"));
    let host_ip = node
        .as_ref()
        .and_then(|node| node.pointer("/status/addresses/0/address"));

    let status = object::member(pod, "status");
    if let Some(host_ip) = host_ip {
        status.insert("hostIP".to_owned(), host_ip.clone());
    }
    status.insert("phase".to_owned(), json!("Running"));
    status.insert("startTime".to_owned(), json!(started_at));
    status.insert("podIP".to_owned(), json!(pod_ip));
    status.insert("podIPs".to_owned(), json!([{ "ip": pod_ip }]));
    status.insert("containerStatuses".to_owned(), json!(container_statuses));

    for kind in ["Initialized", "ContainersReady", "Ready"] {
        object::set_condition(pod, json!({ "type": kind, "status": "True" }), now);
    }
}

/// An address in the pod network, derived from the revision so that pods have different ones.
fn pod_address(revision: u64) -> String {
    format!("10.244.{}.{}", (revision / 250) % 250, revision % 250 + 2)
}
