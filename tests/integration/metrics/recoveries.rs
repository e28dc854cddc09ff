//! What becomes of the facts about recoveries: counters by verdict and by owner, and the histogram of their seconds.

use macaque::facts::{Fact, FactListener as _};
use macaque::metrics::MetricsConfig;
use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_testkit::metrics::{armed, attempt, tried};
use macaque_testkit::notify::{recovery, stuck};

use super::{metrics, scrape, start};

#[test]
fn a_recovery_is_observed_if_the_owner_is_whole_again_and_counted_in_any_case() {
    for verdict in RecoveryVerdict::ALL {
        let metrics = metrics(&armed());
        metrics.note(Fact::RecoveryReported(&recovery("web-1", verdict)));

        let scrape = scrape(&metrics);
        let counted = [("namespace", "shop"), ("verdict", verdict.as_str())];
        assert_eq!(scrape.value("macaque_recoveries_total", counted), Some(1.0));
        let owner = [("namespace", "shop"), ("owner_kind", "Deployment")];
        let observed = scrape.value("macaque_recovery_seconds_count", owner);
        assert_eq!(observed, verdict.is_recovered().then_some(1.0), "{verdict:?}");
    }
}

#[test]
fn a_recovery_falls_into_the_bucket_of_its_seconds() {
    let metrics = metrics(&armed());
    metrics.note(Fact::RecoveryReported(&recovery("web-1", RecoveryVerdict::Slow)));

    let scrape = scrape(&metrics);
    let bucket = |le| {
        let labels = [("namespace", "shop"), ("owner_kind", "Deployment"), ("le", le)];
        scrape.value("macaque_recovery_seconds_bucket", labels)
    };
    let bounds = [
        "1", "2.5", "5", "10", "15", "30", "60", "120", "300", "600", "+Inf",
    ];
    let counts = bounds.map(bucket).map(Option::unwrap);
    assert_eq!(counts, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
}

#[test]
fn a_recovery_that_goes_on_is_no_recovery() {
    let metrics = metrics(&armed());
    let before = scrape(&metrics);
    metrics.note(Fact::RecoveryReported(&stuck("web-1", "Unschedulable")));

    let of = "macaque_recoveries_total";
    assert!(scrape(&metrics).of(of).eq(before.of(of)));
}

#[test]
fn a_disruption_prepares_the_series_of_its_recovery() {
    let metrics = metrics(&MetricsConfig {
        owners: true,
        ..armed()
    });
    metrics.note(tried(&attempt("shop", Outcome::Evicted), start()));

    let scrape = scrape(&metrics);
    let kind = [("namespace", "shop"), ("owner_kind", "Deployment")];
    assert_eq!(scrape.value("macaque_recovery_seconds_count", kind), Some(0.0));
    let owner = [
        ("namespace", "shop"),
        ("owner", "deployment/web"),
        ("verdict", "unrecovered"),
    ];
    assert_eq!(scrape.value("macaque_owner_recoveries_total", owner), Some(0.0));
}

#[test]
fn recoveries_are_counted_by_owner_only_if_that_is_asked_for() {
    for owners in [true, false] {
        let metrics = metrics(&MetricsConfig { owners, ..armed() });
        metrics.note(Fact::RecoveryReported(&recovery(
            "web-1",
            RecoveryVerdict::Recovered,
        )));

        let owner = [
            ("namespace", "shop"),
            ("owner", "deployment/web"),
            ("verdict", "recovered"),
        ];
        let counted = scrape(&metrics).value("macaque_owner_recoveries_total", owner);
        assert_eq!(counted, owners.then_some(1.0));
        assert_eq!(
            metrics
                .descriptions()
                .iter()
                .any(|metric| metric.name == "macaque_owner_recoveries_total"),
            owners
        );
    }
}

#[test]
fn a_report_without_a_time_is_counted_and_not_observed() {
    let metrics = metrics(&armed());
    let mut report = recovery("web-1", RecoveryVerdict::Recovered);
    report.times.whole_ms = None;
    metrics.note(Fact::RecoveryReported(&report));

    let scrape = scrape(&metrics);
    assert_eq!(scrape.of("macaque_recovery_seconds_count").count(), 0);
    let counted = [("namespace", "shop"), ("verdict", "recovered")];
    assert_eq!(scrape.value("macaque_recoveries_total", counted), Some(1.0));
}
