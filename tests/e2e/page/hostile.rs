//! The page among names and texts that would do harm to a page that repeated them as they are.

use macaque_testkit::browser::{PageView, look};
use serde_json::{Value, json};

use super::served_page::{EVERY_MINUTE, ServedPage};
use crate::program::MacaqueCommand;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// Texts that break out of an element, of an attribute or of their line, or run something.
const HOSTILE: [&str; 6] = [
    "<script>sentinel = 1</script>",
    "\"><img src=x onerror=sentinel=1>",
    "'><svg onload=sentinel=1>",
    "</title></style><iframe src=javascript:sentinel=1></iframe>",
    "\u{202e}שלום 🐒\u{2066}",
    "{{7*7}} &lt;b&gt; &#x3c;script&#x3e;",
];

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn hostile_names_annotations_and_messages_are_shown_as_texts_and_run_nothing() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    let longest = "x".repeat(253);
    namespace.with_pod_of(&HOSTILE.concat(), &longest).await;
    for (number, text) in HOSTILE.iter().enumerate() {
        let name = format!("web-{number}");
        let workload = Workload::deployment(&name, 2)
            .annotated("macaque/expect", text)
            .annotated("macaque/every", text)
            .annotated("macaque/team", text);
        namespace.with(workload).await;
    }
    let policy = namespace.forbid_evictions(&HOSTILE.join(" ")).await;
    let pods = namespace.pods_of("web-0").await;
    until("the policy is in force", async || {
        (namespace.dry_run_eviction(&pods[0]).await.code == 422).then_some(())
    })
    .await;

    let daemon = namespace
        .paged(EVERY_MINUTE)
        .env("MACAQUE_CLUSTER__NAME", &HOSTILE.concat())
        .env("MACAQUE_GUARDS__MIN_READY", "0")
        .env("MACAQUE_DISRUPT__COUNT", "7");
    let page = ServedPage::start(daemon).await;
    let is_refused = |status: &Value| status["rounds"]["items"][0]["result"] == "refused";
    page.until("a round is refused", is_refused).await;
    let seen = page.look("hostile");
    seen.say(&["refused", &policy, HOSTILE[0]]);
    assert!(!seen.wide.text.contains('\u{202e}'), "text is turned around");

    // A reason of a pause with the same, which the page repeats.
    let pause = MacaqueCommand::new("pause --reason").arg(&HOSTILE[..4].join(" "));
    let pause = pause.arg("-n").arg(&namespace.name).by_environment();
    pause.exits(0).await;
    page.until_banner("paused").await;
    page.look("hostile-paused").say(&["PAUSED", HOSTILE[1]]);
}

#[test]
#[ignore = "needs a browser: just e2e"]
fn the_browser_notices_what_a_page_may_not_do() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("hostile.html");
    let html = format!(
        "<!doctype html><title></title><h1>a</h1><h3>b</h3><table></table><pre>{}{}",
        "x".repeat(300),
        HOSTILE.concat()
    );
    std::fs::write(&file, html).unwrap();
    let seen = look(&[PageView::phone(&format!("file://{}", file.display()))]).remove(0);

    assert_eq!(seen.sentinel, "1");
    assert_eq!(seen.scripts, 1);
    assert!(seen.handlers.len() >= 2, "{:?}", seen.handlers);
    assert!(seen.requests.len() > 1, "{:?}", seen.requests);
    assert!(seen.document_width > seen.viewport_width);
    assert_eq!(seen.unnamed[0], "table");
    assert_eq!(seen.headings[1].0, 3);
}

impl TestNamespace {
    /// A ready pod whose owner has this kind and this name.
    async fn with_pod_of(&mut self, kind: &str, name: &str) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "hostile", "labels": {"app": "hostile"},
                "ownerReferences": [{
                    "apiVersion": "example.com/v1", "kind": kind, "name": name, "controller": true,
                    "uid": "3b7d8d1e-7d6f-4b3c-9c7b-2f5d1f0a9e11",
                }],
            },
            "spec": {"containers": [{"name": "main", "image": "none"}]},
        });
        self.create(pod).await;
    }

    /// Refuses every eviction here with this message; returns the name of the policy.
    async fn forbid_evictions(&mut self, message: &str) -> String {
        let message: String = message
            .chars()
            .filter(|c| !matches!(c, '\u{202e}' | '\u{2066}'))
            .collect();
        let validation = json!({"expression": "false", "message": message});
        self.forbid_by(validation, "CREATE", "pods/eviction").await
    }
}
