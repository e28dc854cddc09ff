//! What facts become: counters, histograms, and the gauges of the last round.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque::facts::{Fact, FactListener as _, MessageResult};
use macaque::metrics::{ExpositionFormat, MetricKind, MetricsConfig};
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_core::refusal::{Refusal, WebhookFault};
use macaque_core::report::{ExemptionTallies, RoundEnd, RoundReport};
use macaque_testkit::metrics::{armed, attempt, exempted, fill, hold, refused_by_budget, tried};
use macaque_testkit::notify::{recovery, round, stuck};

use super::{metrics, scrape, start, text};

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
fn a_round_has_the_verdict_that_its_report_and_its_log_line_have() {
    let why = || "a reason".to_owned();
    let unanswered = GuardHold {
        answer: HoldAnswer::CannotAnswer,
        ..hold("whole")
    };
    let ended = |end| RoundReport { end, ..round([]) };
    let dry_run = RoundReport {
        dry_run: true,
        ..round([("web-1", Outcome::DryRun)])
    };
    let withheld_after_a_refusal = RoundReport {
        end: RoundEnd::Withheld { why: why() },
        ..round([("web-1", refused_by_budget())])
    };
    let withheld_after_a_victim = RoundReport {
        end: RoundEnd::Withheld { why: why() },
        ..round([("web-1", Outcome::Evicted)])
    };
    let table = [
        (round([("web-1", Outcome::Evicted)]), "disrupted"),
        (withheld_after_a_victim, "disrupted"),
        (dry_run, "spared"),
        (round([("web-1", refused_by_budget())]), "refused"),
        (round([("web-1", Outcome::Gone)]), "refused"),
        (withheld_after_a_refusal, "refused"),
        (round([("web-1", Outcome::Held(hold("whole")))]), "held"),
        (ended(RoundEnd::Held(hold("whole"))), "held"),
        (ended(RoundEnd::Held(unanswered)), "unanswered"),
        (round([]), "idle"),
        (ended(RoundEnd::Withheld { why: why() }), "withheld"),
        (ended(RoundEnd::Interrupted), "failed"),
        (ended(RoundEnd::Failed { why: why() }), "failed"),
        (round([("web-1", Outcome::Unknown { why: why() })]), "failed"),
    ];

    for (report, verdict) in table {
        let metrics = metrics(&armed());
        metrics.note(Fact::RoundFinished(&report));

        let scrape = scrape(&metrics);
        let counted = scrape
            .of("macaque_rounds_total")
            .filter(|(_, value)| *value > 0.0);
        let counted: Vec<_> = counted
            .map(|(labels, value)| (labels["verdict"].as_str(), value))
            .collect();
        assert_eq!(counted, [(verdict, 1.0)], "{report:?}");
        assert_eq!(
            scrape.value("macaque_last_round_timestamp_seconds", []),
            Some(report.slot.as_second() as f64)
        );
    }
}

