//! Promises about pauses: no replica charges another victim, from the very moment.

use std::sync::Arc;

use futures_util::FutureExt as _;
use kube_sandbox::scenario::deployment;
use macaque::failpoint::FailPoint;
use macaque::guards::FRESH;
use macaque::round::RoundResult;
use macaque_core::report::RoundEnd;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse, RequestMatch};
use serde_json::json;

use super::fixture::{JournalFixture, TestReplica, annotate};

#[actix_rt::test]
async fn a_pause_stops_every_replica_and_a_resumption_frees_them() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]);
    let replicas = [fixture.replica("a").await, fixture.replica("b").await];
    // Both have read the journal before the pause.
    replicas[0].reports(1).await;
    replicas[1].reports(2).await;
    fixture.annotate(Some("true"));

    for (replica, slot) in replicas.iter().zip(3..) {
        let why = replica.is_denied(slot).await;
        assert!(
            why.starts_with("paused by the annotation macaque/paused"),
            "{why}"
        );
    }

    assert_eq!(fixture.losses(), 2);
    fixture.annotate(None);
    replicas[0].reports(5).await;

    assert_eq!(fixture.losses(), 3);
}

#[actix_rt::test]
async fn a_pause_in_the_middle_of_a_round_stops_it_before_the_next_victim() {
    let objects = vec![
        deployment("shop", "web", 2),
        deployment("shop", "api", 2),
        deployment("shop", "db", 2),
    ];
    let fixture = Arc::new(JournalFixture::with(objects).count(3));
    let replica = fixture.replica("a").await;
    let result = runs_and_is_paused(&fixture, &replica, FailPoint::AfterResolve).await;

    assert!(super::fixture::disrupted(&result));
    assert_eq!(fixture.losses(), 1);
}

#[actix_rt::test]
async fn a_process_that_slept_after_its_reservation_disrupts_nobody_if_macaque_was_paused_meanwhile() {
    let fixture = Arc::new(JournalFixture::with(vec![deployment("shop", "web", 9)]));
    let replica = fixture.replica("a").await;
    let hand = Arc::clone(&fixture);
    let result = replica
        .runs_while(1, move |point| {
            if point == FailPoint::AfterReserve {
                annotate(&hand.cluster.sandbox, Some("true"));
                sleep_through();
            }
        })
        .await;

    is_withheld_by_the_pause(&result);
    assert_eq!(fixture.losses(), 0);
    fixture.annotate(None);
    replica.reports(2).await;
    assert_eq!(fixture.losses(), 1, "the reservation was released");
}

#[actix_rt::test]
async fn a_throttled_request_is_not_sent_again_if_macaque_was_paused_meanwhile() {
    let fixture = Arc::new(JournalFixture::with(vec![deployment("shop", "web", 9)]));
    let proxy = FaultProxy::start(&fixture.cluster.sandbox.url());
    fixture.cluster.reach_at(&proxy.url());
    let throttle = ProxyResponse::new(429, "Too many requests, please try again later.\n").retry_after(1);
    proxy.inject(
        RequestMatch::containing("/eviction").once(),
        Fault::Answer(throttle),
    );

    let replica = fixture.replica("a").await;
    let result = runs_and_is_paused(&fixture, &replica, FailPoint::AfterReserve).await;

    is_withheld_by_the_pause(&result);
    let requests = proxy.requests().into_iter();
    let evictions = requests.filter(|request| request.line().contains("/eviction"));
    assert_eq!((evictions.count(), fixture.losses()), (1, 0));
    fixture.annotate(None);
    replica.reports(2).await;
    assert_eq!(fixture.losses(), 1, "the reservation was released");
}

/// The replica runs its first slot, and somebody pauses macaque at this point.
async fn runs_and_is_paused(
    fixture: &Arc<JournalFixture>,
    replica: &TestReplica,
    pause: FailPoint,
) -> RoundResult {
    let hand = Arc::clone(fixture);
    replica
        .runs_while(1, move |point| {
            if point == pause {
                annotate(&hand.cluster.sandbox, Some("true"));
            }
        })
        .await
}

fn is_withheld_by_the_pause(result: &RoundResult) {
    let RoundResult::Reported { report, .. } = result else {
        panic!("{result:?}")
    };
    match &report.end {
        RoundEnd::Withheld { why } => assert!(why.starts_with("paused by the annotation"), "{why}"),
        end => panic!("{end:?}"),
    }
}

/// The process is suspended for as long as the answers of the guards count as fresh.
fn sleep_through() {
    tokio::time::pause();
    // Its first poll moves the clock.
    assert_eq!(tokio::time::advance(FRESH).now_or_never(), None);
    tokio::time::resume();
}

#[actix_rt::test]
async fn a_pause_holds_until_its_instant_and_no_longer() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]);
    let replica = fixture.replica("a").await;
    fixture.annotate(Some("2099-01-01T00:00:00Z"));
    let why = replica.is_denied(1).await;
    assert!(why.starts_with("paused until 2099-01-01T00:00:00Z"), "{why}");
    fixture.annotate(Some("2020-01-01T00:00:00Z"));
    replica.reports(2).await;
    assert_eq!(fixture.losses(), 1);
}

#[actix_rt::test]
async fn a_reason_by_hand_is_shown_as_one_line_and_changes_nothing_but_the_words() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]);
    let replica = fixture.replica("a").await;
    let long = "x".repeat(5_000);
    fixture.annotate_all(json!({"macaque/paused-by": "jane", "macaque/paused-reason": long}));
    replica.reports(1).await;
    assert_eq!(fixture.losses(), 1, "a reason alone is no pause");

    fixture.annotate_all(json!({
        "macaque/paused": "true", "macaque/paused-by": "jane\n", "macaque/paused-reason": "INC\r\n-4711\u{202e}",
    }));
    let why = replica.is_denied(2).await;
    assert!(why.starts_with("paused by jane: INC -4711"), "{why}");

    fixture.annotate_all(json!({"macaque/paused": "true", "macaque/paused-reason": long}));
    let why = replica.is_denied(3).await;
    assert!(why.len() < 600, "{} characters", why.len());
    assert!(why.ends_with("`macaque resume` lifts it"), "{why}");

    fixture.annotate(None);
    replica.reports(4).await;
    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn a_pause_that_nobody_can_read_is_a_pause() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]);
    for (value, slot) in ["yes", "", "2h", "TRUE"].into_iter().zip(1..) {
        fixture.annotate(Some(value));
        let why = fixture.replica("a").await.is_denied(slot).await;
        assert!(
            why.contains(&format!("{value:?} is neither true nor an instant")),
            "{why}"
        );
    }

    assert_eq!(fixture.losses(), 0);
}
