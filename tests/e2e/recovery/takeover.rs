//! A promise about a replica that dies while it watches a recovery: another one takes it over, and it ends once.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::program::MacaqueCommand;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_recovery_whose_watcher_is_killed_is_taken_over_and_its_end_reported_once() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    let pods = namespace
        .with(Workload::deployment("web", 3).with_successors_pending())
        .await;
    let account = namespace.granted("--dry-run=false").await;
    let here = |command: MacaqueCommand| command.by(&account).env("MACAQUE_POD_NAMESPACE", &namespace.name);
    here(namespace.macaque("once --dry-run=false")).exits(0).await;

    // What is in the way is told by the replica that watches, and shows that it does.
    let replacement = namespace.replacement_of_one(&pods).await;
    let mut first = here(namespace.daemon()).start();
    namespace.hinder(&replacement, "ImagePullBackOff").await;
    first.says("stuck: ImagePullBackOff").await;
    let first = first.killed().await;
    namespace.end_leases().await;
    namespace.hinder(&replacement, "CrashLoopBackOff").await;
    let mut second = here(namespace.daemon()).start();
    second.says("stuck: CrashLoopBackOff").await;
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
    let (second, third) = (second.stopped().await, third.stopped().await);
    second.says_once("whole again");
    for silent in [&first, &third] {
        assert!(!silent.contains("whole again"), "{silent:#?}");
    }
}

impl TestNamespace {
    /// Ends the leases of all recoveries and messages, as time does.
    async fn end_leases(&self) {
        let mut journal = self.journal().await;
        let past = Timestamp::now() - SignedDuration::from_mins(1);
        for list in ["recovering", "outbox"] {
            for held in journal[list].as_array_mut().unwrap() {
                held["lease_until"] = json!(past.to_string());
            }
        }
        // Without its seal, an edit is accepted; as macaque's own, it is trusted.
        let change = json!({"data": {"journal.json": journal.to_string(), "seal": null}});
        let path = format!("{}/macaque-journal?fieldManager=macaque", self.path("ConfigMap"));
        self.send(Method::PATCH, &path, &change).await.accepted();
    }
}
