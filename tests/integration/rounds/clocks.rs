//! Promises about clocks: one that is far from the API server's disrupts nobody.

use jiff::{SignedDuration, Timestamp};
use macaque::journal::JournalStore;
use macaque::platform::{Platform, SimulatedClock};
use macaque_core::report::{RoundEnd, RoundStatus};
use macaque_testkit::TestCluster;
use macaque_testkit::fault_proxy::{Fault, FaultProxy};

use super::fixture::{EVICTION, RoundFixture, two_apps};

/// A fixture whose API server's clock shows this much less than ours.
fn behind_us_by(seconds: i64) -> RoundFixture {
    let time = Timestamp::now() - SignedDuration::from_secs(seconds);
    // The pods are as old as our clock says.
    let fixture = RoundFixture::with(two_apps()).min_age(0);
    fixture.always("", Fault::date(time))
}

#[actix_rt::test]
async fn a_clock_that_is_an_hour_ahead_of_the_api_servers_disrupts_nobody() {
    for (seconds, side) in [(3600, "ahead of"), (-3600, "behind")] {
        let fixture = behind_us_by(seconds);
        let report = fixture.round().await;
        let RoundEnd::Failed { why } = &report.end else {
            panic!("{report:?}")
        };
        assert!(why.contains(side) && why.contains("correct one of them"), "{why}");
        assert_eq!(report.status(), RoundStatus::Failed);
        assert!(fixture.sent(EVICTION).is_empty());
    }
}

#[actix_rt::test]
async fn a_clock_that_is_a_few_seconds_off_is_good_enough() {
    let fixture = behind_us_by(20);
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
}

#[actix_rt::test]
async fn a_machine_that_slept_asks_for_the_servers_time_before_it_takes_its_clock_for_wrong() {
    let cluster = TestCluster::with(Vec::new());
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    cluster.reach_at(&proxy.url());
    let clock = SimulatedClock::starting_at(Timestamp::now());
    let platform = Platform::with_clock(1, clock.clone());
    let connection = cluster.connect(&platform).await;
    connection.version().await.unwrap();
    let writer = JournalStore::in_memory(1, &platform).on_demand().writer(1);

    clock.jump(SignedDuration::from_hours(8));
    let claim = writer.claim(platform.now(), 1);
    let error = writer.commit(&connection, &claim).await.unwrap_err();
    assert!(error.to_string().contains("correct one of them"), "{error}");

    // While a machine sleeps, the wall clocks go on, and its monotonic clock does not.
    proxy.inject("", Fault::date(platform.now()));
    writer.commit(&connection, &claim).await.unwrap();
}
