//! Promises about how a recovery ends: the verdict says what became of the owner meanwhile.

use std::time::Duration;

use futures_util::future::{LocalBoxFuture, join_all};
use http::Method;
use serde_json::{Value, json};

use super::waiting::UNRECOVERED;
use crate::program::MacaqueOutput;
use crate::test_namespace::{TestNamespace, uid};
use crate::workload::Workload;

/// Longer than any of these recoveries.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to an owner after one of its pods was disrupted.
type Event = for<'a> fn(&'a TestNamespace) -> LocalBoxFuture<'a, ()>;

/// A Deployment of three pods whose replacements wait, what happens to it, and the verdict.
const CHANGES: [(&str, Event, &str); 4] = [
    (
        "it is deleted",
        |namespace| Box::pin(namespace.delete_web()),
        "ownerless",
    ),
    (
        "it is scaled to zero",
        |namespace| Box::pin(namespace.scale_web(0)),
        "shrunk",
    ),
    (
        "it is scaled down",
        |namespace| Box::pin(namespace.scale_web(2)),
        "shrunk",
    ),
    (
        "it is rolled out",
        |namespace| Box::pin(namespace.roll_web_out()),
        "rolled",
    ),
];

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_happens_to_a_deployment_while_it_recovers_is_the_verdict_and_no_failure() {
    join_all(CHANGES.map(async |(what, happens, verdict)| {
        let mut namespace = TestNamespace::new().await;
        namespace
            .with(Workload::deployment("web", 3).with_successors_pending())
            .await;
        let account = namespace.granted("--dry-run=false").await;
        let before = namespace.alive().await;

        let round = namespace.waiting_round().by(&account).start();
        namespace.until_disrupted(&before).await;
        happens(&namespace).await;

        let round = round.ends_within(PATIENCE).await;
        ends_as(&round, verdict, what);
    }))
    .await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_owner_of_a_custom_kind_with_a_scale_that_is_scaled_down_has_shrunk() {
    let mut namespace = TestNamespace::new().await;
    let owner = namespace.with_custom_owner(3, true, "1h").await;
    let before = namespace.alive().await;
    let round = namespace.waiting_round().start();
    let scaled = async {
        namespace.until_disrupted(&before).await;
        namespace.scale(&owner, 2).await;
        round.ends_within(PATIENCE).await
    };

    // Nobody creates a pod: two are left, as many as it wants by then.
    let round = scaled.await;

    ends_as(&round, "shrunk", "it is scaled down");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_job_whose_other_pods_succeed_has_completed() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::job("work", 2)).await;
    let before = namespace.alive().await;
    // A Job may replace its pod a minute later, unless the time is over by then.
    let round = namespace
        .waiting_round()
        .env("MACAQUE_RECOVERY__EXPECT", "1s")
        .env("MACAQUE_RECOVERY__TIMEOUT", "8s")
        .start();
    namespace.until_disrupted(&before).await;
    let lost = namespace.lost(&before).await;

    for pod in pods.iter().filter(|pod| !lost.contains(&uid(pod))) {
        namespace.set_status(pod, &json!({"phase": "Succeeded"})).await;
    }

    ends_as(
        &round.ends_within(PATIENCE).await,
        "completed",
        "its other pod succeeds",
    );
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_owner_that_is_whole_later_than_expected_was_slow_and_the_exit_code_says_so() {
    let mut namespace = TestNamespace::new().await;
    let web = Workload::deployment("web", 2);
    namespace
        .with(web.annotated("controlplane.test/ready-after", "1500ms"))
        .await;
    let round = namespace.waiting_round().env("MACAQUE_RECOVERY__EXPECT", "1s");

    let round = round.exits(UNRECOVERED).await;

    assert_eq!(round.recovery()["verdict"], "slow", "{round:#?}");
}

fn ends_as(round: &MacaqueOutput, verdict: &str, what: &str) {
    round.exited(0);
    assert_eq!(round.recovery()["verdict"], verdict, "{what}: {round:#?}");
}

impl TestNamespace {
    async fn change_web(&self, method: Method, change: &Value) {
        let path = format!("{}/web", self.path("Deployment"));
        self.send(method, &path, change).await.accepted();
    }

    async fn delete_web(&self) {
        self.change_web(Method::DELETE, &Value::Null).await;
    }

    async fn scale_web(&self, replicas: usize) {
        self.change_web(Method::PATCH, &json!({"spec": {"replicas": replicas}}))
            .await;
    }

    async fn roll_web_out(&self) {
        let template = json!({"metadata": {"annotations": {"revision": "2"}}});
        self.change_web(Method::PATCH, &json!({"spec": {"template": template}}))
            .await;
    }
}
