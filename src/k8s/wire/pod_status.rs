//! The status of a pod, which the scheduler and the kubelet write: how far the pod has come, and what keeps it from
//! becoming ready.

use jiff::Timestamp;
use macaque_core::pod::{PodProgress, PodTrouble, WaitingContainer};
use serde::Deserialize;

use super::null_is_default;

/// The status of a pod, as far as it is read.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodStatus {
    pub(super) phase: String,
    pub(super) start_time: Option<Timestamp>,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<PodCondition>,
    #[serde(deserialize_with = "null_is_default")]
    init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_is_default")]
    container_statuses: Vec<ContainerStatus>,
}

/// A condition of a pod or of a node.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodCondition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    message: Option<String>,
    pub(super) last_transition_time: Option<Timestamp>,
}

/// The status of a container, of which only a waiting one is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerStatus {
    #[serde(default)]
    name: String,
    #[serde(default)]
    restart_count: u32,
    #[serde(default)]
    state: ContainerState,
}

#[derive(Default, Deserialize)]
struct ContainerState {
    waiting: Option<ContainerWaiting>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerWaiting {
    reason: String,
    message: String,
}

impl PodStatus {
    /// The condition of this type, if the status has it.
    pub(super) fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// How far the pod has come.
    pub(super) fn progress(&self) -> PodProgress {
        let since = |kind: &str| {
            let condition = self.condition(kind).filter(|condition| condition.is_true());
            condition.and_then(|condition| condition.last_transition_time)
        };
        PodProgress {
            scheduled: since("PodScheduled"),
            containers_ready: since("ContainersReady"),
            trouble: self.trouble(),
        }
    }

    /// What keeps the pod from becoming ready. An init container comes first: the others only wait for it.
    fn trouble(&self) -> Option<PodTrouble> {
        let scheduled = self.condition("PodScheduled");
        if let Some(unscheduled) = scheduled.filter(|condition| condition.status == "False") {
            let PodCondition { reason, message, .. } = unscheduled;
            let reason = reason.as_deref().unwrap_or_default();
            return PodTrouble::of_scheduling(reason, message.as_deref().unwrap_or_default());
        }

        let inits = self.init_container_statuses.iter();
        let mut containers = inits.chain(&self.container_statuses);
        containers.find_map(ContainerStatus::trouble)
    }
}

impl PodCondition {
    pub(super) fn is_true(&self) -> bool {
        self.status == "True"
    }
}

impl ContainerStatus {
    fn trouble(&self) -> Option<PodTrouble> {
        let waiting = self.state.waiting.as_ref()?;
        PodTrouble::of_container(WaitingContainer {
            name: &self.name,
            reason: &waiting.reason,
            message: &waiting.message,
            restarts: self.restart_count,
        })
    }
}

#[cfg(test)]
mod tests {
    use macaque_core::pod::Pod;
    use serde_json::{Value, json};

    use super::super::PodObject;
    use super::*;

    fn progress(status: &Value) -> PodProgress {
        let object = json!({"metadata": {"name": "web-0", "uid": "u0"}, "status": status});
        Pod::from(serde_json::from_value::<PodObject>(object).unwrap()).progress
    }

    fn waiting(name: &str, reason: &str, message: &str) -> Value {
        json!({
            "name": name, "restartCount": 4, "ready": false, "lastState": {"terminated": {"exitCode": 1}},
            "state": {"waiting": {"reason": reason, "message": message}},
        })
    }

    #[test]
    fn the_transitions_are_those_of_conditions_that_are_true() {
        let condition = |kind: &str, status: &str, time: &str| json!({"type": kind, "status": status, "lastTransitionTime": time});
        let whole = progress(&json!({"conditions": [
            condition("PodScheduled", "True", "2026-12-01T10:00:01Z"),
            condition("ContainersReady", "True", "2026-12-01T10:00:05Z"),
        ]}));
        assert_eq!(whole.scheduled, Some("2026-12-01T10:00:01Z".parse().unwrap()));
        assert_eq!(
            whole.containers_ready,
            Some("2026-12-01T10:00:05Z".parse().unwrap())
        );
        assert_eq!(whole.trouble, None);

        let none = progress(&json!({"conditions": [
            condition("ContainersReady", "False", "2026-12-01T10:00:05Z"),
        ]}));
        assert_eq!(none, PodProgress::default());
        assert_eq!(progress(&json!({"conditions": null})), PodProgress::default());
    }

    #[test]
    fn the_trouble_is_the_schedulers_then_an_init_containers_then_a_containers() {
        let unschedulable = json!({
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes",
        });
        let crashing = waiting("app", "CrashLoopBackOff", "back-off 5m0s");
        let pulling = waiting("init", "ImagePullBackOff", "no such image");
        let creating = waiting("side", "PodInitializing", "");
        let running = json!({"name": "side", "state": {"running": {}}});
        let rows = [
            (
                json!({"conditions": [unschedulable], "containerStatuses": [crashing]}),
                Some(("Unschedulable", "0/3 nodes")),
            ),
            (
                json!({"initContainerStatuses": [running, pulling], "containerStatuses": [creating]}),
                Some(("ImagePullBackOff", "no such image")),
            ),
            (
                json!({"initContainerStatuses": null, "containerStatuses": [creating, crashing]}),
                Some(("CrashLoopBackOff", "container app, 4 restarts")),
            ),
            (json!({"containerStatuses": [creating, running]}), None),
            (json!({"containerStatuses": [{"name": "app"}]}), None),
            (json!({"containerStatuses": null}), None),
            (
                json!({"containerStatuses": [{"name": "app", "state": {"waiting": {}}}]}),
                None,
            ),
        ];

        for (status, expected) in rows {
            let trouble = progress(&status).trouble;
            let found = trouble.as_ref().map(|found| (&*found.reason, &*found.message));
            assert_eq!(found, expected, "{status}");
        }
    }
}
