//! The life of pods: bound to a node, running and ready after a while, and gone when their grace is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::store::object;
use crate::store::state::ClusterState;

const STARTS: &str = "starts";
const ENDS: &str = "ends";

/// Takes every step that is due and says when the next one is.
pub(super) fn advance(state: &mut ClusterState, now: Instant) -> Option<Instant> {
    let mut nodes = state.store.list("Node", None);
    nodes.retain(|node| node["spec"]["unschedulable"] != json!(true));
    let mut due: Option<Instant> = None;
    for (place, pod) in state.store.list("Pod", None).into_iter().enumerate() {
        let next = if object::is_terminating(&pod) {
            end(state, &pod, now)
        } else if matches!(object::phase(&pod), "" | "Pending") {
            start(state, &pod, nodes.get(place % nodes.len().max(1)), now)
        } else {
            None
        };
        due = [due, next].into_iter().flatten().min();
    }
    due
}

/// When a step is due: its delay after the first time it was asked about.
fn alarm(
    state: &mut ClusterState,
    pod: &Value,
    step: &'static str,
    delay: Duration,
    now: Instant,
) -> Option<Instant> {
    let key = (object::uid(pod).to_owned(), step);
    *state.alarms.entry(key).or_insert_with(|| now.checked_add(delay))
}

fn end(state: &mut ClusterState, pod: &Arc<Value>, now: Instant) -> Option<Instant> {
    let grace = object::number(pod, "/metadata/deletionGracePeriodSeconds");
    let grace = Duration::from_secs(u64::try_from(grace).unwrap_or_default());
    let delay = grace.min(state.options.linger);
    // A second, hastier deletion brings the end forward.
    let latest = now.checked_add(delay);
    let due = alarm(state, pod, ENDS, delay, now)
        .into_iter()
        .chain(latest)
        .min()?;
    state
        .alarms
        .insert((object::uid(pod).to_owned(), ENDS), Some(due));
    if due > now {
        return Some(due);
    }
    if object::has_finalizers(pod) {
        if grace > Duration::ZERO {
            let mut stopped = Value::clone(pod);
            stopped["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            state.store.put("Pod", stopped);
        }
        return None;
    }
    state.store.remove("Pod", pod);
    for step in [STARTS, ENDS] {
        state.alarms.remove(&(object::uid(pod).to_owned(), step));
    }
    None
}

fn start(
    state: &mut ClusterState,
    pod: &Arc<Value>,
    node: Option<&Arc<Value>>,
    now: Instant,
) -> Option<Instant> {
    let scheduler = object::text(pod, "/spec/schedulerName");
    if object::text(pod, "/spec/nodeName").is_empty() && !matches!(scheduler, "" | "default-scheduler") {
        // Somebody else's to bind, and there is nobody else.
        return None;
    }
    let due = alarm(state, pod, STARTS, state.options.ready_after, now);
    let mut pod = Value::clone(pod);
    let wall = state.now();
    if object::text(&pod, "/spec/nodeName").is_empty() {
        pod["spec"]["nodeName"] = json!(object::name(node?));
    }
    if object::condition(&pod, "PodScheduled").is_none() {
        object::member(&mut pod, "status").insert("phase".to_owned(), json!("Pending"));
        object::set_condition(
            &mut pod,
            json!({ "type": "PodScheduled", "status": "True" }),
            wall,
        );
        let unready = json!({
            "type": "Ready", "status": "False", "reason": "ContainersNotReady",
            "message": "containers are still being created",
        });
        object::set_condition(&mut pod, unready, wall);
    }
    if due.is_some_and(|due| due <= now) {
        run(state, &mut pod);
        state.alarms.remove(&(object::uid(&pod).to_owned(), STARTS));
        state.store.put("Pod", pod);
        return None;
    }
    state.store.put("Pod", pod);
    due
}

/// Makes a pod Running and Ready.
fn run(state: &ClusterState, pod: &mut Value) {
    let now = state.now();
    let started_at = object::format_time(now);
    let containers = pod
        .pointer("/spec/containers")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let statuses: Vec<Value> = containers
        .iter()
        .map(|container| {
            json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": true, "started": true,
                "restartCount": 0, "state": { "running": { "startedAt": started_at } }, "lastState": {},
            })
        })
        .collect();
    let address = address(state.store.revision());
    let node = state.store.get("Node", "", object::text(pod, "/spec/nodeName"));
    let status = object::member(pod, "status");
    if let Some(host) = node
        .as_ref()
        .and_then(|node| node.pointer("/status/addresses/0/address"))
    {
        status.insert("hostIP".to_owned(), host.clone());
    }
    status.insert("phase".to_owned(), json!("Running"));
    status.insert("startTime".to_owned(), json!(started_at));
    status.insert("podIP".to_owned(), json!(address));
    status.insert("podIPs".to_owned(), json!([{ "ip": address }]));
    status.insert("containerStatuses".to_owned(), json!(statuses));
    for kind in ["Initialized", "ContainersReady", "Ready"] {
        object::set_condition(pod, json!({ "type": kind, "status": "True" }), now);
    }
}

/// An address in the pod network; the revision makes neighbours differ.
fn address(revision: u64) -> String {
    format!("10.244.{}.{}", (revision / 250) % 250, revision % 250 + 2)
}
