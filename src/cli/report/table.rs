//! The report as a table, for people at a terminal.

use macaque_core::resilience::OwnerResilience;

use super::words::{ReportWords, by_name, none, number};
use crate::cli::output;

/// The columns of both tables.
const HEADER: [&str; 9] = [
    "NAMESPACE",
    "OWNER",
    "DISRUPTED",
    "LAST",
    "RECOVERIES",
    "P50",
    "P90",
    "SLOWEST",
    "FINDING",
];

/// The columns that only the wide table has, at its end.
const MORE: [&str; 7] = [
    "TEAM",
    "PICKED",
    "UNKNOWN",
    "UNRECOVERED",
    "SLOW",
    "REFUSED BY",
    "HELD BY",
];

/// The table, and what is to be known of it.
pub(super) fn table(words: &ReportWords<'_>) -> String {
    let rows = words.report.owners.iter().map(|owner| cells(words, owner));
    framed(words, output::table(HEADER, rows))
}

/// The table with all columns.
pub(super) fn wide(words: &ReportWords<'_>) -> String {
    let rows = words.report.owners.iter().map(|owner| {
        let cells = cells(words, owner).into_iter();
        cells.chain(more_cells(owner)).collect::<Vec<_>>()
    });
    framed(words, output::table(HEADER.into_iter().chain(MORE), rows))
}

fn framed(words: &ReportWords<'_>, table: String) -> String {
    let mut lines = Vec::new();
    if !words.report.owners.is_empty() {
        lines.push(table);
        lines.push(String::new());
    }

    lines.push(words.headline());
    lines.push(format!("{}: {}", words.span(), words.activity()));
    lines.extend(words.few_note());
    let gaps = words.report.gaps.iter();
    lines.extend(gaps.map(|gap| output::line(&format!("note: {gap}"))));
    lines.join("\n")
}

fn cells(words: &ReportWords<'_>, owner: &OwnerResilience) -> [String; 9] {
    let [disrupted, last, recoveries, p50, p90, slowest] = words.numbers(owner);
    [
        owner.owner.namespace.clone(),
        owner.owner.owner.to_string(),
        disrupted,
        last,
        recoveries,
        p50,
        p90,
        slowest,
        owner.to_string(),
    ]
}

fn more_cells(owner: &OwnerResilience) -> [String; 7] {
    [
        owner.team.clone().unwrap_or_else(none),
        number(owner.picked),
        number(owner.unknown),
        number(owner.recovery.unrecovered),
        number(owner.recovery.slow),
        by_name(&[&owner.refused]),
        by_name(&[&owner.held, &owner.unanswered]),
    ]
}
