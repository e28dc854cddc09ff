//! Promises about what each path answers, where something is served and where it is not.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};

use super::fresh::FRESH;
use super::*;
use crate::facts::{Fact, FactListener as _};
use crate::metrics::{ExpositionFormat, Metrics, MetricsConfig};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new(&MetricsConfig::default(), &Platform::system()))
}

fn pages(probes: bool, metrics: Result<Arc<Metrics>, &str>) -> Pages {
    let platform = Platform::system();
    let health = Arc::new(HealthState::new(["Clock"], &platform));
    let endpoint = HttpEndpoint {
        key: "health.listen",
        address: ([127, 0, 0, 1], 0).into(),
        probes: if probes {
            Ok(health)
        } else {
            Err("the probes are elsewhere".to_owned())
        },
        metrics: metrics.map_err(str::to_owned),
        status: Err("the status page is off".to_owned()),
    };
    Pages::new(endpoint, &platform)
}

fn request(method: &str, path: &str, accept: &str) -> Request<()> {
    let request = Request::builder().method(method).uri(path);
    request.header(ACCEPT, accept).body(()).unwrap()
}

/// The status and the body.
async fn answer(pages: &Pages, method: &str, path: &str) -> (u16, String) {
    let (head, body) = pages.answer(&request(method, path, "*/*")).into_parts();
    let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    (head.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_path_answers_or_says_what_there_is() {
    let pages = pages(true, Ok(metrics()));
    let table = [
        ("GET", "/livez", 200, "ok\n"),
        ("GET", "/healthz", 200, "ok\n"),
        ("GET", "/livez?verbose", 200, "[+]Supervisor ok\n"),
        ("GET", "/livez?a=b&verbose", 200, "[+]Supervisor ok\n"),
        ("GET", "/readyz", 503, "[-]Clock failed: not running"),
        ("GET", "/metrics", 200, "# TYPE"),
        ("GET", "/metrics?any=thing", 200, "# TYPE"),
        ("GET", "/", 200, "/metrics"),
        ("GET", "/metrics/", 404, "/metrics "),
        ("GET", "/favicon.ico", 404, "/readyz"),
        ("POST", "/metrics", 405, "GET and HEAD only"),
        ("DELETE", "/livez", 405, "GET and HEAD only"),
        ("OPTIONS", "/", 405, "GET and HEAD only"),
    ];
    for (method, path, status, words) in table {
        let answered = answer(&pages, method, path).await;
        assert_eq!(answered.0, status, "{method} {path}");
        assert!(answered.1.contains(words), "{method} {path}: {}", answered.1);
    }
}

#[tokio::test]
async fn a_page_that_is_not_served_here_says_what_to_do_and_is_not_listed() {
    let without_metrics = pages(true, Err("metrics.listen is off"));
    let answered = answer(&without_metrics, "GET", "/metrics").await;
    assert_eq!(answered, (404, "metrics.listen is off\n".to_owned()));
    assert!(!answer(&without_metrics, "GET", "/").await.1.contains("/metrics"));
    assert_eq!(
        without_metrics.long_answer(&request("GET", "/metrics", "*/*")),
        None
    );

    let without_probes = pages(false, Ok(metrics()));
    for path in ["/livez", "/healthz", "/readyz"] {
        let answered = answer(&without_probes, "GET", path).await;
        assert_eq!(answered, (404, "the probes are elsewhere\n".to_owned()), "{path}");
    }
    assert!(!answer(&without_probes, "GET", "/").await.1.contains("/livez"));
}

#[test]
fn the_metrics_come_in_the_format_that_is_asked_for() {
    let pages = pages(true, Ok(metrics()));
    for (accept, expected) in [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (
            OPEN_METRICS,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ] {
        let answer = pages.answer(&request("GET", "/metrics", accept));
        assert_eq!(answer.headers()[CONTENT_TYPE], expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_metrics_are_written_at_most_once_a_second_and_shared_by_all_who_read_them() {
    let metrics = metrics();
    let pages = pages(true, Ok(Arc::clone(&metrics)));
    let shared = pages.metrics.as_ref().unwrap();
    let classic = || shared.written(ExpositionFormat::Classic).text;
    let first = classic();

    metrics.note(Fact::ActorRestarted("Clock"));
    tokio::time::sleep(FRESH - Duration::from_millis(1)).await;
    assert_eq!(classic(), first);
    assert_eq!(classic().as_ptr(), first.as_ptr(), "not a copy");
    assert_ne!(shared.written(ExpositionFormat::OpenMetrics).text, first);

    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_ne!(classic(), first);
}
