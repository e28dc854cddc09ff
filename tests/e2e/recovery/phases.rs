//! A promise about the phases of a recovery: each one ends when a pod that the test guides through all of them has come so
//! far.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::observed_times::ObservedTimes;
use super::pod_observer::PodObserver;
use super::times::compare;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::is_ready;

/// How long the replacement stays in each phase, at least: long enough to tell them apart.
const PHASE: Duration = Duration::from_millis(300);

/// How often times are compared until they agree.
const TRIALS: usize = 5;

/// The phases in the order in which they end.
const IN_ORDER: [&str; 4] = ["created_ms", "scheduled_ms", "containers_ready_ms", "ready_ms"];

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_replacement_that_is_scheduled_started_and_ready_one_after_the_other_has_these_phases() {
    let mut namespace = TestNamespace::new().await;
    namespace.create(guided_deployment()).await;
    let mut pods = until("two pods", async || {
        Some(namespace.pods().await).filter(|pods| pods.len() == 2)
    })
    .await;
    for pod in &pods {
        namespace.guide(pod, Duration::ZERO).await;
    }
    let observer = PodObserver::begin(&namespace).await;

    let mut disagreements = Vec::new();
    for _ in 0..TRIALS {
        let round = namespace.waiting_round().start();
        let replacement = namespace.replacement_of_one(&pods).await;
        namespace.guide(&replacement, PHASE).await;
        let round = round.ends_within(Duration::from_secs(60)).await;
        round.exited(0);

        let recovery = round.recovery();
        let victim = recovery["pod"]["uid"].as_str().unwrap();
        let seen = ObservedTimes::of(victim, &observer.events());
        let ends = IN_ORDER.map(|phase| seen.get(phase));
        assert!(ends.windows(2).all(|ends| ends[1] - ends[0] >= 250), "{ends:?}");
        disagreements = compare(&round, &observer, "watch");
        if disagreements.is_empty() {
            return;
        }
        pods = namespace.pods().await;
    }
    unreachable!("after {TRIALS} trials: {disagreements:#?}");
}

/// Two pods that nobody schedules and nobody starts but the test.
fn guided_deployment() -> Value {
    let labels = json!({"app": "web"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {"controlplane.test/ready-after": "1h"}},
                "spec": {
                    "schedulingGates": [{"name": "example.com/guided"}],
                    "containers": [{"name": "main", "image": "none"}],
                },
            },
        },
    })
}

/// Now, as a kubelet writes it.
fn now() -> String {
    Timestamp::now().strftime("%FT%TZ").to_string()
}

impl TestNamespace {
    /// Leads a pod from one phase to the next, and leaves it in each for `phase`.
    async fn guide(&self, pod: &Value, phase: Duration) {
        let path = self.path_of(pod);
        tokio::time::sleep(phase).await;
        let free = json!({"spec": {"schedulingGates": null}});
        self.send(Method::PATCH, &path, &free).await.accepted();
        let scheduled = until("the pod is scheduled", async || {
            let pod = self.read(&path).await;
            (!pod["spec"]["nodeName"].is_null()).then_some(pod)
        })
        .await;

        let conditions = |true_ones: &[&str]| {
            let mut conditions = scheduled["status"]["conditions"].as_array().unwrap().clone();
            conditions.retain(|condition| condition["type"] == "PodScheduled");
            for kind in ["Initialized", "ContainersReady", "Ready"] {
                let status = if true_ones.contains(&kind) {
                    "True"
                } else {
                    "False"
                };
                conditions.push(json!({"type": kind, "status": status, "lastTransitionTime": now()}));
            }
            conditions
        };
        for true_ones in [
            &["Initialized", "ContainersReady"][..],
            &["Initialized", "ContainersReady", "Ready"],
        ] {
            tokio::time::sleep(phase).await;
            let status = json!({"phase": "Running", "conditions": conditions(true_ones)});
            self.set_status(pod, &status).await;
        }
        until("the pod is ready", async || {
            is_ready(&self.read(&path).await).then_some(())
        })
        .await;
    }
}
