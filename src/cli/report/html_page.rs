//! The report as one HTML file, of the parts of the status page: no script, and nothing that is fetched from elsewhere.

use macaque_core::resilience::{OwnerFinding, OwnerResilience, ResilienceReport};
use maud::{Markup, html};

use super::words::{ReportWords, by_name, none};
use crate::html::{self, BadgeTone, HtmlColumn, HtmlDocument, HtmlTable};

/// The file.
pub(super) fn page(words: &ReportWords<'_>) -> String {
    let report = words.report;
    let span = html! {
        (html::instant(report.from, words.zone)) " to " (html::instant(report.to, words.zone))
    };
    let document = HtmlDocument {
        title: "macaque report".to_owned(),
        refresh: None,
        header: html! { h1 { "Resilience report" } p { (words.headline()) } },
        main: html! {
            (html::section("span", "What happened", &happened(words, &span)))
            (html::section("owners", "Owners", &owners(words)))
            (gaps(report))
        },
        footer: html! { "macaque " (env!("CARGO_PKG_VERSION")) },
    };
    document.into_text()
}

fn happened(words: &ReportWords<'_>, span: &Markup) -> Markup {
    let mut terms = vec![("From", span.clone()), ("Activity", html! { (words.activity()) })];
    let namespaces = words.report.namespaces.join(", ");
    if !namespaces.is_empty() {
        terms.push(("Namespaces", html::name(&namespaces)));
    }
    html::terms(terms)
}

fn owners(words: &ReportWords<'_>) -> Markup {
    let report = words.report;
    let table = HtmlTable {
        caption: "What needs attention comes first.".to_owned(),
        columns: vec![
            HtmlColumn::text("Owner"),
            HtmlColumn::text("Finding"),
            HtmlColumn::number("Disrupted"),
            HtmlColumn::text("Last"),
            HtmlColumn::number("Recoveries"),
            HtmlColumn::number("p50"),
            HtmlColumn::number("p90"),
            HtmlColumn::number("Slowest"),
            HtmlColumn::text("Refused by"),
            HtmlColumn::text("Held back by"),
        ],
        rows: report.owners.iter().map(|owner| row(report, owner)).collect(),
        empty: words.headline(),
        rest: words.few_note(),
    };
    table.markup()
}

fn row(report: &ResilienceReport, owner: &OwnerResilience) -> Vec<Markup> {
    let recovery = &owner.recovery;
    let time = |millis: Option<u64>| {
        let is_marked = recovery.few && millis.is_some();
        html! { (html::span(millis)) @if is_marked { "?" } }
    };
    let last = owner.last.map(|last| html::ago(last, report.to));
    vec![
        html::name(&owner.owner.to_string()),
        finding(owner),
        html::number(owner.disruptions as u64),
        last.unwrap_or_else(html::none),
        html::number(recovery.count as u64),
        time(recovery.p50_ms),
        time(recovery.p90_ms),
        time(recovery.max_ms),
        named(&by_name(&[&owner.refused])),
        named(&by_name(&[&owner.held, &owner.unanswered])),
    ]
}

fn finding(owner: &OwnerResilience) -> Markup {
    html! {
        (html::badge(tone(owner.finding), owner.finding.as_str())) " " (html::shown(&owner.to_string()))
    }
}

fn tone(finding: OwnerFinding) -> BadgeTone {
    match finding {
        OwnerFinding::Unrecovered => BadgeTone::Bad,
        OwnerFinding::Slow
        | OwnerFinding::Unknown
        | OwnerFinding::Recovering
        | OwnerFinding::Refused
        | OwnerFinding::Held => BadgeTone::Notice,
        OwnerFinding::Recovered => BadgeTone::Good,
        OwnerFinding::NotDrawn
        | OwnerFinding::Gone
        | OwnerFinding::Unwatched
        | OwnerFinding::Exempt
        | OwnerFinding::Disrupted
        | OwnerFinding::Picked => BadgeTone::Quiet,
    }
}

fn named(names: &str) -> Markup {
    if names == none() {
        html::none()
    } else {
        html! { (html::shown(names)) }
    }
}

/// The gaps, if there are any.
fn gaps(report: &ResilienceReport) -> Markup {
    if report.gaps.is_empty() {
        return Markup::default();
    }
    let list = html! {
        ul { @for gap in &report.gaps { li { (html::shown(gap)) } } }
    };
    html::section("gaps", "Gaps", &list)
}
