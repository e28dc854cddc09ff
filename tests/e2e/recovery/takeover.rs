//! A promise about a replica that dies while it watches a recovery: another one takes it over, and it ends once.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::program::MacaqueCommand;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_recovery_whose_watcher_is_killed_is_taken_over_and_its_end_told_once() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    namespace
        .with(Workload::deployment("web", 3).with_successors_pending())
        .await;
    let account = namespace.granted("--dry-run=false").await;
    let here = |command: MacaqueCommand| command.by(&account).env("MACAQUE_POD_NAMESPACE", &namespace.name);
    here(namespace.macaque("once --dry-run=false")).exits(0).await;

    let first = here(namespace.daemon()).start();
    let first_holder = namespace.new_holder(&Value::Null).await;
    let first = first.is_killed().await;
    namespace.end_leases().await;
    let mut second = here(namespace.daemon()).start();
    namespace.new_holder(&first_holder).await;
    namespace.let_pods_start().await;
    second.says("whole again").await;
    until("the journal has nothing left to do", async || {
        let journal = namespace.journal().await;
        let is_done = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
        (is_done(&journal["recovering"]) && is_done(&journal["outbox"])).then_some(())
    })
    .await;

    let mut third = here(namespace.daemon()).start();
    third.says("ARMED").await;
    let (second, third) = (second.is_stopped().await, third.is_stopped().await);
    second.says_once("whole again");
    for silent in [&first, &third] {
        assert!(!silent.contains("whole again"), "{silent:#?}");
    }
}

impl TestNamespace {
    /// Waits until another process than `holder` watches the only recovery; returns the process.
    pub(super) async fn new_holder(&self, holder: &Value) -> Value {
        until("a replica watches the recovery", async || {
            let record = self.journal().await["recovering"][0].clone();
            let lease: Timestamp = record["lease_until"].as_str()?.parse().unwrap();
            let process = &record["holder"]["process"];
            (process != holder && lease > Timestamp::now()).then(|| process.clone())
        })
        .await
    }

    /// Ends the leases of all recoveries, as time does.
    async fn end_leases(&self) {
        let mut journal = self.journal().await;
        let past = Timestamp::now() - SignedDuration::from_mins(1);
        for record in journal["recovering"].as_array_mut().unwrap() {
            record["lease_until"] = json!(past.to_string());
        }
        let change = json!({"data": {"journal.json": journal.to_string()}});
        let path = format!("{}/macaque-journal", self.path("ConfigMap"));
        self.send(Method::PATCH, &path, &change).await.accepted();
    }
}
