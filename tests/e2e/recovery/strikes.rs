//! Promises about replacements that never become ready: they are told at once, their owners end as unrecovered, and three
//! of them pause macaque.

use http::Method;
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::server_answer::reply;
use serde_json::json;
use tokio::task::LocalSet;

use super::waiting::UNRECOVERED;
use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace, until};
use crate::workload::Workload;

/// The owners in these tests.
const OWNERS: [&str; 3] = ["cart", "search", "web"];

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn three_victims_in_a_row_whose_replacements_cannot_be_scheduled_pause_macaque_until_somebody_resumes()
{
    let mut namespace = TestNamespace::new().await;
    let node = namespace.with_owners_on_one_node().await;
    let account = namespace.granted("--dry-run=false").await;
    let impatient = |command: MacaqueCommand| {
        let command = command.by(&account).env("MACAQUE_POD_NAMESPACE", &namespace.name);
        command
            .env("MACAQUE_RECOVERY__EXPECT", "1s")
            .env("MACAQUE_RECOVERY__TIMEOUT", "2s")
    };
    namespace.cordon(&node, true).await;

    for strike in 1..=OWNERS.len() {
        let round = impatient(namespace.waiting_round()).exits(UNRECOVERED).await;
        let recovery = round.recovery();
        assert_eq!(recovery["verdict"], "unrecovered", "{recovery:#}");
        assert_eq!(recovery["trouble"]["reason"], "Unschedulable", "{recovery:#}");
        assert_eq!(
            recovery["paused"].is_string(),
            strike == OWNERS.len(),
            "{recovery:#}"
        );
        assert_eq!(namespace.pause().await.is_some(), strike == OWNERS.len());
    }
    let reason = namespace.pause().await.unwrap();
    assert!(
        OWNERS
            .iter()
            .all(|owner| reason.contains(&format!("deployment/{owner}"))),
        "{reason}"
    );

    namespace.cordon(&node, false).await;
    for owner in OWNERS {
        namespace.until_whole(owner, 2).await;
    }
    let before = namespace.alive().await;
    let withheld = impatient(namespace.macaque("once --dry-run=false"))
        .exits(3)
        .await;
    withheld.says(["paused by macaque", "3 victims in a row did not recover"]);
    assert_eq!(namespace.lost(&before).await, NO_PODS);

    let resume = MacaqueCommand::new("resume").arg("-n").arg(&namespace.name);
    resume.by_environment().exits(0).await.says(["resumed"]);
    let round = impatient(namespace.macaque("once --dry-run=false -o json"))
        .exits(0)
        .await;
    assert_eq!(namespace.lost(&before).await, round.uids("evicted"));
    assert_eq!(namespace.pause().await, None);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_daemon_tells_at_once_what_is_in_the_way_of_a_replacement_and_pauses_when_three_did_not_recover() {
    let story = async {
        let mut namespace = TestNamespace::new().await;
        let node = namespace.with_owners_on_one_node().await;
        namespace.cordon(&node, true).await;
        let account = namespace.granted("--dry-run=false").await;
        let within_10_s = |command: MacaqueCommand| {
            let command = command.by(&account).env("MACAQUE_POD_NAMESPACE", &namespace.name);
            command
                .env("MACAQUE_RECOVERY__EXPECT", "1s")
                .env("MACAQUE_RECOVERY__TIMEOUT", "10s")
        };
        let chat = ChatServer::answering([reply(200, "ok")]).await;
        let url = format!("http://{}/hook", chat.address);

        let round = namespace.macaque("once --dry-run=false --count 3");
        within_10_s(round).exits(0).await;
        let daemon = within_10_s(namespace.daemon()).env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL", &url);
        let mut daemon = daemon.start();
        for owner in OWNERS {
            daemon
                .says(&format!(
                    "deployment/{owner} in {}: the replacement ",
                    namespace.name
                ))
                .await;
        }
        let reason = until("the daemon pauses macaque", async || namespace.pause().await).await;
        daemon.says("macaque paused itself: ").await;
        until("the chat service heard of all", async || {
            (chat.requests().len() == 2 * OWNERS.len()).then_some(())
        })
        .await;

        assert!(reason.contains("3 victims in a row did not recover"), "{reason}");
        let told = chat.requests();
        let (stuck, ended) = told.split_at(OWNERS.len());
        assert!(
            stuck.iter().all(|message| message.contains("Unschedulable")),
            "{told:#?}"
        );
        assert!(
            ended.iter().all(|message| message.contains("has not recovered")),
            "{told:#?}"
        );
    };
    LocalSet::new().run_until(story).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_image_that_cannot_be_pulled_and_a_crash_loop_are_told_at_once() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    let pods = namespace
        .with(Workload::deployment("web", 2).with_successors_pending())
        .await;
    namespace
        .macaque("once --dry-run=false")
        .env("MACAQUE_POD_NAMESPACE", &namespace.name)
        .exits(0)
        .await;
    let replacement = namespace.replacement_of_one(&pods).await;
    let mut daemon = namespace.daemon().start();

    for reason in ["ImagePullBackOff", "CrashLoopBackOff"] {
        namespace.hinder(&replacement, reason).await;
        daemon.says(&format!("is stuck: {reason}")).await;
    }

    namespace.let_pods_start().await;
    daemon
        .says(&format!("deployment/web in {} whole again", namespace.name))
        .await;
    assert_eq!(namespace.pause().await, None);
}

impl TestNamespace {
    /// A journal, and the [`OWNERS`] with two pods each on a node of their own; returns the node.
    async fn with_owners_on_one_node(&mut self) -> String {
        self.create_journal().await;
        let node = self.create_node().await;
        let name = self.name.clone();
        for owner in OWNERS {
            self.with(Workload::deployment(owner, 2).on_node_of(&name)).await;
        }
        node
    }

    /// Lets no pod be scheduled to this node, or any pod again.
    async fn cordon(&self, node: &str, cordoned: bool) {
        let change = json!({"spec": {"unschedulable": cordoned}});
        self.send(Method::PATCH, &format!("/api/v1/nodes/{node}"), &change)
            .await
            .accepted();
    }

    /// The reason for which macaque paused itself, if it did.
    async fn pause(&self) -> Option<String> {
        let object = self
            .read(&format!("{}/macaque-journal", self.path("ConfigMap")))
            .await;
        let annotations = &object["metadata"]["annotations"];
        if annotations["macaque/paused"].is_null() {
            return None;
        }
        assert_eq!(annotations["macaque/paused"], "true");
        assert_eq!(annotations["macaque/paused-by"], "macaque");
        Some(annotations["macaque/paused-reason"].as_str().unwrap().to_owned())
    }
}
