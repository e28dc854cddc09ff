//! Pods that do not become ready: the status that the scheduler or a kubelet would write.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::options::StuckPods;
use crate::store::object;

/// Leaves a pod without a node, as a scheduler that finds none.
pub(super) fn mark_unschedulable(pod: &mut Value, nodes: usize, now: Timestamp) {
    object::member(pod, "status").insert("phase".to_owned(), json!("Pending"));
    let message = format!("0/{nodes} nodes are available: {nodes} Insufficient cpu.");
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
    });
    object::set_condition(pod, condition, now);
}

/// Makes the containers of a scheduled pod wait, as its kubelet would.
pub(super) fn mark_waiting(pod: &mut Value, stuck: StuckPods) {
    let uid = object::uid(pod).to_owned();
    let place = format!("{}_{}({uid})", object::name(pod), object::namespace(pod));
    let statuses: Vec<Value> = object::list(pod, "/spec/containers")
        .iter()
        .map(|container| {
            let (reason, message, restarts) = match stuck {
                StuckPods::CrashLoop => {
                    let name = container["name"].as_str().unwrap_or_default();
                    let message = format!("back-off 40s restarting failed container={name} pod={place}");
                    ("CrashLoopBackOff", message, 3)
                }
                StuckPods::ImagePull | StuckPods::Unschedulable => {
                    let message = format!("Back-off pulling image {}", container["image"]);
                    ("ImagePullBackOff", message, 0)
                }
            };
            json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": false,
                "started": false, "restartCount": restarts, "lastState": {},
                "state": { "waiting": { "reason": reason, "message": message } },
            })
        })
        .collect();
    object::member(pod, "status").insert("containerStatuses".to_owned(), json!(statuses));
}
