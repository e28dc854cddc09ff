//! API servers and networks that misbehave while a recovery is followed: none of it makes a recovery that was not, and
//! none of it ends in anything but a verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all};
use kube_sandbox::scenario::deployment;
use macaque_core::recovery::{RecoveryPrecision, RecoveryVerdict};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse, RequestMatch};
use serde_json::json;

use super::fixture::RecoveryFixture;

const WATCH: &str = "watch=true";

async fn three_of_web() -> RecoveryFixture {
    RecoveryFixture::with(vec![deployment("shop", "web", 3)]).await
}

#[actix_rt::test]
async fn whatever_a_watch_answers_the_lists_between_show_the_recovery() {
    let expired = json!({ "type": "ERROR", "object": { "kind": "Status", "code": 410 } });
    let faults = [
        Fault::CutStream(Duration::from_millis(100)),
        Fault::DropBefore,
        Fault::Answer(ProxyResponse::failure(
            410,
            "too old",
            json!({ "reason": "Expired" }),
        )),
        Fault::Answer(ProxyResponse::new(200, format!("{expired}\n"))),
        Fault::Answer(ProxyResponse::new(200, "garbage\n")),
        Fault::Answer(ProxyResponse::new(502, "<html>bad gateway</html>")),
        Fault::Answer(ProxyResponse::new(200, "")),
        Fault::Answer(ProxyResponse::failure(
            429,
            "busy",
            json!({ "reason": "TooManyRequests" }),
        )),
    ];
    let follow = async |(number, fault): (usize, Fault)| {
        let fixture = three_of_web().await;
        let accepted = fixture.disrupt("web-").await;
        fixture.proxy.inject(WATCH, fault);
        let report = fixture.follow(&accepted).await.report;
        let verdict = report.verdict.unwrap();
        assert_eq!(verdict, RecoveryVerdict::Recovered, "{number}: {report:?}");
        let watches = fixture.requests_with(WATCH);
        assert!((2..=20).contains(&watches), "{number}: pauses grow, {watches}");
    };
    join_all(faults.into_iter().enumerate().map(follow)).await;
}

#[actix_rt::test]
async fn a_single_fault_of_the_watch_costs_one_more_list_and_no_precision() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    let gone = ProxyResponse::failure(410, "too old", json!({ "reason": "Expired" }));
    fixture
        .proxy
        .inject(RequestMatch::containing(WATCH).once(), Fault::Answer(gone));

    let report = fixture.follow(&accepted).await.report;
    assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
    assert_eq!(report.precision, RecoveryPrecision::Watch);
}

#[actix_rt::test]
async fn a_watch_that_falls_silent_is_noticed_and_the_times_are_not_called_precise() {
    let objects = vec![deployment("shop", "web", 3)];
    let fixture = RecoveryFixture::with_silence(objects, Duration::from_secs(7)).await;
    let accepted = fixture.disrupt("web-").await;
    fixture
        .proxy
        .inject(WATCH, Fault::MuteStream(Duration::from_millis(100)));

    let report = fixture.follow(&accepted).await.report;
    assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
    assert_ne!(report.precision, RecoveryPrecision::Watch);
}

#[actix_rt::test]
async fn a_flood_of_events_hides_nothing() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    let sibling = fixture.pods("web-").await.swap_remove(0).id.name;
    let over = Arc::new(AtomicBool::new(false));

    let sandbox = Arc::clone(&fixture.cluster.sandbox);
    let is_over = Arc::clone(&over);
    let flood = std::thread::spawn(move || {
        let mut pod = sandbox.object("Pod", "shop", &sibling).unwrap();
        let mut events = 0_u32;
        while !is_over.load(Ordering::Relaxed) {
            pod["metadata"]["annotations"] = json!({ "flood": events.to_string() });
            sandbox.apply(&[pod.clone()]).unwrap();
            events += 1;
        }
        events
    });
    let report = fixture.follow(&accepted).await.report;
    over.store(true, Ordering::Relaxed);
    let events = flood.join().unwrap();

    assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
    assert!(events > 10_000, "{events} events");
}

#[actix_rt::test]
async fn a_server_that_is_away_for_a_while_delays_the_verdict_and_no_more() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    fixture.proxy.inject("", Fault::DropBefore);
    let back = async {
        while fixture.requests_with("/pods") < 6 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        fixture.proxy.clear();
    };

    let (followed, ()) = join(fixture.follow(&accepted), back).await;
    let report = followed.report;
    assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
    assert_ne!(report.precision, RecoveryPrecision::Watch);
}

#[actix_rt::test]
async fn of_a_server_that_stays_away_the_recovery_ends_as_unwatched_five_minutes_past_its_timeout() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    fixture.proxy.inject("", Fault::DropBefore);

    // Nothing is waited for but a server that never answers.
    tokio::time::pause();
    let began = fixture.platform.monotonic();
    let report = fixture.follow(&accepted).await.report;
    let took = fixture.platform.monotonic() - began;
    tokio::time::resume();

    assert_eq!(report.verdict, Some(RecoveryVerdict::Unwatched), "{report:?}");
    let given = fixture.timeout + Duration::from_secs(300);
    assert!(took <= given + Duration::from_secs(1), "{took:?}");
    let requests = fixture.requests_with("/pods");
    assert!(requests < 200, "pauses grow: {requests} requests");
}
