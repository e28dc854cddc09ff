//! What a watch of pods shows, and each way in which it ends.

use std::time::Duration;

use kube_sandbox::scenario::{deployment, pod};
use macaque::k8s::{ApiError, PodWatch, WatchEnd, WatchEvent};
use macaque_core::selector::Selector;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::fixture::RecoveryFixture;

const WATCH: &str = "watch=true";

/// A sandbox with two pods in which nothing moves by itself.
async fn two_pods() -> RecoveryFixture {
    let objects = vec![pod("shop", "web-0", "web"), pod("shop", "db-0", "db")];
    let fixture = RecoveryFixture::with(objects).await;
    fixture.cluster.sandbox.pause();
    fixture
}

impl RecoveryFixture {
    /// The version of the list as it is now.
    async fn version(&self) -> String {
        let all = Selector::default();
        let list = self.connection.each_pod(Some("shop"), &all, None, None, |_| {});
        list.await.unwrap().version.unwrap()
    }

    async fn watch(&self, selector: &str, version: &str) -> Result<Option<PodWatch>, WatchEnd> {
        let selector = selector.parse().unwrap();
        self.connection.watch_pods("shop", &selector, version).await
    }

    /// Watches all pods from now on.
    async fn watch_from_now(&self) -> PodWatch {
        let version = self.version().await;
        self.watch("", &version).await.unwrap().unwrap()
    }

    /// How the watch ends that gets this answer.
    async fn end_of(&self, answer: ProxyResponse) -> (usize, WatchEnd) {
        self.proxy.clear();
        self.proxy.inject(WATCH, Fault::Answer(answer));
        let mut events = 0;
        let mut watch = match self.watch("", "1").await {
            Ok(watch) => watch.unwrap(),
            Err(end) => return (0, end),
        };
        loop {
            match watch.next().await {
                Ok(_) => events += 1,
                Err(end) => return (events, end),
            }
        }
    }
}

/// The event as a word and the pod's name.
fn shown(event: &WatchEvent) -> (&'static str, &str) {
    match event {
        WatchEvent::Seen(pod) => ("seen", &pod.id.name),
        WatchEvent::Deleted(pod) => ("deleted", &pod.id.name),
        WatchEvent::Bookmark(_) => ("bookmark", ""),
    }
}

fn event(kind: &str, name: &str) -> Value {
    let object = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": { "name": name, "namespace": "shop", "uid": name },
    });
    json!({ "type": kind, "object": object })
}

/// An answer of these lines.
fn stream(lines: &[String]) -> ProxyResponse {
    ProxyResponse::new(200, lines.join("\n") + "\n")
}

#[actix_rt::test]
async fn a_watch_shows_what_comes_changes_and_goes_after_the_version_of_the_list() {
    let fixture = two_pods().await;
    let sandbox = &fixture.cluster.sandbox;
    let version = fixture.version().await;
    sandbox.apply(&[pod("shop", "web-1", "web")]).unwrap();

    let mut watch = fixture.watch("app=web", &version).await.unwrap().unwrap();
    assert_eq!(shown(&watch.next().await.unwrap()), ("seen", "web-1"));
    sandbox.apply(&[pod("shop", "web-0", "other")]).unwrap();
    assert_eq!(shown(&watch.next().await.unwrap()), ("deleted", "web-0"));
    sandbox.apply(&[pod("shop", "db-0", "web")]).unwrap();
    assert_eq!(shown(&watch.next().await.unwrap()), ("seen", "db-0"));
    sandbox.remove("Pod", "shop", "web-1");
    assert_eq!(shown(&watch.next().await.unwrap()), ("deleted", "web-1"));

    let mut requests = fixture.cluster.requests();
    requests.retain(|request| request.contains(WATCH));
    assert_eq!(
        requests,
        [format!(
            "GET /api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=290\
             &resourceVersion={version}&labelSelector=app%3Dweb"
        )]
    );
}

#[actix_rt::test]
async fn a_refused_watch_is_no_error_and_is_not_asked_for_again() {
    let fixture = two_pods().await;
    fixture.deny("watch", "pods");

    for _ in 0..3 {
        assert!(fixture.watch("", "1").await.unwrap().is_none());
    }
    assert_eq!(fixture.requests_with(WATCH), 1);
}

