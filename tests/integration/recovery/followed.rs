//! How a recovery is followed: by a watch or by lists, with or without the owner's scale.

use std::time::Duration;

use futures_util::future::{join, join_all};
use kube_sandbox::scenario::{daemon_set, deployment, stateful_set};
use macaque::recovery::RecoveryMeans;
use macaque_core::recovery::{RecoveryPrecision, RecoveryReport, RecoveryVerdict, WatchedSince};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::fixture::{Followed, RecoveryFixture, STEP};

const WATCH: &str = "watch=true";
const LIST: &str = "/pods?limit=";

fn shop() -> Vec<Value> {
    vec![
        deployment("shop", "web", 3),
        deployment("shop", "search", 2),
        stateful_set("shop", "db", 3),
        daemon_set("shop", "logs"),
    ]
}

/// Checks the phases: each has ended after the one before, and a pod took its time to become ready.
fn check_phases(report: &RecoveryReport) {
    let times = &report.times;
    let phases = [
        times.created_ms,
        times.scheduled_ms,
        times.ready_ms,
        times.whole_ms,
    ];
    assert!(phases.iter().all(Option::is_some), "{report:?}");
    assert!(phases.is_sorted(), "{report:?}");
    // The object's timestamps are whole seconds, so nothing finer is known of a recovery that is not watched.
    if report.precision == RecoveryPrecision::Watch {
        assert!(
            u128::from(times.whole_ms.unwrap()) >= STEP.as_millis(),
            "{report:?}"
        );
    }
}

fn verdict(followed: &Followed) -> RecoveryVerdict {
    followed.report.verdict.unwrap()
}

#[actix_rt::test]
async fn a_recovery_is_followed_by_a_watch_of_the_owners_pods_for_each_kind_of_owner() {
    let rows = [
        ("web-", Some("labelSelector=app%3Dweb")),
        ("db-", Some("labelSelector=app%3Ddb")),
        // A DaemonSet has no scale to tell its selector.
        ("logs-", None),
    ];
    let follow = async |(begin, selector): (&str, Option<&str>)| {
        let fixture = RecoveryFixture::with(shop()).await;
        let accepted = fixture.disrupt(begin).await;
        let followed = fixture.follow(&accepted).await;
        assert_eq!(
            verdict(&followed),
            RecoveryVerdict::Recovered,
            "{:?}",
            followed.report
        );
        assert_eq!(followed.report.precision, RecoveryPrecision::Watch);
        check_phases(&followed.report);

        let watches = fixture.requests_with(WATCH);
        assert!((1..=2).contains(&watches), "{begin}: {watches} watches");
        let narrowed = fixture.requests_with(selector.unwrap_or("labelSelector"));
        assert_eq!(narrowed > 0, selector.is_some(), "{begin}");
    };
    join_all(rows.map(follow)).await;
}

#[actix_rt::test]
async fn without_the_grant_to_watch_the_pods_are_listed_every_second_and_the_report_says_so() {
    let fixture = RecoveryFixture::with(shop()).await;
    fixture.deny("watch", "pods");
    let accepted = fixture.disrupt("web-").await;
    let followed = fixture.follow(&accepted).await;

    assert_eq!(verdict(&followed), RecoveryVerdict::Recovered);
    let precision = RecoveryPrecision::Poll { interval_ms: 1000 };
    assert_eq!(followed.report.precision, precision);
    check_phases(&followed.report);
    assert_eq!(fixture.requests_with(WATCH), 1, "a refusal is remembered");
    assert!(fixture.requests_with(LIST) >= 5);
}

#[actix_rt::test]
async fn where_many_recoveries_are_followed_the_pods_are_listed_every_ten_seconds() {
    let mut fixture = RecoveryFixture::with(shop()).await;
    fixture.means = RecoveryMeans::SlowPoll;
    let accepted = fixture.disrupt("web-").await;
    let before = fixture.requests_with(LIST);
    let followed = fixture.follow(&accepted).await;

    assert_eq!(verdict(&followed), RecoveryVerdict::Recovered);
    assert_eq!(fixture.requests_with(WATCH), 0);
    let lists = fixture.requests_with(LIST) - before;
    assert!((2..=4).contains(&lists), "{lists} lists");
}

#[actix_rt::test]
async fn without_a_scale_or_with_one_that_selects_other_pods_the_namespace_is_watched() {
    let denied = RecoveryFixture::with(shop()).await;
    denied.deny("get", "deployments.apps/scale");
    let misled = RecoveryFixture::with(shop()).await;
    let scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": { "name": "web" },
        "spec": { "replicas": 3 }, "status": { "replicas": 3, "selector": "app=nothing" },
    });

    let follow = async |fixture: &RecoveryFixture| {
        let accepted = fixture.disrupt("web-").await;
        let scale = ProxyResponse::json(200, &scale);
        if std::ptr::eq(fixture, &misled) {
            fixture.proxy.inject("/scale", Fault::Answer(scale));
        }
        let followed = fixture.follow(&accepted).await;
        assert_eq!(
            verdict(&followed),
            RecoveryVerdict::Recovered,
            "{:?}",
            followed.report
        );
        let watches = fixture.proxy.requests().into_iter();
        let mut watches = watches.filter(|request| request.is_watch());
        assert!(watches.all(|watch| !watch.target.contains("labelSelector")));
    };
    join_all([&denied, &misled].map(follow)).await;
}

#[actix_rt::test]
async fn an_owner_that_is_whole_already_when_its_recovery_is_adopted_was_not_watched() {
    let fixture = RecoveryFixture::with(shop()).await;
    let accepted = fixture.disrupt("web-").await;
    while fixture.pods("web-").await.iter().filter(|pod| pod.ready).count() < 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let followed = fixture
        .follow_until_stopped(&accepted, WatchedSince::Adoption)
        .await;
    assert_eq!(verdict(&followed.unwrap()), RecoveryVerdict::Unwatched);
}

#[actix_rt::test]
async fn a_request_to_stop_ends_the_following_at_once() {
    let fixture = RecoveryFixture::with(shop()).await;
    fixture.cluster.sandbox.pause();
    let accepted = fixture.disrupt("web-").await;
    let stop = async {
        while fixture.requests_with(WATCH) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fixture.switch.request();
    };
    let follow = fixture.follow_until_stopped(&accepted, WatchedSince::Acceptance);
    let (followed, ()) = join(follow, stop).await;
    assert!(followed.is_none());
}
