//! What is broken now, and the last rounds.

use macaque_core::recovery::RecoveryVerdict;
use maud::{Markup, html};

use super::super::view::{
    BannerState, BrokenView, RoundView, ShownRecovery, StatusView, VictimName, VictimView,
};
use super::rest;
use super::top::zone;
use crate::html::{
    BadgeTone, HtmlColumn, HtmlTable, RecoveryBar, ago, badge, instant, name, none, section, span,
};
use crate::text;

/// The victims whose owners are not whole again.
pub(super) fn broken(view: &StatusView) -> Markup {
    let row = |broken: &BrokenView| {
        let is_late = broken.age_ms > broken.expect_ms;
        let tone = if is_late {
            BadgeTone::Bad
        } else {
            BadgeTone::Notice
        };
        let phase = match &broken.trouble {
            Some(trouble) => format!("{}: {trouble}", broken.phase),
            None => broken.phase.to_owned(),
        };
        vec![
            owner(&broken.victim),
            pod(&broken.victim),
            html! { (ago(broken.since, view.at)) ", expected to take " (span(Some(broken.expect_ms))) },
            badge(tone, &phase),
        ]
    };
    let count = view.broken.count();
    let table = HtmlTable {
        caption: "Victims whose owners are not whole again".to_owned(),
        columns: vec![
            HtmlColumn::text("Owner"),
            HtmlColumn::text("Victim"),
            HtmlColumn::text("Disrupted"),
            HtmlColumn::text("State"),
        ],
        rows: view.broken.items.iter().map(row).collect(),
        empty: match count {
            0 if view.journal_read.is_none() => "Not known: the journal was not read yet.".to_owned(),
            0 => "No recovery is being watched. What was not whole in time is among the last rounds."
                .to_owned(),
            1 => "1 victim's owner is not whole again.".to_owned(),
            count => format!("The owners of {count} victims are not whole again."),
        },
        rest: rest(view.broken.more, "`macaque history -o wide`"),
    };
    let body = html! { (table.markup()) (source(view)) };
    section("broken", "Broken by macaque now", &body)
}

/// The journal by which something is broken or not, and what it may lack.
fn source(view: &StatusView) -> Markup {
    let lack = match view.banner.state {
        BannerState::JournalUnusable => " It cannot be used now: what has happened since is not known.",
        BannerState::JournalDistrusted => " It may lack disruptions.",
        _ => "",
    };
    html! {
        @if let Some(read) = view.journal_read {
            p.quiet { "By the journal as it was read " (ago(read, view.at)) "." (lack) }
        }
    }
}

/// The last rounds.
pub(super) fn rounds(view: &StatusView) -> Markup {
    let rows = view.rounds.items.iter().flat_map(|round| rows(view, round));
    let table = HtmlTable {
        caption: "The last rounds, the newest first. Bars: 1 s to 10 min, each factor of ten has the same length, the \
                  dashes are what was expected"
            .to_owned(),
        columns: vec![
            HtmlColumn::text("Slot"),
            HtmlColumn::text("Owner"),
            HtmlColumn::text("Victim"),
            HtmlColumn::text("Outcome"),
            HtmlColumn::text("Recovery"),
        ],
        rows: rows.collect(),
        empty: "No round is known yet.".to_owned(),
        rest: rest(view.rounds.more, "`macaque history`"),
    };
    section("rounds", "Last rounds", &table.markup())
}

/// One row a victim, or one for a round without any.
fn rows(view: &StatusView, round: &RoundView) -> Vec<Vec<Markup>> {
    let slot = || instant(round.slot, &zone(view));
    if round.victims.items.is_empty() {
        return vec![vec![slot(), none(), none(), result(round), none()]];
    }

    let victims = round.victims.items.iter();
    let mut rows: Vec<_> = victims.map(|victim| row(slot(), victim)).collect();
    if round.victims.more > 0 {
        let more = html! { "and " (text::count(round.victims.more, "more victim")) };
        rows.push(vec![slot(), more, none(), none(), none()]);
    }
    rows
}

fn row(slot: Markup, victim: &VictimView) -> Vec<Markup> {
    let recovery = victim.recovery.as_ref();
    vec![
        slot,
        owner(&victim.name),
        pod(&victim.name),
        outcome(victim),
        recovery.map_or_else(none, recovery_cell),
    ]
}

/// The result of a round, of which no victim is shown.
fn result(round: &RoundView) -> Markup {
    let (tone, words) = match round.result {
        None => (BadgeTone::Notice, "goes on, or its end is not known"),
        Some("disrupted") => (BadgeTone::Good, "disrupted"),
        Some("dry-run") => (BadgeTone::Quiet, "dry run"),
        Some("refused") => (BadgeTone::Quiet, "refused"),
        Some("held") => (BadgeTone::Notice, "held back"),
        Some("unanswered") => (BadgeTone::Notice, "held back: no answer"),
        Some("idle") => (BadgeTone::Quiet, "no pod was eligible"),
        Some(_) => (BadgeTone::Bad, "failed"),
    };
    let counts = round
        .outcomes
        .iter()
        .map(|(word, count)| format!("{count} {word}"));
    let counts: Vec<_> = counts.collect();
    html! {
        (badge(tone, words))
        @if let Some(by) = &round.held_by { " by " (by) }
        @if !counts.is_empty() { " " (counts.join(", ")) }
    }
}

fn outcome(victim: &VictimView) -> Markup {
    let (tone, words) = match victim.outcome {
        "evicted" | "deleted" => (BadgeTone::Good, victim.outcome),
        "pending" => (BadgeTone::Notice, "not known yet"),
        "unknown" => (BadgeTone::Bad, "nobody knows"),
        "held" => (BadgeTone::Notice, "held back"),
        "gone" => (BadgeTone::Quiet, "gone already"),
        "dry-run" => (BadgeTone::Quiet, "picked (dry run)"),
        word => (BadgeTone::Quiet, word),
    };
    html! { (badge(tone, words)) @if let Some(by) = &victim.by { " by " (by) } }
}

fn recovery_cell(recovery: &ShownRecovery) -> Markup {
    let bar = RecoveryBar {
        times: recovery.times,
        verdict: recovery.verdict,
        expect_ms: recovery.expect_ms,
    };
    let tone = match recovery.verdict {
        None => BadgeTone::Notice,
        Some(verdict) if verdict.is_bad() => BadgeTone::Bad,
        Some(_) => BadgeTone::Quiet,
    };
    let words = match recovery.verdict {
        None => "not whole yet",
        Some(RecoveryVerdict::Recovered) => "",
        Some(verdict) => verdict.as_str(),
    };
    html! {
        span {
            (bar.markup()) " "
            @if recovery.times.whole_ms.is_some() { (span(recovery.times.whole_ms)) " " }
            @if !words.is_empty() {
                (badge(tone, words))
            }
            @if let Some(trouble) = &recovery.trouble { " " (trouble) }
        }
    }
}

fn owner(victim: &VictimName) -> Markup {
    match (&victim.namespace, &victim.owner) {
        (Some(namespace), Some(owner)) => html! { (name(owner)) " in " (namespace) },
        (Some(namespace), None) => html! { "a bare pod in " (namespace) },
        (None, _) => html! { span.quiet { "not named: not known to be in scope" } },
    }
}

fn pod(victim: &VictimName) -> Markup {
    victim.pod.as_ref().map_or_else(none, |pod| html! { (pod) })
}
