//! API servers and networks that misbehave while a recovery is followed: none of it makes a recovery that was not, and
//! none of it ends in anything but a verdict.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use kube_sandbox::Sandbox;
use kube_sandbox::scenario::deployment;
use macaque_core::recovery::{RecoveryPrecision, RecoveryReport, RecoveryVerdict};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse, RequestMatch};
use serde_json::json;

use super::fixture::RecoveryFixture;

const WATCH: &str = "watch=true";
/// How many events a flood has.
const FLOOD: u32 = 10_000;

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

/// Makes a pod ready or not, as a readiness probe does.
fn set_ready(sandbox: &Sandbox, pod: &str, is_ready: bool) {
    let mut object = sandbox.object("Pod", "shop", pod).unwrap();
    let conditions = object["status"]["conditions"].as_array_mut().unwrap();
    let ready = conditions
        .iter_mut()
        .find(|condition| condition["type"] == "Ready");
    let ready = ready.unwrap();
    ready["status"] = json!(if is_ready { "True" } else { "False" });
    ready["lastTransitionTime"] = json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    sandbox.apply(&[object]).unwrap();
}

/// Waits until the three pods are ready, and returns the name of one.
async fn whole_again(fixture: &RecoveryFixture) -> String {
    loop {
        let mut pods = fixture.pods("web-").await;
        pods.retain(|pod| pod.ready);
        if pods.len() == 3 {
            return pods.swap_remove(0).id.name;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Checks that the owner is said to have been whole since it was `again`, and not before.
fn check_whole_since(report: &RecoveryReport, again: Duration) {
    assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
    // The conditions of pods have whole seconds.
    let whole = Duration::from_millis(report.times.whole_ms.unwrap()) + Duration::from_secs(1);
    assert!(whole >= again, "not whole before {again:?}: {report:?}");
}

#[actix_rt::test]
async fn a_process_that_was_suspended_hears_what_happened_meanwhile_before_it_judges() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    let suspended = async {
        let pod = whole_again(&fixture).await;
        fixture.platform.sleep(Duration::from_secs(2)).await;
        // While this thread is blocked, nothing is read, and the five seconds pass.
        std::thread::sleep(Duration::from_secs(1));
        set_ready(&fixture.cluster.sandbox, &pod, false);
        std::thread::sleep(Duration::from_millis(500));
        set_ready(&fixture.cluster.sandbox, &pod, true);
        let again = accepted.at.elapsed();
        std::thread::sleep(Duration::from_secs(2));
        again
    };

    let (followed, again) = join(fixture.follow(&accepted), suspended).await;
    check_whole_since(&followed.report, again);
}

#[actix_rt::test]
async fn what_a_silent_watch_did_not_tell_the_list_at_the_end_shows() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    let mute = Fault::MuteStream(Duration::from_millis(1500));
    fixture.proxy.inject(RequestMatch::containing(WATCH).once(), mute);
    let relapse = async {
        let pod = whole_again(&fixture).await;
        fixture.platform.sleep(Duration::from_secs(3)).await;
        set_ready(&fixture.cluster.sandbox, &pod, false);
        fixture.platform.sleep(Duration::from_millis(500)).await;
        set_ready(&fixture.cluster.sandbox, &pod, true);
        accepted.at.elapsed()
    };

    let (followed, again) = join(fixture.follow(&accepted), relapse).await;
    check_whole_since(&followed.report, again);
}

#[actix_rt::test]
async fn a_flood_of_events_hides_nothing() {
    let fixture = three_of_web().await;
    let accepted = fixture.disrupt("web-").await;
    let flood = async {
        let pod = whole_again(&fixture).await;
        let sandbox = Arc::clone(&fixture.cluster.sandbox);
        set_ready(&sandbox, &pod, false);
        // On a thread of its own, it goes on while what came is read.
        let flood = std::thread::spawn(move || {
            for event in 0..FLOOD {
                let mut flooded = sandbox.object("Pod", "shop", &pod).unwrap();
                flooded["metadata"]["annotations"] = json!({ "flood": event.to_string() });
                sandbox.apply(&[flooded]).unwrap();
            }
            set_ready(&sandbox, &pod, true);
            accepted.at.elapsed()
        });
        while !flood.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        flood.join().unwrap()
    };

    let (followed, again) = join(fixture.follow(&accepted), flood).await;
    check_whole_since(&followed.report, again);
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
