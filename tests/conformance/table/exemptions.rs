//! Scenarios about the pods that no round picks.

use macaque_core::report::RoundStatus::Disrupted;
use serde_json::{Value, json};

use super::objects::{job, pod, web, workload};
use super::with;
use crate::scenario::FinalState::{Alive, Going, Targeted};
use crate::scenario::{Scenario, evict, scenario};

fn annotated(name: &str, key: &str, value: &str) -> Value {
    with(
        pod(name, "web"),
        json!({"metadata": {"annotations": {key: value}}}),
    )
}

pub(super) fn table() -> Vec<Scenario> {
    let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {"nodeName": "node-a"}});
    let critical = json!({"spec": {"priorityClassName": "system-cluster-critical"}});
    vec![
        scenario("a bare pod is exempt unless included", &[32])
            .given(web(1))
            .include(&[])
            .exempt(&[("bare", 1)])
            .after([Alive("web-0")]),
        scenario("a DaemonSet's pods are exempt unless included", &[32])
            .given([workload("DaemonSet", "logs", 2)])
            .exempt(&[("daemonset", 2)]),
        scenario("a DaemonSet's pods are evicted if included", &[32])
            .given([workload("DaemonSet", "logs", 2)])
            .include(&["daemonset"])
            .sends(evict("logs-*"), 201)
            .reports(&["logs-*: evicted"])
            .ends(Disrupted),
        scenario(
            "a static pod's mirror is never picked, whatever is included",
            &[32],
        )
        .given([with(pod("static", "web"), mirror)])
        .include(&macaque_core::eligibility::includable_rules())
        .exempt(&[("static-pod", 1)])
        .after([Alive("static")]),
        scenario("a pod critical to the cluster is exempt unless included", &[32])
            .given([with(pod("vital", "web"), critical)])
            .exempt(&[("system-critical", 1)])
            .after([Alive("vital")]),
        scenario("macaque is never its own victim", &[32])
            .given(web(1))
            .own_pod("web-0")
            .exempt(&[("self", 1)])
            .after([Alive("web-0")]),
        scenario("pods that opted out are exempt, by any tool's annotation", &[33])
            .given([
                annotated(
                    "scaler",
                    "cluster-autoscaler.kubernetes.io/safe-to-evict",
                    "false",
                ),
                annotated("karpenter", "karpenter.sh/do-not-disrupt", "true"),
                annotated("hours", "karpenter.sh/do-not-disrupt", "4h"),
                annotated("soft", "descheduler.alpha.kubernetes.io/prefer-no-eviction", ""),
                annotated("own", "macaque/enabled", "false"),
            ])
            .exempt(&[("opted-out", 5)])
            .after(["scaler", "karpenter", "hours", "soft", "own"].map(Alive)),
        scenario("an opt-out that has expired is no exemption", &[33])
            .given([annotated("hours", "karpenter.sh/do-not-disrupt", "1ms")])
            .sends(evict("hours"), 201)
            .reports(&["hours: evicted"])
            .ends(Disrupted)
            .after([Going("hours")]),
        scenario("a pod whose eviction is under way is exempt", &[19])
            .given([annotated(
                "moving",
                "descheduler.alpha.kubernetes.io/eviction-in-progress",
                "",
            )])
            .exempt(&[("eviction-in-progress", 1)])
            .after([Alive("moving")]),
        scenario("a pod that asks to be evicted is never deleted", &[19])
            .given([annotated(
                "machine",
                "descheduler.alpha.kubernetes.io/request-evict-only",
                "",
            )])
            .delete()
            .exempt(&[("evict-only", 1)])
            .after([Alive("machine")]),
        scenario(
            "a Job's pod is evicted, and its condition tells the Job why",
            &[39],
        )
        .given([job("batch")])
        .sends(evict("batch-*"), 201)
        .reports(&["batch-*: evicted"])
        .ends(Disrupted)
        .after([Going("batch-*"), Targeted("batch-*", true)]),
        scenario("a Job's pod is exempt from deletion", &[39])
            .given([job("batch")])
            .delete()
            .exempt(&[("job", 1)])
            .after([Alive("batch-*")]),
    ]
}
