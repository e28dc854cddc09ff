//! What the text holds from the start: every metric, and every label set that is known.

use macaque::metrics::{MetricKind, MetricsConfig};
use macaque_testkit::metrics::{armed, fill};

use super::{metrics, scrape, start};

#[test]
fn every_label_set_that_is_known_at_the_start_is_there_at_0() {
    let scrape = scrape(&metrics(&armed()));

    let known = [
        ("macaque_rounds_total", 8),
        ("macaque_disruptions_total", 5),
        ("macaque_refusals_total", 5),
        ("macaque_recoveries_total", 8),
        ("macaque_guard_holds_total", 2),
        ("macaque_candidates", 1),
        ("macaque_disrupting", 1),
        ("macaque_last_disruption_timestamp_seconds", 1),
        ("macaque_notifications_total", 4),
        ("macaque_notification_queue_length", 1),
        ("macaque_actor_restarts_total", 2),
    ];
    for (name, count) in known {
        let values: Vec<_> = scrape.of(name).map(|(_, value)| value).collect();
        assert_eq!(values, vec![0.0; count], "{name}");
    }
    assert!(scrape.of("macaque_exempted_pods").count() > 20);
    assert_eq!(
        scrape.value("macaque_exempted_pods", [("reason", "cooldown")]),
        Some(0.0)
    );
}

#[test]
fn the_start_says_what_runs_here_and_that_nothing_happened_yet() {
    let scrape = scrape(&metrics(&armed()));
    let value = |name| scrape.value(name, []);

    let version = ("version", env!("CARGO_PKG_VERSION"));
    let build: Vec<_> = scrape.of("macaque_build_info").collect();
    assert!(
        matches!(build[..], [(labels, 1.0)] if labels["version"] == version.1),
        "{build:?}"
    );
    assert_eq!(value("macaque_armed"), Some(1.0));
    assert_eq!(value("macaque_paused"), Some(0.0));
    assert_eq!(value("macaque_journal_trusted"), Some(1.0));
    assert_eq!(value("macaque_last_round_timestamp_seconds"), Some(0.0));
    assert_eq!(value("macaque_next_slot_timestamp_seconds"), Some(0.0));
    assert_eq!(
        value("process_start_time_seconds"),
        Some(start().as_second() as f64)
    );
    assert_eq!(
        value("process_resident_memory_bytes").is_some_and(|bytes| bytes > 1e6),
        cfg!(target_os = "linux")
    );
}

#[test]
fn a_dry_run_waits_for_other_outcomes_than_a_disruption() {
    let dry_run = MetricsConfig {
        armed: false,
        ..armed()
    };
    let scrape = scrape(&metrics(&dry_run));

    let outcomes = scrape.of("macaque_disruptions_total");
    let outcomes: Vec<_> = outcomes.map(|(labels, _)| labels["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["gone", "held", "spared"]);
    assert_eq!(scrape.value("macaque_armed", []), Some(0.0));
}

#[test]
fn the_list_of_metrics_is_what_the_text_holds() {
    let metrics = metrics(&MetricsConfig {
        owners: true,
        ..armed()
    });
    fill(&metrics, start());
    let scrape = scrape(&metrics);

    let described: Vec<_> = metrics.descriptions().iter().map(|metric| metric.name).collect();
    let mut written: Vec<_> = scrape.families().keys().map(String::as_str).collect();
    if !cfg!(target_os = "linux") {
        written.push("process_resident_memory_bytes");
    }
    written.sort_by_key(|name| described.iter().position(|described| described == name));
    assert_eq!(written, described);

    for metric in metrics.descriptions() {
        let (kind, help) = &scrape.families()[metric.name];
        assert_eq!(
            (kind.as_str(), help.as_str()),
            (metric.kind.as_str(), &*format!("{}.", metric.help))
        );
        let series = match metric.kind {
            MetricKind::Histogram => format!("{}_sum", metric.name),
            MetricKind::Counter | MetricKind::Gauge => metric.name.to_owned(),
        };
        for (labels, _) in scrape.of(&series) {
            let labels: Vec<_> = labels.keys().map(String::as_str).collect();
            let mut expected = metric.labels.to_vec();
            expected.sort_unstable();
            assert_eq!(labels, expected, "{}", metric.name);
        }
    }
}
