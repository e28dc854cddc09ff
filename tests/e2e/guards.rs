//! Promises about guards: only a whole workload is disrupted, and a round that is held back says by which guard.

use http::Method;
use serde_json::{Value, json};

use crate::held::ExpectedHold;
use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace, until};
use crate::workload::Workload;

/// The command line as it is.
fn plain(command: MacaqueCommand) -> MacaqueCommand {
    command
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_deployment_with_an_unready_pod_is_held_back_until_it_is_whole() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 3)).await;

    namespace.set_ready(&pods[0], false).await;
    let hold = ExpectedHold::of_web("whole", "2 of 3 pods ready, 1 not ready");
    namespace.is_held(&hold, plain).await;

    namespace.set_ready(&pods[0], true).await;
    namespace.is_disrupted(plain).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_deployment_amid_a_rollout_is_held_back_until_the_rollout_is_over() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;

    let template = json!({"metadata": {"annotations": {"controlplane.test/ready-after": "1h"}}});
    let change = json!({"spec": {"template": template}});
    let path = format!("{}/web", namespace.path("Deployment"));
    namespace.send(Method::PATCH, &path, &change).await.accepted();
    until("a pod of the new revision waits", async || {
        (namespace.pods_of("web").await.len() == 4).then_some(())
    })
    .await;

    let hold = ExpectedHold::of_web("whole", "3 of 4 pods ready");
    namespace.is_held(&hold, plain).await;
    let by_rollout_alone = |command: MacaqueCommand| command.env("MACAQUE_GUARDS__WHOLE", "false");
    let hold = ExpectedHold::of_web("rollout", "2 revisions");
    namespace.is_held(&hold, by_rollout_alone).await;

    until("the rollout is over", async || {
        namespace.is_rolled_out("web").await
    })
    .await;
    namespace.is_disrupted(plain).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn too_few_ready_pods_hold_back_a_deletion_too() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 3)).await;
    let deletion = |command: MacaqueCommand| {
        let command = command.arg("--method").arg("delete");
        command
            .env("MACAQUE_GUARDS__WHOLE", "false")
            .env("MACAQUE_GUARDS__MIN_READY", "2")
    };

    for pod in &pods[1..] {
        namespace.set_ready(pod, false).await;
    }
    let hold = ExpectedHold::of_web("min_ready", "would stay ready, 2 required");
    namespace.is_held(&hold, deletion).await;

    for pod in &pods[1..] {
        namespace.set_ready(pod, true).await;
    }
    namespace.is_disrupted(deletion).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_only_replica_is_never_taken() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 1)).await;
    let hold = ExpectedHold::of_web("min_ready", "can never pass: 1 of 1 must stay ready");
    namespace.is_held(&hold, plain).await;
    namespace
        .is_held(&hold, |command| command.arg("--method").arg("delete"))
        .await;

    let off = |command: MacaqueCommand| command.env("MACAQUE_GUARDS__MIN_READY", "0");
    namespace.is_disrupted(off).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_frozen_namespace_is_held_back_until_the_annotation_is_gone_or_has_expired() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;

    for (key, value) in [
        ("macaque/frozen", "true"),
        ("macaque/frozen", "perhaps"),
        ("macaque/frozen-until", "2999-01-01T00:00:00Z"),
        ("macaque/frozen-until", "tomorrow"),
    ] {
        namespace.annotate_namespace(key, Some(value)).await;
        let hold = ExpectedHold::of_web("freeze", key);
        namespace.is_held(&hold, plain).await;
        namespace.annotate_namespace(key, None).await;
    }

    namespace
        .annotate_namespace("macaque/frozen-until", Some("2020-01-01T00:00:00Z"))
        .await;
    namespace.is_disrupted(plain).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_frozen_owner_is_held_back_and_another_is_disrupted() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let frozen = json!({"metadata": {"annotations": {"macaque/frozen": "true"}}});
    let path = format!("{}/web", namespace.path("Deployment"));
    namespace.send(Method::PATCH, &path, &frozen).await.accepted();
    namespace
        .is_held(&ExpectedHold::of_web("freeze", "macaque/frozen"), plain)
        .await;

    namespace.with(Workload::deployment("cart", 3)).await;
    let before = namespace.alive().await;
    let round = namespace
        .macaque("once --dry-run=false --count 2 -o json")
        .exits(0)
        .await;
    assert_eq!(
        (round.uids("evicted").len(), round.uids("held").len()),
        (1, 1),
        "{round:#?}"
    );
    assert_eq!(namespace.lost(&before).await, round.uids("evicted"));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_frozen_pod_is_exempt_whatever_else_says_yes() {
    let mut namespace = TestNamespace::new().await;
    let frozen = Workload::deployment("web", 3).annotated("macaque/frozen", "true");
    namespace.with(frozen.annotated("macaque/enabled", "true")).await;
    let before = namespace.alive().await;

    let round = namespace.macaque("once --dry-run=false -o json").exits(4).await;

    assert_eq!(round.json()["exempted"]["frozen"]["count"], 3, "{round:#?}");
    assert_eq!(namespace.lost(&before).await, NO_PODS);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_owner_that_is_held_back_costs_the_round_one_attempt_and_the_next_is_disrupted() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 3)).await;
    namespace.set_ready(&pods[0], false).await;
    namespace.with(Workload::deployment("cart", 3)).await;
    let before = namespace.alive().await;

    let round = namespace
        .macaque("once --dry-run=false --count 2 -o json")
        .exits(0)
        .await;

    assert_eq!(
        (round.uids("evicted").len(), round.uids("held").len()),
        (1, 1),
        "{round:#?}"
    );
    assert_eq!(namespace.lost(&before).await, round.uids("evicted"));
}

impl TestNamespace {
    /// Makes `pod` ready or unready, and waits until it is.
    pub(crate) async fn set_ready(&self, pod: &Value, ready: bool) {
        let value = (!ready).then_some("false");
        let change = json!({"metadata": {"annotations": {"controlplane.test/ready": value}}});
        let path = self.path_of(pod);
        self.send(Method::PATCH, &path, &change).await.accepted();
        until(&format!("{path} is ready: {ready}"), async || {
            (crate::workload::is_ready(&self.read(&path).await) == ready).then_some(())
        })
        .await;
    }

    /// Lets the pods of the workload become ready, and tells whether all of them are of one revision.
    async fn is_rolled_out(&self, name: &str) -> Option<()> {
        let now = json!({"metadata": {"annotations": {"controlplane.test/ready-after": "0s"}}});
        let pods = self.pods_of(name).await;
        for pod in pods.iter().filter(|pod| !crate::workload::is_ready(pod)) {
            // It may have gone meanwhile.
            self.send(Method::PATCH, &self.path_of(pod), &now).await;
        }

        let deployment = self.read(&format!("{}/{name}", self.path("Deployment"))).await;
        let status = &deployment["status"];
        let numbers = ["updatedReplicas", "availableReplicas", "replicas"];
        let all_new = numbers
            .iter()
            .all(|number| status[number] == deployment["spec"]["replicas"]);
        let synced = status["observedGeneration"] == deployment["metadata"]["generation"];
        (synced && all_new && deployment["spec"]["replicas"] == pods.len()).then_some(())
    }

    /// Sets or removes an annotation of the namespace itself.
    pub(crate) async fn annotate_namespace(&self, key: &str, value: Option<&str>) {
        let change = json!({"metadata": {"annotations": {key: value}}});
        let path = format!("/api/v1/namespaces/{}", self.name);
        self.send(Method::PATCH, &path, &change).await.accepted();
    }
}
