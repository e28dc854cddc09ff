//! Lists of many pages, pages that expire or break off, and an API server that is not there.

use std::sync::Arc;

use kube_sandbox::scenario::deployment;
use macaque::notify::RoundMessage;
use macaque_core::report::RoundStatus;
use serde_json::{Value, json};

use super::failure;
use super::fixture::{EVICTION, RoundFixture, two_apps};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

/// What the request of a second page holds in its first line.
const NEXT_PAGE: &str = "continue=";

/// More pods than a page holds, of six owners.
fn many_pods() -> Vec<Value> {
    ["a", "b", "c", "d", "e", "f"]
        .map(|app| deployment("shop", app, 200))
        .to_vec()
}

fn expired() -> ProxyResponse {
    let message = "The provided continue parameter is too old to display a consistent list result.";
    ProxyResponse::failure(410, message, json!({ "reason": "Expired" }))
}

#[actix_rt::test]
async fn every_page_is_read_and_every_pod_seen() {
    let fixture = RoundFixture::with(many_pods()).count(9);
    let report = fixture.round().await;
    assert_eq!(
        (report.listed, report.candidates, report.attempts.len()),
        (1200, 1200, 6)
    );

    let pages = fixture.sent("/pods?");
    assert_eq!(pages.len(), 3);
    assert!(pages.iter().all(|page| page.line().contains("limit=500")));
}

#[actix_rt::test]
async fn a_list_that_expires_goes_on_from_the_token_it_is_given() {
    let fixture = RoundFixture::with(many_pods());
    let sandbox = Arc::clone(&fixture.sandbox);
    let fixture = fixture.meanwhile(NEXT_PAGE, move || sandbox.compact());
    let report = fixture.round().await;
    assert_eq!((report.listed, report.status()), (1200, RoundStatus::Disrupted));
    assert_eq!(fixture.sent("/pods?").len(), 4);
}

#[actix_rt::test]
async fn a_list_that_expires_without_a_token_starts_anew_and_counts_nobody_twice() {
    let fixture = RoundFixture::with(many_pods()).once(NEXT_PAGE, Fault::Answer(expired()));
    let report = fixture.round().await;
    assert_eq!((report.listed, report.candidates), (1200, 1200));
    assert_eq!(fixture.sent("/pods?").len(), 5);
}

#[actix_rt::test]
async fn a_list_that_keeps_expiring_fails_the_round() {
    let fixture = RoundFixture::with(many_pods()).always(NEXT_PAGE, Fault::Answer(expired()));
    let report = fixture.round().await;
    let why = "list pods in shop: unexpected answer: the list expired between two pages too often";
    assert_eq!(failure(&report), why);
    assert_eq!(fixture.sent("/pods?").len(), 7, "read from the start three times");
    assert!(fixture.sent(EVICTION).is_empty());
}

#[actix_rt::test]
async fn half_a_page_is_asked_for_again() {
    let fixture = RoundFixture::with(two_apps()).once("/pods?", Fault::Truncate);
    let report = fixture.round().await;
    assert_eq!((report.listed, report.status()), (4, RoundStatus::Disrupted));
    assert_eq!(fixture.sent("/pods?").len(), 2);
}

#[actix_rt::test]
async fn a_page_that_is_no_list_fails_the_round_in_words() {
    let login = ProxyResponse::new(200, "<html>Please log in</html>").with_content_type("text/html");
    let report = RoundFixture::with(two_apps())
        .always("/pods?", Fault::Answer(login))
        .round()
        .await;
    let why = failure(&report);

    assert!(
        why.starts_with("list pods in shop: unexpected answer: not what was asked for"),
        "{why}"
    );
    assert!(
        why.ends_with(
            "<html>Please log in</html>; check that it is the address of a Kubernetes API server, with its path if it has one"
        ),
        "{why}"
    );
}

#[actix_rt::test]
async fn an_api_server_that_is_away_fails_the_round_and_is_named() {
    let fixture = RoundFixture::with(two_apps()).away();
    let report = fixture.round().await;
    let why = failure(&report);

    assert!(
        why.starts_with("list pods in shop: no answer from the API server at 127.0.0.1:"),
        "{why}"
    );
    assert!(
        why.ends_with(": connection refused; check that the API server runs at that address"),
        "{why}"
    );
    assert_eq!(report.status(), RoundStatus::Failed);
    assert_eq!(RoundMessage::of(&report).headline, format!("round failed: {why}"));
}

#[actix_rt::test]
async fn an_api_server_that_is_away_for_a_moment_is_asked_again() {
    let fixture = RoundFixture::with(two_apps()).once("/pods?", Fault::DropBefore);
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
}
