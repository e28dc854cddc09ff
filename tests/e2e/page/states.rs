//! The page in each state of macaque.

use http::Method;
use serde_json::{Value, json};

use super::served_page::{EVERY_MINUTE, ServedPage};
use crate::program::MacaqueCommand;
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

/// A schedule that is not due while any test runs.
const LATER: &str = "0 0 29 2 *";

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn a_page_without_any_round_says_so_and_reads_top_down() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    let page = ServedPage::start(namespace.paged(LATER)).await;
    page.until_banner("armed").await;
    let seen = page.look("empty");

    seen.say(&["ARMED", "kind-e2e", "No round is known yet."]);
    // What is called for at night comes first.
    let banner = seen.wide.aria.find("ARMED").unwrap();
    let rounds = seen.wide.aria.find("Last rounds").unwrap();
    assert!(banner < rounds, "{}", seen.wide.aria);
    assert_eq!(seen.wide.landmarks, ["header", "main", "footer"]);
    assert!(
        page.get("/calendar.ics")
            .unwrap()
            .starts_with("BEGIN:VCALENDAR\r\n")
    );
}

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn a_pause_is_shown_with_its_reason_and_how_to_end_it() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    let pause = MacaqueCommand::new("pause --reason").arg("INC-4711: <b>move</b> of the database");
    let pause = pause.arg("-n").arg(&namespace.name).by_environment();
    pause.exits(0).await;
    let page = ServedPage::start(namespace.paged(EVERY_MINUTE)).await;
    page.until_banner("paused").await;

    let seen = page.look("paused");
    seen.say(&["PAUSED", "INC-4711: <b>move</b> of the database", "resume"]);
}

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn a_round_that_a_guard_holds_back_is_shown_with_the_guard() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    // A container that waits: an owner that is not whole.
    let pods = namespace.with(Workload::deployment("web", 3)).await;
    let not_ready = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
    let path = format!("{}/status", namespace.path_of(&pods[0]));
    namespace.send(Method::PATCH, &path, &not_ready).await.accepted();
    let daemon = namespace
        .paged(EVERY_MINUTE)
        .env("MACAQUE_GUARDS__MIN_READY", "3");
    let page = ServedPage::start(daemon).await;

    let status = page.until("a round ends", has_a_round).await;
    let round = &status["rounds"]["items"][0];
    assert_eq!(round["result"], "held", "{round}");
    page.look("held").say(&["held back"]);
}

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn an_owner_that_does_not_recover_is_shown_as_broken_and_then_as_not_recovered_in_time() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    namespace
        .with(Workload::deployment("web", 3).with_successors_pending())
        .await;
    let daemon = namespace
        .paged(EVERY_MINUTE)
        .env("MACAQUE_RECOVERY__EXPECT", "5s")
        .env("MACAQUE_RECOVERY__TIMEOUT", "20s");
    let page = ServedPage::start(daemon).await;

    let is_broken = |status: &Value| status["broken"]["items"][0]["owner"] == "deployment/web";
    page.until("the owner is broken", is_broken).await;
    page.look("broken")
        .say(&["Broken by macaque now", "deployment/web"]);

    let has_not_recovered = |status: &Value| {
        let victim = &status["rounds"]["items"][0]["victims"]["items"][0];
        let last = status["rounds"]["items"][1]["victims"]["items"][0].clone();
        [victim, &last]
            .iter()
            .any(|victim| victim["recovery"]["verdict"] == "unrecovered")
    };
    page.until("the recovery is given up", has_not_recovered).await;
    page.look("unrecovered").say(&["unrecovered", "deployment/web"]);
}

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn a_dry_run_says_that_nothing_is_disrupted() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let page = ServedPage::start(namespace.paged_dry_run(EVERY_MINUTE)).await;
    page.until("a round ends", has_a_round).await;
    page.look("dry-run")
        .say(&["DRY RUN", "nothing is disrupted", "picked (dry run)"]);
}

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn a_journal_that_cannot_be_read_is_said_first_and_with_the_remedy() {
    let mut namespace = TestNamespace::new().await;
    namespace
        .create(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal"},
            "data": {"journal.json": "{\"version\": <script>sentinel = 1</script>"},
        }))
        .await;
    let page = ServedPage::start(namespace.paged(EVERY_MINUTE)).await;
    page.until_banner("journal-unusable").await;
    page.look("journal-unusable").say(&["JOURNAL UNUSABLE"]);
}

/// Whether a round has ended.
fn has_a_round(status: &Value) -> bool {
    status["rounds"]["items"][0]["result"].is_string()
}
