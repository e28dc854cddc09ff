//! The demo's shop as a cluster, and the program pointed at its namespace.

use kube_sandbox::{Sandbox, scenario};
use macaque_testkit::{ProgramOutput, TestCluster};
use serde_json::Value;

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

    /// The name of a pod of the workload `app`.
    pub(crate) fn pod_of(&self, app: &str) -> String {
        let plan = self
            .macaque(&["plan", "-o", "json", "-l", &format!("app={app}")])
            .json();
        plan["candidates"][0]["pod"]["name"].as_str().unwrap().to_owned()
    }
}
