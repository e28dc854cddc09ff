//! The objects that scenarios are given.

use serde_json::{Value, json};

use super::with;
use crate::setup::READY;

/// A bare pod with the label `app` of this value; terminating, it stays for longer than any scenario lasts.
pub(crate) fn pod(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": app}, "annotations": {"controlplane.test/gone-after": "1h"}},
        "spec": {"containers": [{"name": "main", "image": "none"}], "terminationGracePeriodSeconds": 30},
    })
}

/// Ready pods `web-0`, `web-1` and so on of the app `web`.
pub(super) fn web(replicas: usize) -> Vec<Value> {
    (0..replicas).map(|n| pod(&format!("web-{n}"), "web")).collect()
}

/// A pod that is Running and not Ready.
pub(super) fn unready(name: &str, app: &str) -> Value {
    with(
        pod(name, app),
        json!({"metadata": {"annotations": {READY: "false"}}}),
    )
}

/// A pod that no scheduler takes.
pub(super) fn pending(name: &str, app: &str) -> Value {
    with(pod(name, app), json!({"spec": {"schedulerName": "nobody"}}))
}

/// A PodDisruptionBudget over the app `app`.
pub(crate) fn budget(name: &str, app: &str, rule: Value) -> Value {
    let spec = with(json!({"selector": {"matchLabels": {"app": app}}}), rule);
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec})
}

/// A workload whose pods carry the label `app` with its name.
pub(crate) fn workload(kind: &str, name: &str, replicas: usize) -> Value {
    let labels = json!({"app": name});
    let template = json!({
        "metadata": {"labels": labels, "annotations": {"controlplane.test/gone-after": "1h"}},
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    });
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    });

    if kind != "DaemonSet" {
        object["spec"]["replicas"] = json!(replicas);
    }

    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = json!(name);
    }

    object
}

/// A Job of one pod.
pub(super) fn job(name: &str) -> Value {
    let mut template = workload("Deployment", name, 1)["spec"]["template"].take();
    template["spec"]["restartPolicy"] = json!("Never");
    let failures = json!({"rules": [{
        "action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    }]});

    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"template": template, "podFailurePolicy": failures, "backoffLimit": 0},
    })
}
