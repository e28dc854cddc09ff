//! Whose pods a round and its previews take, over HTTP against the embedded sandbox.

mod places;
mod whom;

use macaque_core::report::RoundReport;

/// How many pods the rules exempt, each with its rule.
fn exempted(report: &RoundReport) -> Vec<(&str, usize)> {
    let tallies = report.exempted.iter();
    tallies
        .map(|(rule, tally)| (rule.as_str(), tally.count))
        .collect()
}

/// Checks that each pod that was listed is a candidate or exempt by one rule.
fn adds_up(report: &RoundReport) {
    assert_eq!(report.unchecked(), 0, "{report:?}");
    let exempt: usize = report.exempted.values().map(|tally| tally.count).sum();
    assert_eq!(report.listed, report.candidates + exempt, "{report:?}");
}