#[test]
fn a_victim_counts_by_its_outcome_and_a_refusal_by_whoever_refused() {
    let text = || "text".to_owned();
    let refused = |refusal| (Outcome::Refused(refusal), "refused");
    let webhook = Refusal::Webhook {
        name: text(),
        message: text(),
        temporary: false,
    };
    let webhook_failed = Refusal::WebhookFailed {
        name: text(),
        fault: WebhookFault::NoAnswer,
        message: text(),
    };
    let policy = Refusal::Policy {
        name: text(),
        binding: text(),
        message: text(),
    };
    let throttled = Refusal::Throttled {
        retry_after: Duration::from_secs(1),
    };
    let table = [
        ((Outcome::Evicted, "evicted"), None),
        ((Outcome::Deleted, "deleted"), None),
        ((Outcome::Gone, "gone"), None),
        ((Outcome::DryRun, "spared"), None),
        ((Outcome::Held(hold("whole")), "held"), None),
        ((Outcome::Unknown { why: text() }, "unknown"), None),
        ((refused_by_budget(), "refused"), Some("budget")),
        (refused(Refusal::SeveralBudgets), Some("budget")),
        (refused(webhook), Some("webhook")),
        (refused(webhook_failed), Some("webhook")),
        (refused(policy), Some("policy")),
        (refused(Refusal::NamespaceTerminating), Some("other")),
        (refused(Refusal::AcceptedButAlive), Some("other")),
        (refused(Refusal::InvalidPod { message: text() }), Some("other")),
        (refused(Refusal::NotNow { message: text() }), Some("other")),
        (refused(throttled), Some("other")),
    ];

    for ((outcome, word), by) in table {
        let metrics = metrics(&armed());
        metrics.note(Fact::VictimTried {
            slot: start(),
            seed: 1,
            method: DisruptionMethod::Delete,
            attempt: &attempt("shop", outcome.clone()),
            controller: None,
        });

        let scrape = scrape(&metrics);
        let labels = [("namespace", "shop"), ("method", "delete"), ("outcome", word)];
        assert_eq!(
            scrape.value("macaque_disruptions_total", labels),
            Some(1.0),
            "{outcome:?}"
        );
        let refusals = scrape
            .of("macaque_refusals_total")
            .filter(|(_, value)| *value > 0.0);
        let refusals: Vec<_> = refusals.map(|(labels, _)| labels["by"].as_str()).collect();
        assert_eq!(refusals, Vec::from_iter(by), "{outcome:?}");
    }
}

#[test]
fn a_namespace_that_rbac_forbids_counts_as_a_refusal() {
    let metrics = metrics(&armed());
    metrics.note(Fact::NamespaceForbidden("shop"));

    let by_rbac = [("namespace", "shop"), ("by", "rbac")];
    assert_eq!(
        scrape(&metrics).value("macaque_refusals_total", by_rbac),
        Some(1.0)
    );
}

#[test]
fn a_guard_counts_the_victims_and_the_rounds_that_it_held() {
    let metrics = metrics(&armed());
    let held_victim = round([("web-1", Outcome::Held(hold("whole")))]);
    for attempt in &held_victim.attempts {
        metrics.note(tried(attempt, start()));
    }
    metrics.note(Fact::RoundFinished(&held_victim));
    metrics.note(Fact::RoundFinished(&RoundReport {
        end: RoundEnd::Held(hold("error rate")),
        ..round([])
    }));

    let scrape = scrape(&metrics);
    for guard in ["whole", "error rate"] {
        let holds = scrape.value("macaque_guard_holds_total", [("guard", guard)]);
        assert_eq!(holds, Some(1.0), "{guard}");
    }
}

