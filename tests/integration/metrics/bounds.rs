//! However many names there are, and however they are written, the text stays bounded and can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use macaque::facts::{Fact, FactListener as _, MessageResult};
use macaque::metrics::{ExpositionFormat, MAX_NAMESPACES, MAX_OWNERS, Metrics, MetricsConfig};
use macaque_core::outcome::Outcome;
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_core::report::{ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};
use macaque_testkit::metrics::{armed, attempt, exempted, hold, refused_by_budget, tried};
use macaque_testkit::notify::{recovery, round};
use macaque_testkit::scrape::Scrape;
use proptest::prelude::*;

use super::{metrics, scrape, start, text};

/// Namespaces of which each shows as itself, and all the others as one.
const NAMESPACES: usize = MAX_NAMESPACES + 1;
/// Kinds of owners, in the same way.
const KINDS: usize = 11;
/// Statuses, in the same way, and none.
const CODES: usize = 22;
/// Of a histogram: the buckets, the sum and the count.
const RECOVERY_SERIES: usize = 13;
const REQUEST_SERIES: usize = 14;
/// The verbs and resources that requests of this test have.
const REQUESTS: usize = 2;
/// The series of what is not counted by namespace, with the names that the configuration of this test has.
const FEW: usize = 100;
/// Of one namespace: outcomes by method, refusals, recoveries, three gauges.
const OF_NAMESPACE: usize = 2 * 7 + 5 + 8 + 3;

const MOST_SERIES: usize = NAMESPACES * (OF_NAMESPACE + KINDS * RECOVERY_SERIES)
    + 8 * (MAX_OWNERS + NAMESPACES)
    + REQUESTS * CODES * REQUEST_SERIES
    + FEW;

/// A fact with a name that somebody chose.
#[derive(Debug, Clone)]
enum NamedFact {
    PodsChecked(BTreeSet<String>),
    Exempted(String),
    Tried {
        namespace: String,
        guard: Option<String>,
    },
    Forbidden(String),
    RoundHeld(String),
    Recovered {
        namespace: String,
        kind: String,
        owner: String,
    },
    Requested(u16),
    Sent(String),
    Waiting(String),
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}",
        Just("shop".to_owned()),
        any::<String>(),
        Just("\"} 1\n# EOF\nmacaque_armed 1\n".to_owned()),
        Just("x".repeat(5_000)),
        Just("_other".to_owned()),
    ]
}

fn named_facts() -> impl Strategy<Value = NamedFact> {
    let many = (0..600_usize, names()).prop_map(|(count, name)| {
        let many = (0..count).map(|number| format!("{name}-{number}"));
        NamedFact::PodsChecked(many.collect())
    });
    prop_oneof![
        many,
        prop::collection::btree_set(names(), 0..4).prop_map(NamedFact::PodsChecked),
        names().prop_map(NamedFact::Exempted),
        (names(), prop::option::of(names()))
            .prop_map(|(namespace, guard)| NamedFact::Tried { namespace, guard }),
        names().prop_map(NamedFact::Forbidden),
        names().prop_map(NamedFact::RoundHeld),
        (names(), names(), names()).prop_map(|(namespace, kind, owner)| NamedFact::Recovered {
            namespace,
            kind,
            owner,
        }),
        any::<u16>().prop_map(NamedFact::Requested),
        names().prop_map(NamedFact::Sent),
        names().prop_map(NamedFact::Waiting),
    ]
}

fn publish(metrics: &Metrics, fact: &NamedFact) {
    let none = BTreeMap::new();
    match fact {
        NamedFact::PodsChecked(namespaces) => metrics.note(Fact::PodsChecked {
            candidates: &namespaces.iter().map(|name| (name.clone(), 1)).collect(),
            exempted: &ExemptionTallies::new(),
        }),
        NamedFact::Exempted(reason) => {
            let tally: Vec<ExemptionTally> = exempted("too-young", 1).into_values().collect();
            metrics.note(Fact::PodsChecked {
                candidates: &none,
                exempted: &tally.into_iter().map(|tally| (reason.clone(), tally)).collect(),
            });
        }
        NamedFact::Tried { namespace, guard } => {
            let held = guard.as_deref().map(|guard| Outcome::Held(hold(guard)));
            let attempt = attempt(namespace, held.unwrap_or_else(refused_by_budget));
            metrics.note(tried(&attempt, start()));
        }
        NamedFact::Forbidden(namespace) => metrics.note(Fact::NamespaceForbidden(namespace)),
        NamedFact::RoundHeld(guard) => metrics.note(Fact::RoundFinished(&RoundReport {
            end: RoundEnd::Held(hold(guard)),
            ..round([])
        })),
        NamedFact::Recovered {
            namespace,
            kind,
            owner,
        } => {
            metrics.note(Fact::RecoveryReported(&recovered(namespace, kind, owner)));
        }
        NamedFact::Requested(code) => metrics.note(Fact::RequestEnded {
            verb: "get",
            resource: "pods",
            code: Some(*code),
            took: Duration::from_millis(u64::from(*code)),
        }),
        NamedFact::Sent(channel) => metrics.note(Fact::MessageHandled {
            channel,
            result: MessageResult::Sent,
        }),
        NamedFact::Waiting(channel) => metrics.note(Fact::MessagesWaiting { channel, count: 1 }),
    }
}

