//! The top of the page: what it is about, the banner, and the next slots.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::super::view::{BannerState, BannerView, SlotView, StatusView};
use crate::html::{BadgeTone, HtmlColumn, HtmlTable, ago, badge, instant, instant_utc, none, prose, section};

/// The name of the page, and how old what it shows is.
pub(super) fn header(view: &StatusView) -> Markup {
    html! {
        h1 { "macaque" @if let Some(cluster) = &view.cluster { " on " (cluster) } }
        p.quiet {
            "As of " (instant(view.at, &zone(view)))
            @match view.journal_read {
                Some(read) => { "; the journal was read " (ago(read, view.at)) }
                None => { "; the journal was not read yet" }
            }
            ". The page loads itself again every " (super::REFRESH) " seconds."
        }
    }
}

/// The state in short.
pub(super) fn banner(view: &StatusView) -> Markup {
    let BannerView {
        state,
        sentence,
        since,
        until,
        by,
        reason,
        remedy,
    } = &view.banner;
    let zone = zone(view);
    html! {
        section class=(class(*state)) aria-labelledby="state" {
            h2 id="state" {
                strong { (state.headline()) }
                @if let Some(by) = by { " by " (by) }
                @if let Some(until) = until { " until " (instant(*until, &zone)) }
            }
            p { (prose(sentence)) @if let Some(reason) = reason { " Reason: " (reason.trim_end_matches('.')) "." } }
            @if let Some(since) = since {
                p.quiet { (since_words(*state)) (instant(*since, &zone)) ", " (ago(*since, view.at)) "." }
            }
            @if let Some(remedy) = remedy { p { (prose(remedy)) } }
            p.quiet { (mode(view)) @if let Some(schedule) = &view.schedule { " · " (schedule) } }
        }
    }
}

/// The next slots.
pub(super) fn slots(view: &StatusView) -> Markup {
    let has_turns = view.slots.iter().any(|slot| slot.turns.is_some());
    let mut columns = vec![
        HtmlColumn::text("Local"),
        HtmlColumn::text("UTC"),
        HtmlColumn::text("What"),
    ];
    if has_turns {
        columns.push(HtmlColumn::text("Whose turn"));
    }
    let zone = zone(view);
    let row = |slot: &SlotView| {
        let mut cells = vec![
            instant(slot.slot, &zone),
            instant_utc(slot.slot),
            what(view, slot),
        ];
        if has_turns {
            cells.push(turns(slot));
        }
        cells
    };
    let table = HtmlTable {
        caption: "The next slots of the schedule".to_owned(),
        columns,
        rows: view.slots.iter().map(row).collect(),
        empty: "No slot is known.".to_owned(),
        rest: None,
    };
    section("slots", "Next rounds", &table.markup())
}

fn what(view: &StatusView, slot: &SlotView) -> Markup {
    match &slot.quiet {
        Some(quiet) => badge(BadgeTone::Quiet, &format!("quiet: {quiet}")),
        None if view.dry_run => html! { "dry run" },
        None => html! { "round" },
    }
}

fn turns(slot: &SlotView) -> Markup {
    let Some(turns) = slot.turns.as_ref().filter(|turns| !turns.is_empty()) else {
        return none();
    };
    html! {
        (turns.join(", "))
        @if slot.more_turns > 0 { " and " (slot.more_turns) " more" }
    }
}

/// What stands before the instant since which a state is known: a pause may be older than this process, and so may what
/// is wrong with the journal.
fn since_words(state: BannerState) -> &'static str {
    match state {
        BannerState::Paused | BannerState::JournalUnusable => "Seen since ",
        _ => "Since ",
    }
}

fn mode(view: &StatusView) -> String {
    if view.dry_run {
        "Dry run: nothing is disrupted".to_owned()
    } else {
        format!("No dry run, method {}", view.method)
    }
}

fn class(state: BannerState) -> &'static str {
    match state {
        BannerState::Armed => "banner good",
        BannerState::JournalUnusable | BannerState::JournalDistrusted => "banner bad",
        BannerState::Paused | BannerState::HeldBack | BannerState::NothingDue => "banner notice",
        BannerState::Starting | BannerState::DryRun | BannerState::Quiet => "banner",
    }
}

/// The zone of the schedule.
pub(super) fn zone(view: &StatusView) -> TimeZone {
    let zone = view.zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    zone.unwrap_or(TimeZone::UTC)
}