#[actix_rt::test]
async fn a_watch_from_a_version_that_is_too_old_has_expired_at_once_or_in_the_middle() {
    let fixture = two_pods().await;
    let version = fixture.version().await;
    fixture
        .cluster
        .sandbox
        .apply(&[pod("shop", "web-1", "web")])
        .unwrap();
    fixture.cluster.sandbox.compact();
    let mut watch = fixture.watch("", &version).await.unwrap().unwrap();
    assert_eq!(watch.next().await, Err(WatchEnd::Expired));

    let status = json!({ "reason": "Expired" });
    let at_once = ProxyResponse::failure(410, "too old resource version", status);
    assert_eq!(fixture.end_of(at_once).await, (0, WatchEnd::Expired));
    let error = json!({ "type": "ERROR", "object": { "kind": "Status", "code": 410, "reason": "Gone" } });
    let lines = [event("ADDED", "a"), event("MODIFIED", "a"), error].map(|line| line.to_string());
    assert_eq!(fixture.end_of(stream(&lines)).await, (2, WatchEnd::Expired));
}

#[actix_rt::test]
async fn a_watch_that_ends_in_order_is_closed_and_one_that_ends_within_a_line_broke_off() {
    let fixture = two_pods().await;
    let line = event("ADDED", "a").to_string();
    assert_eq!(
        fixture.end_of(ProxyResponse::new(200, "")).await,
        (0, WatchEnd::Closed)
    );
    assert_eq!(
        fixture.end_of(stream(std::slice::from_ref(&line))).await,
        (1, WatchEnd::Closed)
    );

    let (events, end) = fixture
        .end_of(ProxyResponse::new(200, format!("{line}\n{line}")))
        .await;
    assert_eq!(events, 1);
    let WatchEnd::Failed(ApiError::Unreachable { .. }) = end else {
        panic!("{end:?}")
    };

    fixture.proxy.clear();
    fixture
        .proxy
        .inject(WATCH, Fault::CutStream(Duration::from_millis(50)));
    let mut cut = fixture.watch_from_now().await;
    let end = cut.next().await.unwrap_err();
    assert!(
        matches!(end, WatchEnd::Failed(ApiError::Unreachable { .. })),
        "{end:?}"
    );
}

#[actix_rt::test]
async fn garbage_and_pages_of_html_are_named_and_never_taken_for_events() {
    let fixture = two_pods().await;
    let internal = json!({ "type": "ERROR", "object": { "code": 500, "message": "etcd is away" } });
    let rows = [
        (
            "<html>welcome</html>\n",
            "<html>welcome</html> instead of an event",
        ),
        ("{\"type\":\"ADDED\"}\n", "not an event: missing field `object`"),
        (
            "{\"type\":\"ODD\",\"object\":{}}\n",
            "not an event: unknown variant `ODD`",
        ),
        ("[]\n", "[] instead of an event"),
        ("\u{1}\u{2}\n", "instead of an event"),
        (
            &format!("{internal}\n"),
            "an error in the watch (500, \"etcd is away\")",
        ),
    ];
    for (body, words) in rows {
        let (events, end) = fixture.end_of(ProxyResponse::new(200, body)).await;
        assert_eq!(events, 0, "{body}");
        let shown = end.to_string();
        assert!(
            shown.starts_with("watch pods in shop: ") && shown.contains(words),
            "{shown}"
        );
    }

    let (_, end) = fixture
        .end_of(ProxyResponse::new(502, "<html>bad gateway</html>"))
        .await;
    assert!(end.to_string().contains("bad gateway"), "{end}");
}

#[actix_rt::test]
async fn a_line_without_end_is_given_up_after_two_mebibytes() {
    let fixture = two_pods().await;
    let endless = vec![b'x'; 8 << 20];
    let (events, end) = fixture.end_of(ProxyResponse::new(200, endless)).await;
    assert_eq!(events, 0);
    assert!(end.to_string().contains("an event of more than 2 MiB"), "{end}");
}

#[actix_rt::test]
async fn a_silent_watch_ends_after_its_time_and_a_flood_is_read_to_its_end() {
    let silence = Duration::from_millis(200);
    let objects = vec![deployment("shop", "web", 1)];
    let fixture = RecoveryFixture::with_silence(objects, silence).await;
    fixture.cluster.sandbox.pause();
    let mut watch = fixture.watch_from_now().await;
    assert_eq!(watch.next().await, Err(WatchEnd::Silent(silence)));

    let lines: Vec<_> = (0..20_000)
        .map(|number| event("MODIFIED", &format!("web-{}", number % 7)).to_string())
        .collect();
    assert_eq!(fixture.end_of(stream(&lines)).await, (20_000, WatchEnd::Closed));
}
