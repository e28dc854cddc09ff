//! What a report says of each owner adds up to what the history says, whatever happened.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use macaque_core::history::{EntryOutcome, EntryRecovery, History, HistoryEntry};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{RecoveryTimes, RecoveryVerdict};
use macaque_core::resilience::{ResilienceEvidence, ResilienceQuestion, ResilienceReport};
use proptest::prelude::*;
use serde_json::json;

/// A minute of the day in which everything happens.
fn minute(minute: i64) -> Timestamp {
    let day: Timestamp = "2026-06-10T00:00:00Z".parse().unwrap();
    day + SignedDuration::from_mins(minute)
}

fn outcome() -> impl Strategy<Value = EntryOutcome> {
    let by = || prop::sample::select(vec!["a", "b"]).prop_map(str::to_owned);
    prop_oneof![
        5 => Just(EntryOutcome::Evicted),
        1 => Just(EntryOutcome::Deleted),
        1 => Just(EntryOutcome::Pending),
        1 => Just(EntryOutcome::Unknown),
        1 => Just(EntryOutcome::DryRun),
        1 => Just(EntryOutcome::Gone),
        1 => by().prop_map(|by| EntryOutcome::Refused { by }),
        1 => (by(), any::<bool>()).prop_map(|(by, unanswered)| EntryOutcome::Held { by, unanswered }),
    ]
}

fn recovery() -> impl Strategy<Value = EntryRecovery> {
    let verdict = prop_oneof![
        4 => Just(Some(RecoveryVerdict::Recovered)),
        2 => Just(Some(RecoveryVerdict::Slow)),
        2 => prop::sample::select(RecoveryVerdict::ALL.to_vec()).prop_map(Some),
        1 => Just(None),
    ];
    let whole_ms = prop::option::weighted(0.9, prop_oneof![4 => 0..20_u64, 1 => any::<u64>()]);
    (verdict, whole_ms).prop_map(|(verdict, whole_ms)| EntryRecovery {
        accepted: minute(0),
        verdict,
        ended: None,
        times: RecoveryTimes {
            whole_ms,
            ..RecoveryTimes::default()
        },
        expect_ms: 10,
        trouble: None,
    })
}

/// A victim of one of a few owners, or a bare pod.
fn entry() -> impl Strategy<Value = HistoryEntry> {
    let namespace = prop::sample::select(vec!["bank", "shop"]);
    let owner = prop_oneof![4 => Just(Some("web")), 2 => Just(Some("db")), 1 => Just(None)];
    let recovery = prop::option::weighted(0.8, recovery());
    (0..1_440_i64, namespace, owner, outcome(), recovery).prop_map(
        |(at, namespace, owner, outcome, recovery)| HistoryEntry {
            number: None,
            slot: minute(at),
            at: minute(at),
            pod: PodRef {
                namespace: namespace.to_owned(),
                name: "pod".to_owned(),
                uid: String::new(),
            },
            owner: owner.map(|name| PodOwner {
                kind: "Deployment".to_owned(),
                name: name.to_owned(),
            }),
            team: None,
            method: DisruptionMethod::Evict,
            outcome,
            inferred: false,
            recovery,
        },
    )
}

/// Entries that are victims of their own.
fn entries() -> impl Strategy<Value = Vec<HistoryEntry>> {
    prop::collection::vec(entry(), 0..60).prop_map(|mut entries| {
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.pod.uid = format!("uid-{index}");
        }
        entries
    })
}

fn history(entries: &[HistoryEntry]) -> History {
    serde_json::from_value(json!({"version": 1, "entries": entries, "rounds": []})).unwrap()
}

fn report(history: &History, from: i64, to: i64, namespaces: &[&str]) -> ResilienceReport {
    let question = ResilienceQuestion {
        from: minute(from),
        to: minute(to),
        namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
    };
    let evidence = ResilienceEvidence {
        history,
        gaps: &[],
        journal: Err("none"),
        scope: Err("none"),
    };
    ResilienceReport::of(&question, evidence)
}

/// The smallest of the times that at least `percent` percent of them do not exceed, found by counting.
fn naive_percentile(times: &[u64], percent: usize) -> Option<u64> {
    let reaches = |time: &&u64| {
        let below = times.iter().filter(|other| other <= time).count();
        below * 100 >= percent * times.len()
    };
    times.iter().filter(reaches).min().copied()
}

/// How long the recoveries of an owner took that were measured, counted once more.
fn naive_times(history: &History, of: &ResilienceReport, owner: usize) -> Vec<u64> {
    let owner = &of.owners[owner].owner;
    let entries = history.entries().iter();
    let measured = entries.filter_map(|entry| {
        let is_within = of.from <= entry.at && entry.at <= of.to && entry.outcome.is_disruption();
        let is_of = entry.owner.as_ref() == Some(&owner.owner) && entry.pod.namespace == owner.namespace;
        let recovery = entry.recovery.as_ref().filter(|_| is_within && is_of)?;
        let recovered = recovery.verdict.filter(|verdict| verdict.is_recovered());
        recovered.and(recovery.times.whole_ms)
    });
    measured.collect()
}

proptest! {
    #[test]
    fn the_counts_of_all_owners_add_up_to_what_happened(
        entries in entries(), from in 0..1_440_i64, length in 0..1_440_i64, one in any::<bool>(),
    ) {
        let namespaces: &[&str] = if one { &["shop"] } else { &[] };
        let history = history(&entries);
        let report = report(&history, from, from + length, namespaces);

        let asked_for = |entry: &&HistoryEntry| {
            let is_within = report.from <= entry.at && entry.at <= report.to;
            is_within && (!one || entry.pod.namespace == "shop")
        };
        let happened = history.entries().iter().filter(asked_for).count();
        prop_assert_eq!(report.owners.iter().map(|owner| owner.tried()).sum::<usize>(), happened);
        for owner in &report.owners {
            let of = &owner.recovery;
            let recoveries = of.count + of.unrecovered + of.unwatched + of.open + of.other;
            prop_assert_eq!(recoveries, owner.disruptions);
            prop_assert!(of.slow <= of.count);
        }
    }

    #[test]
    fn percentiles_are_those_of_counting(entries in entries()) {
        let history = history(&entries);
        let report = report(&history, 0, 1_440, &[]);
        for index in 0..report.owners.len() {
            let times = naive_times(&history, &report, index);
            let stats = &report.owners[index].recovery;
            prop_assert_eq!(stats.count, times.len());
            prop_assert_eq!(stats.p50_ms, naive_percentile(&times, 50));
            prop_assert_eq!(stats.p90_ms, naive_percentile(&times, 90));
            prop_assert_eq!(stats.max_ms, times.iter().max().copied());
            prop_assert_eq!(stats.few, times.len() < 5);
        }
    }

    #[test]
    fn the_order_is_total_and_does_not_depend_on_the_order_of_the_history(entries in entries()) {
        let report_of = |entries: &[HistoryEntry]| report(&history(entries), 0, 1_440, &[]);
        let report = report_of(&entries);
        let reversed: Vec<_> = entries.iter().rev().cloned().collect();
        prop_assert_eq!(&report.owners, &report_of(&reversed).owners);

        let names: BTreeSet<_> = report.owners.iter().map(|owner| &owner.owner).collect();
        prop_assert_eq!(names.len(), report.owners.len());
        for pair in report.owners.windows(2) {
            prop_assert!(pair[0].finding <= pair[1].finding);
            if pair[0].finding == pair[1].finding {
                prop_assert!(pair[0].recovery.p90_ms >= pair[1].recovery.p90_ms);
            }
        }
    }
}
