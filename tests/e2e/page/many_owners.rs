//! The page of a cluster with 10,000 owners that were disrupted within a week.

use serde_json::Value;

use super::served_page::ServedPage;
use super::stored_history::PastDisruption;
use crate::test_namespace::TestNamespace;

const OWNERS: usize = 10_000;

/// The most that a page may weigh, in bytes: what a phone loads in a second.
const HEAVIEST: usize = 250_000;

#[tokio::test]
#[ignore = "needs a real control plane and a browser: just e2e"]
async fn a_history_of_ten_thousand_owners_is_one_page_that_counts_what_it_leaves_out() {
    let mut namespace = TestNamespace::new().await;
    let past: Vec<_> = (0..OWNERS).map(past).collect();
    namespace.create_past(&past, &[]).await;
    let page = ServedPage::start(namespace.paged("0 0 29 2 *")).await;
    let is_read = |status: &Value| {
        let recoveries = &status["recoveries"];
        let shown = recoveries["items"].as_array().map_or(0, Vec::len);
        shown + recoveries["more"].as_u64().unwrap_or(0) as usize == OWNERS
    };
    page.until("the history is read", is_read).await;

    let seen = page.look("many-owners");
    assert!(seen.wide.html.len() < HEAVIEST, "{} bytes", seen.wide.html.len());
    assert!(seen.wide.elements < 5_000, "{} elements", seen.wide.elements);
    seen.say(&["and 9950 more", "macaque report"]);
    let json = page.get("/api/v1/status").unwrap();
    assert!(json.len() < HEAVIEST, "{} bytes", json.len());
}

/// The disruption of an owner of its own, a minute after the one before.
fn past(number: usize) -> PastDisruption {
    PastDisruption {
        minutes_ago: (OWNERS - number) as i64,
        owner: format!("app-{number:05}"),
        verdict: if number.is_multiple_of(100) {
            "unrecovered"
        } else {
            "recovered"
        },
        whole_ms: 2_000 + number as u64 * 7,
    }
}
