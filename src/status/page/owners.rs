//! Who had no turn and why, and how fast owners recover.

use maud::{Markup, html};

use super::super::view::{OwnerRecoveryView, PodsView, StatusView, WithoutTurnView};
use super::rest;
use crate::html::{HtmlColumn, HtmlTable, ago, name, number, section, span, terms};
use crate::text;

/// What shows all that the page leaves out.
const REPORT: &str = "`macaque report`";

/// The owners that had no turn.
pub(super) fn without_turn(view: &StatusView) -> Markup {
    let row = |owner: &WithoutTurnView| {
        vec![
            name(&owner.owner),
            html! { (owner.why) },
            number(owner.tried as u64),
        ]
    };
    let list = &view.without_turn;
    let table = HtmlTable {
        caption: "Owners that had no turn in the last 7 days although they were tried, and those that missed theirs"
            .to_owned(),
        columns: vec![
            HtmlColumn::text("Owner"),
            HtmlColumn::text("Why"),
            HtmlColumn::number("Tried"),
        ],
        rows: list.items.iter().map(row).collect(),
        empty: match list.count() {
            0 => "No owner that was tried in the last 7 days was left without a turn.".to_owned(),
            count => format!("{}: {REPORT}", text::count(count, "owner")),
        },
        rest: rest(list.more, REPORT),
    };
    let body = html! {
        (table.markup())
        @if let Some(pods) = &view.exempted { (exempted(view, pods)) }
    };
    section("without-turn", "Without a turn", &body)
}

fn exempted(view: &StatusView, pods: &PodsView) -> Markup {
    let tallies = pods
        .exempted
        .iter()
        .map(|(rule, count)| (rule.as_str(), html! { (count) }));
    html! {
        h3 { "Pods, " (ago(pods.at, view.at)) }
        (terms([("may be disrupted", html! { (pods.candidates) })].into_iter().chain(tallies)))
    }
}

/// The recoveries by owner.
pub(super) fn recoveries(view: &StatusView) -> Markup {
    let row = |owner: &OwnerRecoveryView| {
        vec![
            name(&owner.owner),
            number(owner.count as u64),
            span(owner.p50_ms),
            span(owner.p90_ms),
            span(owner.max_ms),
            number(owner.slow as u64),
            number(owner.unrecovered as u64),
        ]
    };
    let list = &view.recoveries;
    let table = HtmlTable {
        caption: "Recoveries of the last 30 days by owner, those first that need attention".to_owned(),
        columns: vec![
            HtmlColumn::text("Owner"),
            HtmlColumn::number("n"),
            HtmlColumn::number("p50"),
            HtmlColumn::number("p90"),
            HtmlColumn::number("max"),
            HtmlColumn::number("slow"),
            HtmlColumn::number("not in time"),
        ],
        rows: list.items.iter().map(row).collect(),
        empty: match list.count() {
            0 => "No recovery was measured in the last 30 days.".to_owned(),
            count => format!("{}: {REPORT}", text::count(count, "owner")),
        },
        rest: rest(list.more, REPORT),
    };
    let body = html! {
        (table.markup())
        @for gap in &view.gaps { p.quiet { (gap) } }
    };
    section("recoveries", "Recovery by owner", &body)
}
