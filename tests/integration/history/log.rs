//! The lines of the log from which the history can be read.

use kube_sandbox::scenario::deployment;
use macaque_core::history::{EntryOutcome, History, HistoryLine};
use macaque_testkit::TestCluster;
use serde_json::Value;

use crate::macaque;

/// The lines of the history in a log.
fn lines(log: &str) -> Vec<HistoryLine> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_history = lines.filter_map(|line| line.get("history").cloned());
    of_history
        .map(|line| serde_json::from_value(line).unwrap())
        .collect()
}

#[test]
fn the_log_of_a_round_holds_its_victims_and_the_round_itself_and_a_dry_run_likewise() {
    for (words, outcome) in [
        ("--dry-run=false", EntryOutcome::Evicted),
        ("--dry-run", EntryOutcome::DryRun),
    ] {
        let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
        let output = macaque(&format!("once -n shop {words}")).on(&cluster).run();
        let mut history = History::new();
        history.note_lines(lines(&output.err));
        let outcomes: Vec<_> = history
            .entries()
            .iter()
            .map(|entry| entry.outcome.clone())
            .collect();
        assert_eq!(outcomes, [outcome], "{output:?}");
        assert_eq!(history.rounds().len(), 1, "{output:?}");
    }
}

#[test]
fn the_log_for_people_holds_no_such_lines() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    let once = macaque("once -n shop --dry-run=false").env("MACAQUE_LOG__FORMAT", "text");
    let output = once.on(&cluster).run();
    assert!(!output.err.contains("history"), "{}", output.err);
}
