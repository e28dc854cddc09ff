//! The footer of a message about a round, which says which round it was.

use macaque_core::report::{RoundEnd, RoundReport};

use super::MessageContext;
use crate::text::{self, count};

/// What stands between the parts.
const SEPARATOR: &str = " · ";

/// The footer of a message about a whole round.
pub(super) fn footer(report: &RoundReport, context: &MessageContext) -> String {
    let namespaces = match (report.namespace_selector.as_str(), report.namespaces.as_slice()) {
        ("", []) => "all namespaces".to_owned(),
        ("", names) => text::list(names, ", ", 100, text::chars),
        (selector, _) => format!("namespaces with {selector}"),
    };
    let mut parts = footer_of_round(report, context);
    if has_listed(report) {
        parts.push(pod_counts(report));
    }
    parts.push(namespaces);
    if !report.selector.is_empty() {
        parts.push(report.selector.clone());
    }

    parts.join(SEPARATOR)
}

/// The parts of a footer that say which round it was.
fn footer_of_round(report: &RoundReport, context: &MessageContext) -> Vec<String> {
    let mut parts = Vec::new();
    if report.dry_run {
        parts.push("dry run".to_owned());
    }
    parts.extend(context.cluster_name().map(|name| format!("cluster {name}")));
    parts.push(format!("slot {}", report.slot));
    parts.push(format!("seed {}", report.seed));
    parts
}

/// Whether pods were listed: a round that ended before, or could not, says nothing about their number.
fn has_listed(report: &RoundReport) -> bool {
    report.listed > 0 || report.end == RoundEnd::Complete && report.problems.is_empty()
}

/// The numbers of pods listed and of candidates, and the size of the sample if only a sample was checked.
fn pod_counts(report: &RoundReport) -> String {
    let listed = count(report.listed, "pod");
    let candidates = count(report.candidates, "candidate");

    match report.unchecked() {
        0 => format!("{listed} listed, {candidates}"),
        unchecked => format!(
            "{listed} listed, {} of them sampled and checked, {candidates}",
            report.listed - unchecked
        ),
    }
}

/// The footer of a message about the part of a round that concerns a route.
pub(super) fn footer_on_route(report: &RoundReport, route: &str, context: &MessageContext) -> String {
    let mut parts = footer_of_round(report, context);
    parts.push(format!("route {route}"));
    parts.join(SEPARATOR)
}
