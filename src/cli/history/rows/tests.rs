//! What the columns say of each victim.

use macaque_core::history::History;
use serde_json::{Value, json};

use super::*;

fn entry(changes: Value) -> HistoryEntry {
    let mut entry = json!({
        "number": 7,
        "slot": "2026-11-29T12:00:00Z",
        "at": "2026-11-29T12:00:01.4Z",
        "pod": {"namespace": "shop", "name": "web-1", "uid": "u1"},
        "owner": {"kind": "Deployment", "name": "web"},
        "team": "checkout",
        "method": "evict",
        "outcome": {"result": "evicted"},
    });
    for (key, value) in changes.as_object().unwrap() {
        entry[key] = value.clone();
    }
    serde_json::from_value(entry).unwrap()
}

fn loaded(is_log: bool) -> LoadedHistory {
    LoadedHistory {
        history: History::new(),
        journal: Err("absent".to_owned()),
        now: "2026-11-29T12:00:14Z".parse().unwrap(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        gaps: Vec::new(),
        is_log,
        warnings: Vec::new(),
    }
}

/// A history read from a cluster whose journal watches the recovery of the victim.
fn watched() -> LoadedHistory {
    let journal = json!({
        "version": 1, "sequence": 4, "uid": "j1", "usage": [], "cooldowns": [], "outbox": [], "dropped": 0,
        "recovering": [{
            "victim": {
                "slot": "2026-11-29T12:00:00Z",
                "pod": {"namespace": "shop", "name": "web-1", "uid": "u1"},
                "owner": {"kind": "Deployment", "name": "web"},
                "method": "evict",
                "accepted": "2026-11-29T12:00:02Z",
                "origin": "answer",
                "baseline": {"api_version": "apps/v1", "ready": 2, "victim_ready": true, "expect_ms": 60000},
            },
            "until": "2026-11-29T12:15:00Z",
            "holder": {"process": "macaque-1", "incarnation": 1},
            "lease_until": "2026-11-29T12:01:00Z",
        }],
    });
    LoadedHistory {
        journal: Ok(serde_json::from_value(journal).unwrap()),
        ..loaded(false)
    }
}

fn with_recovery(verdict: Option<&str>, times: Value, trouble: Option<&str>) -> HistoryEntry {
    entry(json!({"recovery": {
        "accepted": "2026-11-29T12:00:02Z",
        "verdict": verdict,
        "times": times,
        "expect_ms": 60000,
        "trouble": trouble,
    }}))
}

/// The texts of a row.
fn texts(entry: &HistoryEntry, loaded: &LoadedHistory, is_wide: bool) -> Vec<String> {
    let row = row(entry, loaded, is_wide);
    row.iter().map(ShownCell::plain).collect()
}

#[test]
fn a_row_names_the_victim_its_owner_the_outcome_and_the_recovery_in_the_zone_of_the_schedule() {
    let times = json!({
        "gone_ms": 2100, "created_ms": 2110, "scheduled_ms": 2120, "containers_ready_ms": 4400, "ready_ms": 4500,
        "whole_ms": 4500,
    });
    let entry = with_recovery(Some("recovered"), times, None);
    assert_eq!(
        texts(&entry, &loaded(false), true),
        [
            "2026-11-29 13:00:01 CET",
            "shop",
            "deployment/web",
            "web-1",
            "evicted",
            "-",
            "recovered in 4.5 s",
            "7",
            "2026-11-29 13:00:00 CET",
            "evict",
            "checkout",
            "leaving 2.1 s, starting 2.3 s, readying 0.1 s",
        ]
    );
    assert_eq!(texts(&entry, &loaded(false), false).len(), header(false).len());
    assert_eq!(texts(&entry, &loaded(false), true).len(), header(true).len());
}

#[test]
fn who_refused_and_who_held_back_is_named() {
    let by =
        |outcome: Value| texts(&entry(json!({"outcome": outcome})), &loaded(false), false)[4..6].join(" by ");
    for (outcome, words) in [
        (
            json!({"result": "refused", "by": "budget shop/web"}),
            "refused by budget shop/web",
        ),
        (json!({"result": "held", "by": "whole"}), "held by whole"),
        (
            json!({"result": "held", "by": "gates.slo", "unanswered": true}),
            "held by gates.slo (no answer)",
        ),
        (json!({"result": "gone"}), "gone by -"),
        (json!({"result": "dry-run"}), "dry-run by -"),
        (json!({"result": "pending"}), "pending by -"),
    ] {
        assert_eq!(by(outcome), words);
    }
}

#[test]
fn a_recovery_is_shown_as_far_as_it_is_known() {
    for (verdict, times, trouble, words) in [
        (
            Some("recovered"),
            json!({"whole_ms": 4500}),
            None,
            "recovered in 4.5 s",
        ),
        (Some("slow"), json!({"whole_ms": 75000}), None, "slow, 1 min 15 s"),
        (Some("unrecovered"), json!({}), None, "unrecovered"),
        (
            Some("unrecovered"),
            json!({"gone_ms": 900}),
            Some("CrashLoopBackOff"),
            "unrecovered (CrashLoopBackOff)",
        ),
        (
            Some("recovered"),
            json!({"whole_ms": 4500}),
            Some("ImagePullBackOff"),
            "recovered in 4.5 s",
        ),
        (Some("rolled"), json!({}), None, "rolled"),
        (Some("unwatched"), json!({"whole_ms": 1000}), None, "unwatched"),
        (None, json!({}), None, "not whole yet, 12 s"),
        (
            None,
            json!({}),
            Some("ErrImagePull"),
            "not whole yet, 12 s (ErrImagePull)",
        ),
    ] {
        let entry = with_recovery(verdict, times, trouble);
        assert_eq!(texts(&entry, &watched(), false)[6], words);
    }
}

#[test]
fn a_recovery_that_nobody_watches_any_more_is_not_said_to_go_on() {
    let entry = with_recovery(None, json!({}), None);
    assert_eq!(texts(&entry, &loaded(false), false)[6], "end not known");
    assert_eq!(texts(&entry, &loaded(true), false)[6], "no end in the log");
}

#[test]
fn a_gap_says_how_many_disruptions_are_missing_and_between_which_instants() {
    let zone = TimeZone::UTC;
    let to = "2026-11-29T12:00:00Z".parse().unwrap();
    let from = "2026-11-29T11:00:00Z".parse().ok();
    let gap = HistoryGap { from, to, count: 3 };
    assert_eq!(
        gap_text(&gap, &zone, "history"),
        "3 disruptions between 2026-11-29 11:00:00 UTC and 2026-11-29 12:00:00 UTC are not in the history"
    );
    let gap = HistoryGap {
        from: None,
        to,
        count: 1,
    };
    assert_eq!(
        gap_text(&gap, &zone, "log"),
        "1 disruption until 2026-11-29 12:00:00 UTC is not in the log"
    );
}