fn recovered(namespace: &str, kind: &str, owner: &str) -> RecoveryReport {
    let report = recovery("web-1", RecoveryVerdict::Recovered);
    RecoveryReport {
        pod: PodRef {
            namespace: namespace.to_owned(),
            ..report.pod
        },
        owner: PodOwner {
            kind: kind.to_owned(),
            name: owner.to_owned(),
        },
        ..report
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_facts_keep_the_text_readable_and_the_number_of_series_bounded(
        facts in prop::collection::vec(named_facts(), 1..40),
    ) {
        let metrics = metrics(&MetricsConfig { owners: true, ..armed() });
        for fact in &facts {
            publish(&metrics, fact);
        }

        let classic = Scrape::read(&text(&metrics, ExpositionFormat::Classic));
        prop_assert!(classic.series().len() <= MOST_SERIES, "{}", classic.series().len());
        for (name, labels) in classic.series().keys() {
            prop_assert!(labels.values().all(|value| value.len() <= 512), "{name}");
        }
        // The same series in the same words, but for the exemplars and the last line.
        let open_metrics = text(&metrics, ExpositionFormat::OpenMetrics);
        let samples = open_metrics.lines().filter(|line| !line.starts_with('#')).count();
        prop_assert_eq!(samples, classic.series().len());
    }
}

#[test]
fn the_namespaces_beyond_the_limit_count_together() {
    let metrics = metrics(&MetricsConfig {
        namespaces: Vec::new(),
        ..armed()
    });
    let namespaces = (0..10_000).map(|number| (format!("team-{number:05}"), 3));
    let candidates: BTreeMap<_, _> = namespaces.collect();
    metrics.note(Fact::PodsChecked {
        candidates: &candidates,
        exempted: &ExemptionTallies::new(),
    });

    let scrape = scrape(&metrics);
    let others = 3 * (10_000 - MAX_NAMESPACES);
    assert_eq!(scrape.of("macaque_candidates").count(), NAMESPACES);
    assert_eq!(
        scrape.value("macaque_candidates", [("namespace", "_other")]),
        Some(others as f64)
    );
    let all: f64 = scrape.of("macaque_candidates").map(|(_, value)| value).sum();
    assert_eq!(all, 30_000.0);
}

#[test]
fn the_owners_beyond_the_limit_count_together() {
    let metrics = metrics(&MetricsConfig {
        owners: true,
        ..armed()
    });
    for number in 0..MAX_OWNERS + 25 {
        let report = recovered("shop", "Deployment", &format!("web-{number}"));
        metrics.note(Fact::RecoveryReported(&report));
    }

    let others = [
        ("namespace", "shop"),
        ("owner", "_other"),
        ("verdict", "recovered"),
    ];
    let counted = scrape(&metrics).value("macaque_owner_recoveries_total", others);
    assert_eq!(counted, Some(25.0));
}

#[test]
fn a_guard_a_channel_or_a_reason_that_nobody_configured_is_none_of_its_own() {
    let metrics = metrics(&armed());
    for fact in [
        NamedFact::RoundHeld("unheard of".to_owned()),
        NamedFact::Sent("unheard of".to_owned()),
        NamedFact::Exempted("unheard of".to_owned()),
    ] {
        publish(&metrics, &fact);
    }

    let scrape = scrape(&metrics);
    let sent = [("channel", "_other"), ("result", "sent")];
    assert_eq!(
        scrape.value("macaque_guard_holds_total", [("guard", "_other")]),
        Some(1.0)
    );
    assert_eq!(scrape.value("macaque_notifications_total", sent), Some(1.0));
    assert_eq!(
        scrape.value("macaque_exempted_pods", [("reason", "_other")]),
        Some(1.0)
    );
}

#[test]
fn a_name_that_is_written_like_a_line_of_the_text_stays_a_name() {
    let hostile = "x\"} 1\n# EOF\n\\macaque_armed 0\n";
    let metrics = metrics(&armed());
    publish(&metrics, &NamedFact::Forbidden(hostile.to_owned()));

    let scrape = scrape(&metrics);
    let labels = [("namespace", hostile), ("by", "rbac")];
    assert_eq!(scrape.value("macaque_refusals_total", labels), Some(1.0));
    assert_eq!(scrape.value("macaque_armed", []), Some(1.0));
}
