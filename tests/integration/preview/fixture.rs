//! The demo's shop as a cluster, and the program pointed at its namespace.

use kube_sandbox::{Sandbox, scenario};
use macaque_testkit::{ProgramOutput, TestCluster};
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