#[test]
fn the_gauges_of_a_round_show_the_last_one_and_no_earlier() {
    let metrics = metrics(&armed());
    let check = |candidates: &[(&str, usize)], exempted: &ExemptionTallies| {
        let candidates = candidates
            .iter()
            .map(|(namespace, count)| ((*namespace).to_owned(), *count));
        let candidates: BTreeMap<_, _> = candidates.collect();
        metrics.note(Fact::PodsChecked {
            candidates: &candidates,
            exempted,
        });
        scrape(&metrics)
    };
    let young = [("reason", "too-young")];

    let first = check(&[("shop", 3), ("bank", 1)], &exempted("too-young", 2));
    assert_eq!(
        first.value("macaque_candidates", [("namespace", "shop")]),
        Some(3.0)
    );
    assert_eq!(
        first.value("macaque_candidates", [("namespace", "bank")]),
        Some(1.0)
    );
    assert_eq!(first.value("macaque_exempted_pods", young), Some(2.0));
    // A namespace that is seen for the first time has all its counters from then on.
    assert_eq!(
        first.value(
            "macaque_recoveries_total",
            [("namespace", "bank"), ("verdict", "slow")]
        ),
        Some(0.0)
    );

    let second = check(&[("bank", 2)], &ExemptionTallies::new());
    assert_eq!(
        second.value("macaque_candidates", [("namespace", "shop")]),
        Some(0.0)
    );
    assert_eq!(
        second.value("macaque_candidates", [("namespace", "bank")]),
        Some(2.0)
    );
    assert_eq!(second.value("macaque_exempted_pods", young), Some(0.0));
}

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
fn messages_requests_and_restarts_count_by_what_became_of_them() {
    let metrics = metrics(&armed());
    for result in MessageResult::ALL {
        metrics.note(Fact::MessageHandled {
            channel: "slack",
            result,
        });
    }
    metrics.note(Fact::MessagesWaiting {
        channel: "slack",
        count: 7,
    });
    metrics.note(Fact::ActorRestarted("Killer"));
    metrics.note(Fact::SlotPlanned(Some(start())));
    for code in [Some(201), None] {
        metrics.note(Fact::RequestEnded {
            verb: "create",
            resource: "pods/eviction",
            code,
            took: Duration::from_millis(40),
        });
    }

    let scrape = scrape(&metrics);
    for result in MessageResult::ALL {
        let labels = [("channel", "slack"), ("result", result.as_str())];
        assert_eq!(scrape.value("macaque_notifications_total", labels), Some(1.0));
    }
    assert_eq!(
        scrape.value("macaque_notification_queue_length", [("channel", "slack")]),
        Some(7.0)
    );
    assert_eq!(
        scrape.value("macaque_actor_restarts_total", [("actor", "Killer")]),
        Some(1.0)
    );
    assert_eq!(
        scrape.value("macaque_actor_restarts_total", [("actor", "Clock")]),
        Some(0.0)
    );
    assert_eq!(
        scrape.value("macaque_next_slot_timestamp_seconds", []),
        Some(start().as_second() as f64)
    );
    for code in ["201", "none"] {
        let labels = [
            ("verb", "create"),
            ("resource", "pods/eviction"),
            ("code", code),
            ("le", "0.05"),
        ];
        let requests = scrape.value("macaque_api_request_duration_seconds_bucket", labels);
        assert_eq!(requests, Some(1.0), "{code}");
    }

    metrics.note(Fact::SlotPlanned(None));
    assert_eq!(
        super::scrape(&metrics).value("macaque_next_slot_timestamp_seconds", []),
        Some(0.0)
    );
}

#[test]
fn open_metrics_names_the_round_of_a_disruption_and_of_a_recovery_and_the_classic_text_does_not() {
    let metrics = metrics(&armed());
    fill(&metrics, start());

    let exemplar = "# {round=\"2027-03-01T09:30:00Z\"}";
    let open_metrics = text(&metrics, ExpositionFormat::OpenMetrics);
    for name in ["macaque_disruptions_total{", "macaque_recovery_seconds_bucket{"] {
        let mut lines = open_metrics.lines().filter(|line| line.starts_with(name));
        assert!(lines.any(|line| line.contains(exemplar)), "{open_metrics}");
    }
    assert!(open_metrics.ends_with("# EOF\n"));

    let classic = text(&metrics, ExpositionFormat::Classic);
    for absent in ["# {", "# EOF", "# UNIT", "_created", " info\n"] {
        assert!(!classic.contains(absent), "{absent}");
    }
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

#[test]
fn a_report_without_a_time_is_counted_and_not_observed() {
    let metrics = metrics(&armed());
    let mut report = recovery("web-1", RecoveryVerdict::Recovered);
    report.times.whole_ms = None;
    metrics.note(Fact::RecoveryReported(&RecoveryReport { ..report }));

    let scrape = scrape(&metrics);
    assert_eq!(scrape.of("macaque_recovery_seconds_count").count(), 0);
    let counted = [("namespace", "shop"), ("verdict", "recovered")];
    assert_eq!(scrape.value("macaque_recoveries_total", counted), Some(1.0));
}
