//! What is said of each owner, and what is not known.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::config::TargetConfig;
use crate::eligibility::{EligibilityConfig, Exemption};
use crate::notice::NoTurn;
use crate::outcome::DisruptionMethod;
use crate::pod::Pod;

/// An instant of June 2026, as its day and time.
fn at(day_and_time: &str) -> Timestamp {
    format!("2026-06-{day_and_time}:00Z").parse().unwrap()
}

/// A pod of the Deployment `owner` that was tried.
fn tried(owner: &str, day_and_time: &str, outcome: Value) -> Value {
    json!({
        "slot": at(day_and_time), "at": at(day_and_time), "method": "evict", "outcome": outcome,
        "pod": {"namespace": "shop", "name": format!("{owner}-0"), "uid": format!("{owner} {day_and_time}")},
        "owner": {"kind": "Deployment", "name": owner},
    })
}

/// A pod of `owner` that was evicted, and the owner recovered with this verdict after so many milliseconds.
fn evicted(owner: &str, day_and_time: &str, verdict: Option<&str>, whole_ms: Option<u64>) -> Value {
    let mut entry = tried(owner, day_and_time, json!({"result": "evicted"}));
    entry["recovery"] = json!({"accepted": at(day_and_time), "verdict": verdict, "expect_ms": 60_000});
    entry["recovery"]["times"] = json!({});
    if let Some(whole_ms) = whole_ms {
        entry["recovery"]["times"] = json!({"whole_ms": whole_ms});
    }
    entry
}

fn round(day_and_time: &str, dry_run: bool) -> Value {
    let status = if dry_run { "dry-run" } else { "disrupted" };
    json!({"slot": at(day_and_time), "finished": at(day_and_time), "dry_run": dry_run, "status": status,
        "candidates": 3})
}

fn history(entries: &[Value], rounds: &[Value]) -> History {
    serde_json::from_value(json!({"version": 1, "entries": entries, "rounds": rounds})).unwrap()
}

