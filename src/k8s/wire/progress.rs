//! How far a pod has come, and what keeps it from becoming ready, from the status that the scheduler and the kubelet
//! write.

use macaque_core::pod::{PodProgress, PodTrouble, WaitingContainer};
use serde::Deserialize;

use super::{PodCondition, PodStatus};

/// The status of a container, of which only a waiting one is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerStatus {
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

/// How far the pod with this status has come.
pub(super) fn of(status: &PodStatus) -> PodProgress {
    let since = |kind: &str| {
        let condition = status.condition(kind).filter(|condition| condition.is_true());
        condition.and_then(|condition| condition.last_transition_time)
    };
    PodProgress {
        scheduled: since("PodScheduled"),
        containers_ready: since("ContainersReady"),
        trouble: trouble(status),
    }
}

/// What keeps the pod from becoming ready: an init container is in the way of the others, which only wait for it.
fn trouble(status: &PodStatus) -> Option<PodTrouble> {
    let unscheduled = status
        .condition("PodScheduled")
        .filter(|condition| condition.status == "False");
    if let Some(PodCondition { reason, message, .. }) = unscheduled {
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        return PodTrouble::of_scheduling(&text(reason), &text(message));
    }

    let containers = status
        .init_container_statuses
        .iter()
        .chain(&status.container_statuses);
    containers.filter_map(ContainerStatus::trouble).next()
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
            let told = trouble.as_ref().map(|told| (&*told.reason, &*told.message));
            assert_eq!(told, expected, "{status}");
        }
    }
}
