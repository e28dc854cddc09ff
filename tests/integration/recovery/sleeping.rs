//! A machine that sleeps while a recovery is followed, and one whose clock is set: only the first has missed anything.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::scenario::deployment;
use macaque_core::recovery::{RecoveryPrecision, RecoveryReport, RecoveryVerdict};
use macaque_testkit::fault_proxy::{Fault, RequestMatch};

use super::fixture::{Accepted, RecoveryFixture};

/// How long it sleeps, or by how much its clock is set.
const LENGTH: SignedDuration = SignedDuration::from_mins(10);

/// A fixture, and a victim whose owner is whole again.
async fn recovered() -> (RecoveryFixture, Accepted) {
    let fixture = RecoveryFixture::with(vec![deployment("shop", "web", 3)]).await;
    let accepted = fixture.disrupt("web-").await;
    loop {
        let pods = fixture.pods("web-").await;
        if pods.iter().filter(|pod| pod.ready).count() == 3 {
            return (fixture, accepted);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// From now on, the answers bear the time at which the machine has slept.
fn date_answers_after_sleep(fixture: &RecoveryFixture) {
    for request in ["/version", "limit="] {
        fixture
            .proxy
            .inject(request, Fault::date(Timestamp::now() + LENGTH));
    }
}

/// Checks that nobody is said to have seen the recovery, and how long after the disruption the owner was looked at.
fn check_whole_when_looked_at_after_sleep(report: RecoveryReport) {
    assert_eq!(report.verdict, Some(RecoveryVerdict::Unwatched), "{report:?}");
    let why = report.why.unwrap();
    assert!(
        why.contains("was whole already when it was looked at, 10 min"),
        "{why}"
    );
}

#[actix_rt::test]
async fn a_machine_that_slept_says_that_it_saw_no_recovery_and_not_that_it_was_quick() {
    let (fixture, accepted) = recovered().await;
    fixture.clock.jump(LENGTH);
    date_answers_after_sleep(&fixture);

    let report = fixture.follow(&accepted).await.report;
    check_whole_when_looked_at_after_sleep(report);
}

#[actix_rt::test]
async fn a_machine_that_slept_while_an_answer_was_on_its_way_does_not_take_the_answers_time_for_now() {
    let (fixture, accepted) = recovered().await;
    let asleep = fixture.clock.clone();
    let sleep = Fault::rewrite_response(move |_| asleep.jump(LENGTH));
    fixture
        .proxy
        .inject(RequestMatch::containing("limit=").once(), sleep);
    fixture.pods("web-").await;
    let found = fixture.found(&accepted);
    date_answers_after_sleep(&fixture);

    let report = fixture.follow_victim(&found).await.unwrap().report;
    check_whole_when_looked_at_after_sleep(report);
}

#[actix_rt::test]
async fn a_clock_that_is_set_changes_nothing_of_a_recovery() {
    for by in [LENGTH, -LENGTH] {
        let (fixture, accepted) = recovered().await;
        fixture.clock.jump(by);

        let report = fixture.follow(&accepted).await.report;
        assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
        assert_ne!(report.precision, RecoveryPrecision::Approximate);
    }
}

#[actix_rt::test]
async fn only_an_answer_that_comes_soon_shows_that_the_machine_was_awake() {
    for (late_answers, verdict) in [(2, RecoveryVerdict::Recovered), (3, RecoveryVerdict::Unwatched)] {
        let (fixture, accepted) = recovered().await;
        fixture.clock.jump(LENGTH);
        let version = RequestMatch::containing("/version").times(late_answers);
        let late = Fault::Delay(Duration::from_millis(2100));
        fixture.proxy.inject(version, late);

        let report = fixture.follow(&accepted).await.report;
        assert_eq!(report.verdict, Some(verdict), "{report:?}");
    }
}
