//! The last rounds, with their victims, in macaque's own words.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use macaque_core::history::{EntryOutcome, EntryRecovery, HistoryEntry, RoundSummary};
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{RecoveryTimes, RecoveryVerdict};
use macaque_core::report::RoundStatus;
use serde::Serialize;

use super::super::notes::StatusNotes;
use super::holds::{cause_of_hold, guard_of};
use super::{MOST, ShownList, shown_text};

/// The most victims of one round that are shown.
const MOST_VICTIMS: usize = 3;

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct RoundView {
    /// The slot.
    pub(in super::super) slot: Timestamp,
    /// When it ended; `None` while it goes on, or if nobody noted its end.
    pub(in super::super) finished: Option<Timestamp>,
    /// Whether it was a dry run.
    pub(in super::super) dry_run: bool,
    /// The result in one word; `None` while it goes on, or if nobody noted its end.
    pub(in super::super) result: Option<&'static str>,
    /// The guard that held it back.
    pub(in super::super) held_by: Option<String>,
    /// How many victims had which outcome.
    pub(in super::super) outcomes: BTreeMap<&'static str, usize>,
    /// The victims.
    pub(in super::super) victims: ShownList<VictimView>,
}

/// One victim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct VictimView {
    /// The victim and its owner.
    #[serde(flatten)]
    pub(in super::super) name: VictimName,
    /// The outcome in one word.
    pub(in super::super) outcome: &'static str,
    /// Who refused, or which guard held it back.
    pub(in super::super) by: Option<String>,
    /// The recovery, as far as it was watched.
    pub(in super::super) recovery: Option<ShownRecovery>,
}

/// A victim and its owner by name, if they may be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(in super::super) struct VictimName {
    /// The namespace.
    pub(in super::super) namespace: Option<String>,
    /// The pod.
    pub(in super::super) pod: Option<String>,
    /// The owner: `deployment/cart`.
    pub(in super::super) owner: Option<String>,
}

/// The recovery of a victim's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct ShownRecovery {
    /// How it ended; `None` while it goes on.
    pub(in super::super) verdict: Option<RecoveryVerdict>,
    /// When each phase ended, in milliseconds since the disruption was accepted.
    pub(in super::super) times: RecoveryTimes,
    /// How long it was expected to take, in milliseconds.
    pub(in super::super) expect_ms: u64,
    /// The reason for which the replacement was stuck, if it was.
    pub(in super::super) trouble: Option<String>,
}

/// The last rounds, the newest first; a round that goes on counts as one.
pub(super) fn rounds(notes: &StatusNotes) -> ShownList<RoundView> {
    let history = &notes.history;
    let summaries: BTreeMap<_, _> = history.rounds().iter().map(|round| (round.slot, round)).collect();
    let slots = history.entries().iter().map(|entry| entry.slot);
    let slots: BTreeSet<_> = slots.chain(summaries.keys().copied()).collect();

    let shown = slots.iter().rev().take(MOST);
    let earliest = shown.clone().next_back().copied();
    let mut entries: BTreeMap<Timestamp, Vec<&HistoryEntry>> = BTreeMap::new();
    for entry in history
        .entries()
        .iter()
        .filter(|entry| Some(entry.slot) >= earliest)
    {
        entries.entry(entry.slot).or_default().push(entry);
    }

    let view = |slot: &Timestamp| {
        let entries = entries.get(slot).map_or(&[][..], Vec::as_slice);
        round(notes, *slot, summaries.get(slot).copied(), entries)
    };
    ShownList {
        items: shown.map(view).collect(),
        more: slots.len().saturating_sub(MOST),
    }
}

fn round(
    notes: &StatusNotes,
    slot: Timestamp,
    summary: Option<&RoundSummary>,
    entries: &[&HistoryEntry],
) -> RoundView {
    let mut outcomes = BTreeMap::new();
    for entry in entries {
        *outcomes.entry(entry.outcome.word()).or_default() += 1;
    }
    let most = if notes.config.names { MOST_VICTIMS } else { 0 };
    // What was disrupted, or may have been, is never among those that are left out for the others.
    let (first, others): (Vec<_>, Vec<_>) = entries
        .iter()
        .partition(|entry| entry.outcome.is_disruption() || entry.outcome.is_unknown());
    let shown = first.into_iter().chain(others).take(most);
    let victims = shown.map(|entry| victim(notes, entry));

    RoundView {
        slot,
        finished: summary.map(|summary| summary.finished),
        dry_run: summary.is_some_and(|summary| summary.dry_run),
        result: summary.map(|summary| summary.status.as_str()),
        held_by: summary.and_then(held_by),
        outcomes,
        victims: ShownList {
            more: entries.len().saturating_sub(most),
            items: victims.collect(),
        },
    }
}

fn held_by(summary: &RoundSummary) -> Option<String> {
    let is_held = matches!(summary.status, RoundStatus::Held | RoundStatus::Unanswered);
    let why = summary.why.as_deref().filter(|_| is_held);
    why.and_then(cause_of_hold).map(shown_text::name)
}

fn victim(notes: &StatusNotes, entry: &HistoryEntry) -> VictimView {
    let by = match &entry.outcome {
        EntryOutcome::Refused { by } => Some(by.clone()).filter(|_| notes.names(&entry.pod.namespace)),
        outcome => guard_of(outcome).map(|guard| format!("guard {guard}")),
    };
    VictimView {
        name: VictimName::of(notes, &entry.pod, entry.owner.as_ref()),
        outcome: entry.outcome.word(),
        by: by.map(shown_text::name),
        recovery: entry.recovery.as_ref().map(recovery),
    }
}

fn recovery(recovery: &EntryRecovery) -> ShownRecovery {
    ShownRecovery {
        verdict: recovery.verdict,
        times: recovery.times,
        expect_ms: recovery.expect_ms,
        trouble: recovery.trouble.as_deref().map(shown_text::text),
    }
}

impl VictimName {
    /// The names that may be shown.
    pub(super) fn of(notes: &StatusNotes, pod: &PodRef, owner: Option<&PodOwner>) -> Self {
        if !notes.names(&pod.namespace) {
            return Self::default();
        }
        Self {
            namespace: Some(shown_text::name(&pod.namespace)),
            pod: Some(shown_text::name(&pod.name)),
            owner: owner.map(shown_text::name),
        }
    }
}
