//! Promises about the times of a recovery: they are those that a watch of the test's own sees, for every kind of owner.
//!
//! macaque and the test are two processes that see the same API server, each with its own clock and its own beginning: the
//! one the answer to the eviction, the other the event that the pod is terminating, which are a few milliseconds apart.
//! From there on both time the arrival of the same events. A machine under load may hold back either process, so a
//! comparison that fails is repeated with another victim; a mistake fails every time.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::observed_times::ObservedTimes;
use super::pod_observer::PodObserver;
use crate::program::MacaqueOutput;
use crate::service_account::without;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::{Workload, is_ready};

/// How far the times may be apart, in milliseconds.
const TOLERANCE: u64 = 100;

/// How often times are compared until they agree.
const TRIALS: usize = 5;

/// The life of the pods: times of the phases that differ by more than the tolerance.
const READY_AFTER: &str = "700ms";
const GONE_AFTER: &str = "1300ms";

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_times_of_every_kind_of_owner_are_those_that_an_independent_watch_sees() {
    let workloads = [
        Workload::deployment("web", 3),
        Workload::replica_set("web", 3),
        Workload::stateful_set("web", 2),
        Workload::daemon_set("web"),
        Workload::job("web", 2),
    ];
    join_all(workloads.map(async |workload| {
        let mut namespace = TestNamespace::new().await;
        namespace.with(alive_slowly(workload)).await;
        let account = namespace.granted("--dry-run=false").await;
        agree(&namespace, &account, "watch").await;
    }))
    .await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_times_of_owners_of_custom_kinds_are_those_that_an_independent_watch_sees() {
    join_all([true, false].map(async |has_scale| {
        let mut namespace = TestNamespace::new().await;
        let owner = namespace.with_custom_owner(3, has_scale, READY_AFTER).await;
        let account = namespace.granted("--dry-run=false").await;
        if has_scale {
            let name = namespace.name.clone();
            namespace.grant_scale(&owner, &name).await;
        }
        tokio::select! {
            () = agree(&namespace, &account, "watch") => {}
            never = namespace.control(&owner) => match never {},
        }
    }))
    .await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn where_pods_may_not_be_watched_the_times_are_late_by_no_more_than_the_report_says() {
    join_all(
        [Workload::deployment("web", 3), Workload::stateful_set("web", 2)].map(async |workload| {
            let mut namespace = TestNamespace::new().await;
            namespace.with(alive_slowly(workload)).await;
            let account = namespace.granted("--dry-run=false").await;
            namespace.revoke_watch().await;
            agree(&namespace, &account, "poll").await;
        }),
    )
    .await;
}

fn alive_slowly(workload: Workload) -> Workload {
    workload
        .annotated("controlplane.test/ready-after", READY_AFTER)
        .annotated("controlplane.test/gone-after", GONE_AFTER)
}

/// Disrupts pods of the only owner in `namespace` until a report and the test's own watch agree.
async fn agree(namespace: &TestNamespace, account: &str, precision: &str) {
    let observer = PodObserver::begin(namespace).await;
    let pods = namespace.pods().await.len();
    let mut disagreements = Vec::new();
    for _ in 0..TRIALS {
        let round = namespace.waiting_round().by(account).exits(0).await;
        disagreements = compare(&round, &observer, precision);
        if disagreements.is_empty() {
            return;
        }

        until("the owner is settled", async || {
            let now = namespace.pods().await;
            (now.len() == pods && now.iter().all(is_ready)).then_some(())
        })
        .await;
    }
    unreachable!("after {TRIALS} trials: {disagreements:#?}");
}

/// The times of the round's only recovery that are not those that were seen, or its precision if that is not the expected
/// one. All else has to be right every time.
pub(super) fn compare(round: &MacaqueOutput, observer: &PodObserver, precision: &str) -> Vec<String> {
    let recovery = round.recovery();
    let victim = recovery["pod"]["uid"].as_str().unwrap();
    let seen = ObservedTimes::of(victim, &observer.events());
    let owner = recovery["owner"].to_string();

    assert_eq!(recovery["verdict"], "recovered", "{recovery:#}");
    assert_eq!(recovery["ready"], recovery["target"], "{recovery:#}");
    assert_eq!(recovery["replacement"], json!(seen.replacement), "{recovery:#}");
    let Some(lateness) = lateness(&recovery["precision"], precision) else {
        // It could not look in time.
        return vec![format!("{owner}: precision {}", recovery["precision"])];
    };

    let mut disagreements = seen.disagreements(&recovery["times"], TOLERANCE, lateness);
    disagreements
        .iter_mut()
        .for_each(|line| line.insert_str(0, &format!("{owner}: ")));
    disagreements
}

/// How many milliseconds later than it happened something may be noted, as the report says; `None` if that is not known with
/// the `expected` precision.
fn lateness(precision: &Value, expected: &str) -> Option<u64> {
    match expected {
        "watch" => (precision == "watch").then_some(0),
        _ => precision["poll"]["interval_ms"].as_u64(),
    }
}

impl TestNamespace {
    /// Takes the verb `watch` on pods out of the Role that [`granted`](Self::granted) made.
    async fn revoke_watch(&self) {
        let path = format!("{}/{}", self.path("Role"), self.name);
        let role = self.read(&path).await;
        let less = without(role.clone(), "watch", "pods");
        assert_ne!(role, less, "watch was not granted");
        let change = json!({"rules": less["rules"]});
        self.send(Method::PATCH, &path, &change).await.accepted();

        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{0}:{0}", self.name),
                "resourceAttributes": {"namespace": self.name, "verb": "watch", "group": "", "resource": "pods"},
            },
        });
        self.until_reviewed(&review, false).await;
    }
}
