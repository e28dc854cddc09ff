//! What facts become: counters, histograms, and the gauges of the last round.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque::facts::{Fact, FactListener as _, MessageResult};
use macaque::metrics::ExpositionFormat;
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::refusal::{Refusal, WebhookFault};
use macaque_core::report::{ExemptionTallies, RoundEnd, RoundReport};
use macaque_testkit::metrics::{armed, attempt, exempted, fill, hold, refused_by_budget, tried};
use macaque_testkit::notify::round;

use super::{metrics, scrape, start, text};

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
