//! The limits, the guards, the channels, and the process itself.

use jiff::Timestamp;
use macaque_core::guard::GuardAnswer;
use maud::{Markup, html};

use super::super::view::{ApiServerView, ChannelView, GuardView, LimitView, ProcessView, StatusView};
use crate::html::{BadgeTone, HtmlColumn, HtmlTable, ago, badge, name, none, number, section, span, terms};

/// How far a clock may be off before it is worth a look, in seconds.
const SKEW: f64 = 5.0;

/// The limits.
pub(super) fn limits(view: &StatusView) -> Markup {
    let row = |limit: &LimitView| {
        vec![
            html! { (limit.what) " (" code { (limit.name) } ")" },
            html! { (limit.limit) },
            amount(limit.used),
            amount(limit.left),
        ]
    };
    let table = HtmlTable {
        caption: "How many disruptions the limits allow".to_owned(),
        columns: vec![
            HtmlColumn::text("Disruptions"),
            HtmlColumn::number("limit"),
            HtmlColumn::number("used"),
            HtmlColumn::number("left"),
        ],
        rows: view.limits.iter().map(row).collect(),
        empty: "No limit is set.".to_owned(),
        rest: None,
    };
    section("limits", "Limits", &table.markup())
}

/// A number of disruptions; 0 is one, and means more than that there is nothing to say.
fn amount(count: Option<usize>) -> Markup {
    html! {
        @match count {
            Some(count) => { (count) }
            None => { span.quiet { span aria-hidden="true" { "–" } span.spoken { "no single number" } } }
        }
    }
}

/// The guards and gates.
pub(super) fn guards(view: &StatusView) -> Markup {
    let row = |guard: &GuardView| {
        vec![
            name(&guard.name),
            guard.answer.map_or_else(none, answer),
            when(guard.at, view),
            span(guard.millis),
            number(guard.held),
            number(guard.unanswered),
        ]
    };
    let table = HtmlTable {
        caption: "Guards and gates, as this process asked them since it started".to_owned(),
        columns: vec![
            HtmlColumn::text("Guard"),
            HtmlColumn::text("Last answer"),
            HtmlColumn::text("When"),
            HtmlColumn::number("took"),
            HtmlColumn::number("held back"),
            HtmlColumn::number("no answer"),
        ],
        rows: view.guards.iter().map(row).collect(),
        empty: "No guard is on.".to_owned(),
        rest: None,
    };
    section("guards", "Guards", &table.markup())
}

fn answer(answer: GuardAnswer) -> Markup {
    let tone = match answer {
        GuardAnswer::Go => BadgeTone::Good,
        GuardAnswer::HoldsBack => BadgeTone::Notice,
        GuardAnswer::CannotAnswer => BadgeTone::Bad,
    };
    badge(tone, &answer.to_string())
}

/// The channels.
pub(super) fn channels(view: &StatusView) -> Markup {
    let row = |channel: &ChannelView| {
        vec![
            name(&channel.name),
            channel.last.map_or_else(none, result),
            when(channel.at, view),
            number(channel.sent),
            number(channel.retried),
            number(channel.failed),
            number(channel.waiting as u64),
        ]
    };
    let table = HtmlTable {
        caption: "Channels of messages, as this process used them since it started".to_owned(),
        columns: vec![
            HtmlColumn::text("Channel"),
            HtmlColumn::text("Last message"),
            HtmlColumn::text("When"),
            HtmlColumn::number("sent"),
            HtmlColumn::number("retried"),
            HtmlColumn::number("given up"),
            HtmlColumn::number("waiting"),
        ],
        rows: view.channels.iter().map(row).collect(),
        empty: "There is no channel.".to_owned(),
        rest: None,
    };
    section("channels", "Channels", &table.markup())
}

fn result(word: &str) -> Markup {
    let tone = match word {
        "sent" => BadgeTone::Good,
        "retried" => BadgeTone::Notice,
        _ => BadgeTone::Bad,
    };
    badge(tone, word)
}

/// The process, and those that share its journal.
pub(super) fn process(view: &StatusView) -> Markup {
    let ProcessView {
        version,
        started,
        replicas,
        clock_skew_seconds,
        restarts,
        reloaded,
        reload_in_force,
        complete_since,
    } = &view.process;
    let facts = [
        ("Version", html! { (version) }),
        ("Started", ago(*started, view.at)),
        ("API server", api_server(view)),
        ("Clock against the API server's", skew(*clock_skew_seconds)),
        ("Configuration", reload(view, *reloaded, *reload_in_force)),
        (
            "Every disruption is numbered since",
            complete_since.map_or_else(|| html! { "not known" }, |since| ago(since, view.at)),
        ),
        (
            "Replicas in the journal",
            html! {
                @for replica in &replicas.items { div { (name(replica)) } }
                @if replicas.count() == 0 { (none()) }
                @if replicas.more > 0 { (replicas.more) @if !replicas.items.is_empty() { " more" } }
            },
        ),
        (
            "Restarted actors",
            html! {
                @for (actor, count) in restarts { div { (actor) ": " (count) } }
                @if restarts.is_empty() { (none()) }
            },
        ),
    ];
    section("process", "This process", &terms(facts))
}

fn api_server(view: &StatusView) -> Markup {
    let ApiServerView {
        answered,
        millis,
        requests,
        failures,
        failed,
        failed_request,
        failed_code,
    } = &view.api_server;
    html! {
        @match answered {
            Some(at) => { "answered " (ago(*at, view.at)) " in " (span(*millis)) }
            None => { "did not answer yet" }
        }
        div.quiet { (requests) " requests, " (failures) " failed" }
        @if let (Some(at), Some(request)) = (failed, failed_request) {
            div.quiet {
                "last: " (request) ", "
                @match failed_code { Some(code) => { "HTTP " (code) } None => { "no answer" } }
                ", " (ago(*at, view.at))
            }
        }
    }
}

fn skew(seconds: Option<f64>) -> Markup {
    let Some(seconds) = seconds else {
        return html! { "not compared yet" };
    };
    let words = match seconds {
        0.0 => "none seen".to_owned(),
        ahead if ahead > 0.0 => format!("{ahead:.1} s ahead"),
        behind => format!("{:.1} s behind", -behind),
    };
    html! { @if seconds.abs() >= SKEW { (badge(BadgeTone::Bad, &words)) } @else { (words) } }
}

fn reload(view: &StatusView, at: Option<Timestamp>, is_in_force: bool) -> Markup {
    html! {
        @match at {
            None => { "as at the start" }
            Some(at) if is_in_force => { "reloaded " (ago(at, view.at)) }
            Some(at) => { (badge(BadgeTone::Bad, "the file is not in force")) " " (ago(at, view.at)) }
        }
    }
}

fn when(at: Option<Timestamp>, view: &StatusView) -> Markup {
    at.map_or_else(none, |at| ago(at, view.at))
}
