//! The demo's shop as a cluster, and the program pointed at its namespace.

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::{Sandbox, scenario};
use macaque::journal::JournalWriter;
use macaque::k8s::Cluster;
use macaque::platform::Platform;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Journal, JournalEvent, Resolution};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodPlace, PodRef};
use macaque_core::recovery::RecoveryBaseline;
use macaque_core::report::RoundReport;
use macaque_testkit::{ProgramOutput, TestCluster, evict_one};
use serde_json::{Value, json};

use crate::macaque;

/// A cluster, and the namespace `shop` in it.
pub(crate) struct ShopFixture {
    pub(crate) cluster: TestCluster,
}

impl ShopFixture {
    /// The demo's five workloads.
    pub(crate) fn open() -> Self {
        Self::with(scenario::shop())
    }

    pub(crate) fn with(objects: Vec<Value>) -> Self {
        Self {
            cluster: TestCluster::with(objects),
        }
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.cluster.sandbox
    }

    /// Runs `macaque WORDS…` on the namespace `shop`, unless the words name others.
    pub(crate) fn macaque(&self, words: &[&str]) -> ProgramOutput {
        let program = macaque("").on(&self.cluster).env("MACAQUE_NAMESPACE", "shop");
        words
            .iter()
            .fold(program, |program, word| program.arg(word))
            .run()
    }

    /// Adds copies of a pod of the workload `app` that are no replicas any more: one that terminates while it is still
    /// ready, one that the kubelet evicted, and one that succeeded.
    pub(crate) fn add_departing_pods(&self, app: &str) {
        let pod = self.sandbox().object("Pod", "shop", &self.pod_of(app)).unwrap();
        let copy = |name: &str| {
            let mut copy = pod.clone();
            copy["metadata"]["name"] = json!(format!("{app}-{name}"));
            copy["metadata"]["uid"] = json!(format!("uid-of-{name}"));
            copy
        };

        let mut terminating = copy("terminating");
        terminating["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        terminating["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        let mut evicted = copy("evicted");
        evicted["status"] = json!({"phase": "Failed", "reason": "Evicted"});
        let mut succeeded = copy("succeeded");
        succeeded["status"]["phase"] = json!("Succeeded");
        self.sandbox().apply(&[terminating, evicted, succeeded]).unwrap();
    }

    /// The name of a pod of the workload `app`.
    pub(crate) fn pod_of(&self, app: &str) -> String {
        let plan = self
            .macaque(&["plan", "-o", "json", "-l", &format!("app={app}")])
            .json();
        plan["candidates"][0]["pod"]["name"].as_str().unwrap().to_owned()
    }
}

/// A pod of an owner that is gone.
pub(crate) fn gone(namespace: &str, kind: &str, owner: &str) -> Candidate {
    Candidate {
        team: None,
        pod: PodRef {
            namespace: namespace.to_owned(),
            name: format!("{owner}-gone"),
            uid: format!("uid-of-{kind}-{owner}-gone"),
        },
        owner: Some(PodOwner {
            kind: kind.to_owned(),
            name: owner.to_owned(),
        }),
        period_end: None,
    }
}

/// Records a round that has just disrupted these pods, whose owners have not recovered; returns the journal.
pub(crate) async fn record_round(
    victims: &[Candidate],
    writer: &JournalWriter,
    cluster: &Cluster,
    platform: &Platform,
) -> Journal {
    let slot = platform.now() - SignedDuration::from_secs(1);
    let commit = async |event| writer.commit(cluster, &event).await.unwrap();
    commit(JournalEvent::Claim {
        slot,
        seed: 0,
        since: Timestamp::MIN,
    })
    .await;

    for victim in victims {
        let baseline = RecoveryBaseline {
            expect_ms: 60_000,
            ..RecoveryBaseline::default()
        };
        commit(JournalEvent::Reserve {
            victim: victim.clone(),
            place: PodPlace::default(),
            method: DisruptionMethod::Delete,
            baseline: Some(Box::new(baseline)),
        })
        .await;
        commit(JournalEvent::Resolve {
            uid: victim.pod.uid.clone(),
            resolution: Resolution::Disrupted,
            accepted: Some(platform.now()),
        })
        .await;
    }
    let report = RoundReport {
        finished: platform.now(),
        ..evict_one().blank_report(slot, 0)
    };
    commit(JournalEvent::Close(Box::new(report))).await
}
