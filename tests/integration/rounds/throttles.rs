//! An API server that asks to be left alone: macaque waits as asked, within bounds, and counts it against nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube_sandbox::scenario::stateful_set;
use macaque_core::outcome::Outcome;
use macaque_core::refusal::Refusal;
use macaque_core::report::{RoundEnd, RoundStatus};

use super::fixture::{EVICTION, RoundFixture};
use super::{failure, outcomes};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

/// What the API server's flow control sends: no Status, only text.
fn throttle(seconds: u32) -> ProxyResponse {
    ProxyResponse::new(429, "Too many requests, please try again later.\n")
        .with_content_type("text/plain; charset=utf-8")
        .retry_after(seconds)
}

fn db() -> RoundFixture {
    RoundFixture::with(vec![stateful_set("shop", "db", 1)])
}

#[actix_rt::test]
async fn a_throttled_eviction_waits_as_asked_and_is_sent_once_more() {
    let fixture = db().unhurried().once(EVICTION, Fault::Answer(throttle(1)));
    let begun = Instant::now();
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["statefulset/db: evicted"]);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(fixture.sent(EVICTION).len(), 2);
}

#[actix_rt::test]
async fn a_throttle_that_lasts_is_given_up_and_no_budget_is_blamed() {
    let fixture = db().attempts(5).always(EVICTION, Fault::Answer(throttle(1)));
    let report = fixture.round().await;
    let retry_after = Duration::from_secs(1);

    assert_eq!(
        report.attempts[0].outcome,
        Outcome::Refused(Refusal::Throttled { retry_after })
    );

    let why = "the API server kept throttling".to_owned();
    assert_eq!(
        (report.status(), &report.end),
        (RoundStatus::Failed, &RoundEnd::Failed { why })
    );
    assert_eq!(
        fixture.sent(EVICTION).len(),
        4,
        "once, and once more after each of three pauses"
    );
}

#[actix_rt::test]
async fn a_stop_ends_the_wait_of_a_throttle_at_once() {
    let fixture = db().once(EVICTION, Fault::Answer(throttle(30)));
    let switch = Arc::clone(&fixture.switch);
    actix_rt::spawn(async move {
        actix_rt::time::sleep(Duration::from_millis(300)).await;
        switch.request();
    });
    let begun = Instant::now();
    let report = fixture.round().await;

    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(
        (fixture.sent(EVICTION).len(), &report.end),
        (1, &RoundEnd::Interrupted)
    );
    assert!(matches!(
        report.attempts[0].outcome,
        Outcome::Refused(Refusal::Throttled { .. })
    ));
}

#[actix_rt::test]
async fn a_throttled_list_waits_as_asked_and_is_asked_for_again() {
    let fixture = db().unhurried().once("/pods?", Fault::Answer(throttle(1)));
    let begun = Instant::now();
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: evicted"]);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(fixture.sent("/pods?").len(), 2);
}

#[actix_rt::test]
async fn a_throttled_fetch_waits_as_asked_and_is_asked_for_again() {
    let fixture = db().once(
        "GET /api/v1/namespaces/shop/pods/db-0",
        Fault::Answer(throttle(1)),
    );
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: evicted"]);
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn a_list_that_stays_throttled_fails_the_round_after_three_tries() {
    let fixture = db().always("/pods?", Fault::Answer(throttle(1)));
    let report = fixture.round().await;
    let why = "list pods in shop: the API server is busy and asked to wait 1 s";
    assert_eq!((failure(&report), report.status()), (why, RoundStatus::Failed));
    assert_eq!(fixture.sent("").len(), 3);
}
