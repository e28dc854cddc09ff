//! Promises about clocks: one that is far from the API server's disrupts nobody.

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use macaque_core::report::{RoundEnd, RoundStatus};

use super::fixture::{EVICTION, RoundFixture, two_apps};
use macaque_testkit::fault_proxy::Fault;

/// A fixture whose API server's clock shows this much less than ours.
fn behind_us_by(seconds: i64) -> RoundFixture {
    let date = Timestamp::now() - SignedDuration::from_secs(seconds);
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
    RoundFixture::with(two_apps()).always("", Fault::header("date", &date))
}

#[actix_rt::test]
async fn a_clock_that_is_an_hour_ahead_of_the_api_servers_disrupts_nobody() {
    for (seconds, side) in [(3600, "ahead of"), (-3600, "behind")] {
        let fixture = behind_us_by(seconds);
        let report = fixture.round().await;
        let RoundEnd::Withheld { why } = &report.end else {
            panic!("{report:?}")
        };
        assert!(why.contains(side) && why.contains("correct one of them"), "{why}");
        assert_eq!(report.status(), RoundStatus::Refused);
        assert!(fixture.sent(EVICTION).is_empty());
    }
}

#[actix_rt::test]
async fn a_clock_that_is_a_few_seconds_off_is_good_enough() {
    let fixture = behind_us_by(20);
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
}
