//! Promises about the journal on a real API server: the manifest's Role suffices for it, and a pause is obeyed.

use http::Method;
use serde_json::{Value, json};

use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace};
use crate::workload::Workload;

/// A namespace with the manifest's journal in it, and pods without a budget.
async fn with_journal() -> TestNamespace {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    namespace.with(Workload::deployment("web", 4)).await;
    namespace
}

impl TestNamespace {
    /// An armed round of a macaque in this namespace.
    fn round(&self) -> MacaqueCommand {
        let round = self.macaque("once --dry-run=false");
        round.env("MACAQUE_POD_NAMESPACE", &self.name)
    }

    /// The manifest's journal and its history, which are empty.
    pub(crate) async fn create_journal(&mut self) {
        for name in ["macaque-journal", "macaque-history"] {
            self.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}))
                .await;
        }
    }

    /// What is in the journal.
    pub(crate) async fn journal(&self) -> Value {
        let object = self
            .read(&format!("{}/macaque-journal", self.path("ConfigMap")))
            .await;
        serde_json::from_str(object["data"]["journal.json"].as_str().unwrap()).unwrap()
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_pause_stops_an_armed_macaque_and_a_resumption_frees_it() {
    let namespace = with_journal().await;
    let before = namespace.alive().await;
    let switch = |words: &str| {
        MacaqueCommand::new(words)
            .arg("-n")
            .arg(&namespace.name)
            .by_environment()
    };
    switch("pause --for 1h --reason INC-4711").exits(0).await.says([
        "paused until 20",
        " by ",
        "reason: INC-4711",
    ]);
    namespace
        .round()
        .exits(3)
        .await
        .says(["paused until 20", ": INC-4711 (annotation macaque/paused)"]);

    assert_eq!(namespace.lost(&before).await, NO_PODS);

    switch("resume").exits(0).await.says(["resumed"]);
    namespace.round().exits(0).await.says(["evicted"]);

    assert_eq!(namespace.lost(&before).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_role_of_the_manifest_suffices_to_keep_the_journal_and_what_it_says_is_so() {
    let mut namespace = with_journal().await;
    let account = namespace.account(namespace.armed_role().await).await;
    let before = namespace.alive().await;
    let output = namespace.round().by(&account).arg("-ojson").exits(0).await;
    let journal = namespace.journal().await;
    let reservation = &journal["round"]["reservations"][0];

    assert_eq!(reservation["state"], "disrupted");
    assert_eq!(
        json!(namespace.lost(&before).await),
        json!([reservation["pod"]["uid"]])
    );
    assert_eq!(json!(output.uids("evicted")), json!([reservation["pod"]["uid"]]));
    assert_eq!(journal["outbox"], json!([]), "every report was delivered");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn two_writers_of_one_journal_never_both_get_their_way() {
    let namespace = with_journal().await;
    let before = namespace.alive().await;
    let rounds = (0..4).map(|_| namespace.round().env("MACAQUE_LIMITS__PER_HOUR", "1").ends());
    futures_util::future::join_all(rounds).await;

    assert_eq!(
        namespace.lost(&before).await.len(),
        1,
        "the limit is one, however many ask at once"
    );
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_old_copy_that_somebody_puts_back_is_not_trusted_until_it_is_accepted() {
    let mut namespace = with_journal().await;
    namespace.with(Workload::deployment("api", 4)).await;
    let path = format!("{}/macaque-journal", namespace.path("ConfigMap"));
    let before = namespace.alive().await;
    namespace.round().exits(0).await.says(["evicted"]);
    let mut old = namespace.read(&path).await;
    namespace.round().exits(0).await.says(["evicted"]);
    assert_eq!(namespace.lost(&before).await.len(), 2);

    // An annotation of somebody else is none of the journal's data.
    let note = json!({"metadata": {"annotations": {"example.test/note": "seen"}}});
    namespace.send(Method::PATCH, &path, &note).await.accepted();
    let check = || {
        namespace
            .macaque("check --dry-run=false")
            .env("MACAQUE_POD_NAMESPACE", &namespace.name)
    };
    assert!(!check().ends().await.contains("trusted"));

    // As `kubectl get -o yaml` saves it, and `kubectl replace` puts it back.
    let metadata = old["metadata"].as_object_mut().unwrap();
    metadata.remove("resourceVersion");
    metadata.remove("managedFields");
    let replace = format!("{path}?fieldManager=kubectl-replace");
    namespace.send(Method::PUT, &replace, &old).await.accepted();

    let writer = "it was written last by \"kubectl-replace\" at 20";
    namespace
        .round()
        .exits(3)
        .await
        .says(["the journal is not trusted", writer]);
    namespace
        .round()
        .exits(3)
        .await
        .says(["the journal is not trusted", writer]);
    assert_eq!(namespace.lost(&before).await.len(), 2);

    let resume = MacaqueCommand::new("resume").arg("-n").arg(&namespace.name);
    resume
        .by_environment()
        .exits(0)
        .await
        .says(["is accepted as it is"]);
    namespace.round().exits(0).await;
}