/// The owners of these pods, each with whether it is exempt, in scope.
fn scope(owners: &[(&str, Option<&'static str>)]) -> ScopeOwners {
    let rules = EligibilityConfig {
        target: TargetConfig::all_of("shop"),
        method: DisruptionMethod::Evict,
        own_pod: None,
        metadata: Arc::default(),
    };
    let mut scope = ScopeOwners::default();
    for (owner, rule) in owners {
        let mut pod = Pod::sample();
        pod.owner.as_mut().unwrap().name = (*owner).to_owned();
        let exemption = rule.map(|rule| Exemption {
            rule,
            why: "it is".into(),
        });
        scope.note(&pod, exemption.as_ref(), &rules);
    }
    scope
}

/// What is said of the days from the 10th to the 20th of June.
fn report(history: &History, scope: Result<&ScopeOwners, &str>) -> ResilienceReport {
    let question = ResilienceQuestion {
        from: at("10T00:00"),
        to: at("20T00:00"),
        namespaces: Vec::new(),
    };
    let evidence = ResilienceEvidence {
        history,
        gaps: &[],
        journal: Err("it cannot be read"),
        scope,
    };
    ResilienceReport::of(&question, evidence)
}

fn findings(report: &ResilienceReport) -> Vec<(String, OwnerFinding)> {
    let owners = report.owners.iter();
    owners
        .map(|owner| (owner.owner.owner.name.clone(), owner.finding))
        .collect()
}

#[test]
fn the_most_urgent_of_what_happened_stands_out_and_comes_first() {
    let refused = json!({"result": "refused", "by": "budget shop/db"});
    let held = json!({"result": "held", "by": "min_ready"});
    let history = history(
        &[
            evicted("fast", "11T09:00", Some("recovered"), Some(4_000)),
            evicted("faster", "11T10:00", Some("recovered"), Some(2_000)),
            evicted("slow", "11T11:00", Some("slow"), Some(90_000)),
            evicted("slow", "12T11:00", Some("recovered"), Some(9_000)),
            evicted("broken", "12T12:00", Some("recovered"), Some(9_000)),
            evicted("broken", "13T12:00", Some("unrecovered"), None),
            evicted("open", "14T12:00", None, None),
            evicted("rolled", "14T13:00", Some("rolled"), None),
            evicted("unseen", "14T14:00", Some("unwatched"), None),
            tried("doubtful", "14T15:00", json!({"result": "unknown"})),
            tried("db", "14T16:00", refused),
            tried("cache", "14T17:00", held),
            tried("gone", "14T18:00", json!({"result": "gone"})),
        ],
        &[],
    );
    let scope = scope(&[("fast", None), ("lucky", None), ("batch", Some("daemonset"))]);

    let report = report(&history, Ok(&scope));
    let expected = [
        ("broken", OwnerFinding::Unrecovered),
        ("slow", OwnerFinding::Slow),
        ("doubtful", OwnerFinding::Unknown),
        ("open", OwnerFinding::Recovering),
        ("db", OwnerFinding::Refused),
        ("cache", OwnerFinding::Held),
        ("lucky", OwnerFinding::NotDrawn),
        ("gone", OwnerFinding::Gone),
        ("unseen", OwnerFinding::Unwatched),
        ("batch", OwnerFinding::Exempt),
        ("rolled", OwnerFinding::Disrupted),
        ("fast", OwnerFinding::Recovered),
        ("faster", OwnerFinding::Recovered),
    ];
    assert_eq!(
        findings(&report),
        expected.map(|(name, what)| (name.to_owned(), what))
    );
}

#[test]
fn each_finding_has_its_words_with_the_number_that_it_is_of() {
    let mut broken = evicted("broken", "13T12:00", Some("unrecovered"), None);
    broken["recovery"]["trouble"] = json!("CrashLoopBackOff");
    let history = history(
        &[
            evicted("broken", "12T12:00", Some("recovered"), Some(9_000)),
            broken,
            tried(
                "db",
                "14T16:00",
                json!({"result": "refused", "by": "budget shop/db"}),
            ),
            tried(
                "db",
                "15T16:00",
                json!({"result": "refused", "by": "budget shop/db"}),
            ),
            tried("dry", "14T16:00", json!({"result": "dry-run"})),
        ],
        &[],
    );
    let scope = scope(&[("batch", Some("daemonset"))]);

    let report = report(&history, Ok(&scope));
    let words: Vec<_> = report.owners.iter().map(ToString::to_string).collect();
    let expected = [
        "1 of 2 not recovered in time: CrashLoopBackOff",
        "no turn: refused by budget shop/db",
        "no turn: exempt by daemonset",
        "picked once in a dry run",
    ];
    assert_eq!(words, expected);
    assert_eq!(
        report.owners[1].refused,
        [("budget shop/db".to_owned(), 2)].into()
    );
}

#[test]
fn a_turn_that_was_had_is_not_taken_away_by_a_refusal_before_or_after() {
    let refused = |day_and_time| {
        let by = json!({"result": "refused", "by": "budget shop/db"});
        tried("db", day_and_time, by)
    };
    let evicted = evicted("db", "12T09:00", Some("recovered"), Some(4_000));
    let history = history(&[refused("11T09:00"), evicted, refused("13T09:00")], &[]);

    let report = report(&history, Ok(&ScopeOwners::default()));
    assert_eq!(report.owners[0].without_turn, None);
    assert_eq!(report.owners[0].finding, OwnerFinding::Recovered);
}

#[test]
fn who_never_had_a_turn_is_only_said_if_the_owners_in_scope_are_known() {
    let history = history(&[], &[round("11T09:00", false)]);
    let known = scope(&[("lucky", None)]);
    let without_turn = WithoutTurn {
        reason: NoTurn::NotDrawn,
        by: None,
    };
    let owners = report(&history, Ok(&known)).owners;
    assert_eq!(owners[0].without_turn, Some(without_turn));

    let report = report(&history, Err("no permission to list pods"));
    assert_eq!(report.owners, []);
    let gap = "it is not known which owners never had a turn: no permission to list pods";
    assert!(report.gaps.contains(&gap.to_owned()), "{:?}", report.gaps);
}

#[test]
fn the_last_disruption_is_known_if_it_was_before_the_time_asked_for() {
    let history = history(&[evicted("web", "08T12:00", Some("slow"), Some(90_000))], &[]);
    let scope = scope(&[("web", None)]);

    let report = report(&history, Ok(&scope));
    let web = &report.owners[0];
    assert_eq!(
        (web.disruptions, web.recovery.count, web.days_since),
        (0, 0, Some(11))
    );
    assert_eq!(web.last, Some(at("08T12:00")));
    assert_eq!(web.finding, OwnerFinding::NotDrawn);
}

#[test]
fn a_bare_pod_is_its_own_owner_and_nothing_replaces_it() {
    let mut bare = tried("debug", "11T09:00", json!({"result": "deleted"}));
    bare["owner"] = Value::Null;
    let report = report(&history(&[bare], &[]), Ok(&ScopeOwners::default()));
    let owner = &report.owners[0];
    assert_eq!(owner.owner.to_string(), "shop/pod/debug-0");
    assert_eq!(
        (owner.finding, owner.recovery.other),
        (OwnerFinding::Disrupted, 1)
    );
}

#[test]
fn percentiles_are_times_that_were_measured_and_those_of_few_are_marked() {
    let stats = RecoveryStats::measured(vec![400, 100, 300, 200]);
    assert_eq!(
        (stats.p50_ms, stats.p90_ms, stats.max_ms, stats.few),
        (Some(200), Some(400), Some(400), true)
    );
    let stats = RecoveryStats::measured((1..=10).collect());
    assert_eq!(
        (stats.p50_ms, stats.p90_ms, stats.max_ms, stats.few),
        (Some(5), Some(9), Some(10), false)
    );
    let stats = RecoveryStats::measured(Vec::new());
    assert_eq!((stats.count, stats.p50_ms, stats.max_ms), (0, None, None));
}

#[test]
fn a_report_is_of_a_dry_run_only_if_nothing_else_ran() {
    let picked = || tried("web", "11T09:00", json!({"result": "dry-run"}));
    let is_dry = |entries: &[Value], rounds: &[Value]| {
        let history = history(entries, rounds);
        report(&history, Err("")).dry_run
    };
    assert!(is_dry(&[picked()], &[round("11T09:00", true)]));
    assert!(is_dry(&[picked()], &[]));
    assert!(is_dry(&[], &[round("11T09:00", true)]));
    assert!(!is_dry(
        &[picked()],
        &[round("11T09:00", true), round("12T09:00", false)]
    ));
    let unknown = tried("web", "12T09:00", json!({"result": "unknown"}));
    assert!(!is_dry(&[picked(), unknown], &[]));
    assert!(!is_dry(&[], &[]));
}

#[test]
fn an_empty_history_is_a_gap_and_no_good_news() {
    let report = report(&History::new(), Ok(&ScopeOwners::default()));
    assert_eq!(
        (report.rounds, report.dry_run, report.owners.len()),
        (0, false, 0)
    );
    let expected = [
        "the history is empty",
        "it is not known whether disruptions are missing: it cannot be read",
    ];
    assert_eq!(report.gaps, expected);
}

#[test]
fn rounds_that_were_dropped_are_a_gap() {
    let victim = evicted("web", "11T09:00", Some("recovered"), Some(4_000));
    let gap = "rounds before 2026-06-12T09:00:00Z are not in the history".to_owned();
    for (first, is_gap) in [("12T09:00", true), ("11T09:00", false)] {
        let history = history(std::slice::from_ref(&victim), &[round(first, false)]);
        let report = report(&history, Err(""));
        assert_eq!(report.gaps.contains(&gap), is_gap, "{:?}", report.gaps);
    }
}

#[test]
fn a_namespace_that_was_not_asked_for_is_left_out_but_its_rounds_are_counted() {
    let mut elsewhere = evicted("web", "11T09:00", Some("recovered"), Some(4_000));
    elsewhere["pod"]["namespace"] = json!("bank");
    let history = history(&[elsewhere], &[round("11T09:00", false)]);
    let scope = scope(&[("lucky", None)]);
    let of = |namespace: &str| {
        let question = ResilienceQuestion {
            from: at("10T00:00"),
            to: at("20T00:00"),
            namespaces: vec![namespace.to_owned()],
        };
        let evidence = ResilienceEvidence {
            history: &history,
            gaps: &[],
            journal: Err("it cannot be read"),
            scope: Ok(&scope),
        };
        let report = ResilienceReport::of(&question, evidence);
        let names: Vec<_> = report
            .owners
            .iter()
            .map(|owner| owner.owner.to_string())
            .collect();
        (names, report.rounds)
    };
    assert_eq!(of("bank"), (vec!["bank/deployment/web".to_owned()], 1));
    assert_eq!(of("shop"), (vec!["shop/deployment/lucky".to_owned()], 1));
}
