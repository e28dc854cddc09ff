//! The rows of a history, for people: what happened to each victim, and to its owner.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::history::{EntryOutcome, EntryRecovery, HistoryEntry, HistoryGap};
use macaque_core::recovery::{RecoveryVerdict, length, phases};

use super::loaded_history::LoadedHistory;
use crate::cli::output::ShownCell;
use crate::text::count;

/// The columns of a table, and of a wide one after them.
const COLUMNS: [&str; 7] = ["TIME", "NAMESPACE", "OWNER", "POD", "OUTCOME", "BY", "RECOVERY"];
const WIDE_COLUMNS: [&str; 5] = ["NUMBER", "SLOT", "METHOD", "TEAM", "PHASES"];

/// What is not there, as kubectl shows it.
const NONE: &str = "-";

/// The shortest phase that is shown.
const SHORTEST_PHASE: Duration = Duration::from_millis(50);

/// The names of the columns.
pub(super) fn header(is_wide: bool) -> Vec<&'static str> {
    let wide = WIDE_COLUMNS.iter().filter(|_| is_wide);
    COLUMNS.iter().chain(wide).copied().collect()
}

/// The row of one victim.
pub(super) fn row(entry: &HistoryEntry, loaded: &LoadedHistory, is_wide: bool) -> Vec<ShownCell> {
    let owner = entry.owner.as_ref();
    let mut cells = vec![
        local(entry.at, &loaded.zone).into(),
        entry.pod.namespace.clone().into(),
        owner.map_or_else(none, ToString::to_string).into(),
        entry.pod.name.clone().into(),
        ShownCell::result(entry.outcome.word()),
        by(&entry.outcome).unwrap_or_else(none).into(),
        ShownCell::result(recovery(entry, loaded)),
    ];
    if is_wide {
        let number = entry.number.map(|number| number.to_string());
        let phases = entry.recovery.as_ref().map(phases_text);
        let wide = [
            number.unwrap_or_else(none),
            local(entry.slot, &loaded.zone),
            entry.method.to_string(),
            entry.team.clone().unwrap_or_else(none),
            phases.filter(|words| !words.is_empty()).unwrap_or_else(none),
        ];
        cells.extend(wide.map(ShownCell::from));
    }
    cells
}

/// The instant on the wall clock of `zone`: `2026-11-23 09:30:12 CET`.
pub(super) fn local(instant: Timestamp, zone: &TimeZone) -> String {
    let local = instant.to_zoned(zone.clone());
    local.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// What is missing, as a sentence.
pub(super) fn gap_text(gap: &HistoryGap, zone: &TimeZone, source: &str) -> String {
    let are = if gap.count == 1 { "is" } else { "are" };
    let disruptions = count(usize::try_from(gap.count).unwrap_or(usize::MAX), "disruption");
    let to = local(gap.to, zone);
    let when = match gap.from {
        Some(from) => format!("between {} and {to}", local(from, zone)),
        None => format!("until {to}"),
    };
    format!("{disruptions} {when} {are} not in the {source}")
}

/// Who refused or held back.
fn by(outcome: &EntryOutcome) -> Option<String> {
    match outcome {
        EntryOutcome::Refused { by }
        | EntryOutcome::Held {
            by,
            unanswered: false,
        } => Some(by.clone()),
        EntryOutcome::Held { by, unanswered: true } => Some(format!("{by} (no answer)")),
        EntryOutcome::Pending
        | EntryOutcome::Evicted
        | EntryOutcome::Deleted
        | EntryOutcome::Gone
        | EntryOutcome::DryRun
        | EntryOutcome::Unknown => None,
    }
}

/// What became of the owner.
fn recovery(entry: &HistoryEntry, loaded: &LoadedHistory) -> String {
    let Some(recovery) = &entry.recovery else {
        return none();
    };
    let whole = recovery
        .times
        .whole_ms
        .map(|ms| length(Duration::from_millis(ms)));
    let words = match (recovery.verdict, whole) {
        (None, _) => open(entry, recovery, loaded),
        (Some(RecoveryVerdict::Recovered), Some(whole)) => format!("recovered in {whole}"),
        (Some(RecoveryVerdict::Slow), Some(whole)) => format!("slow, {whole}"),
        (Some(verdict), _) => verdict.as_str().to_owned(),
    };

    let is_over = recovery.times.whole_ms.is_some();
    match recovery.trouble.as_ref().filter(|_| !is_over) {
        Some(trouble) => format!("{words} ({trouble})"),
        None => words,
    }
}

/// The words for a recovery whose end the history does not have.
fn open(entry: &HistoryEntry, recovery: &EntryRecovery, loaded: &LoadedHistory) -> String {
    if loaded.is_log {
        return "no end in the log".to_owned();
    }
    let is_watched = loaded.journal.as_ref().is_ok_and(|journal| {
        let record = journal.recovery_of(entry.slot, &entry.pod.uid);
        record.is_some_and(|record| record.is_watched(loaded.now))
    });
    if !is_watched {
        return "end not known".to_owned();
    }
    let so_far = loaded.now.duration_since(recovery.accepted);
    let so_far = Duration::try_from(so_far).unwrap_or_default();
    format!("not whole yet, {}", length(Duration::from_secs(so_far.as_secs())))
}

fn phases_text(recovery: &EntryRecovery) -> String {
    let phases = phases(&recovery.times).into_iter();
    let phases = phases.filter(|(_, time)| *time >= SHORTEST_PHASE);
    let words = phases.map(|(phase, time)| format!("{phase} {}", length(time)));
    Vec::from_iter(words).join(", ")
}

fn none() -> String {
    NONE.to_owned()
}

#[cfg(test)]
mod tests;
