//! What the history says of owners: who had no turn and why, and how fast they recover.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use macaque_core::pod::OwnerRef;
use macaque_core::resilience::{OwnerResilience, ResilienceEvidence, ResilienceQuestion, ResilienceReport};
use serde::Serialize;

use super::super::notes::StatusNotes;
use super::{MOST, ShownList, shown_text};

/// How far back owners without a turn are looked for.
const TURNS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far back recoveries are counted.
const RECOVERIES: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An owner that had no turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct WithoutTurnView {
    /// The owner: `shop/deployment/web`.
    pub(in super::super) owner: String,
    /// How often it was tried, or missed its turn.
    pub(in super::super) tried: usize,
    /// The reason in words.
    pub(in super::super) why: String,
}

/// The recoveries of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct OwnerRecoveryView {
    /// The owner.
    pub(in super::super) owner: String,
    /// How many recoveries were measured.
    pub(in super::super) count: usize,
    /// The median, in milliseconds.
    pub(in super::super) p50_ms: Option<u64>,
    /// The 90th percentile, in milliseconds.
    pub(in super::super) p90_ms: Option<u64>,
    /// The slowest, in milliseconds.
    pub(in super::super) max_ms: Option<u64>,
    /// How many took longer than expected.
    pub(in super::super) slow: usize,
    /// How many did not end in time.
    pub(in super::super) unrecovered: usize,
}

/// The owners that had no turn in the last seven days, as far as the history and the last round show.
pub(super) fn without_turn(notes: &StatusNotes, now: Timestamp) -> ShownList<WithoutTurnView> {
    let report = report(notes, now, TURNS);
    let is_without = |owner: &&OwnerResilience| owner.without_turn.is_some();
    let without: Vec<_> = report.owners.iter().filter(is_without).collect();
    let known: BTreeSet<&OwnerRef> = without.iter().map(|owner| &owner.owner).collect();
    let missed = notes
        .missed_turns
        .iter()
        .filter(|turn| !known.contains(&turn.owner));

    let tried = without
        .iter()
        .map(|owner| (&owner.owner, owner.tried(), owner.to_string()));
    let missed = missed.map(|turn| (&turn.owner, 1, turn.missed.clone().unwrap_or_default()));
    let all: Vec<_> = tried.chain(missed).collect();
    let view = |(owner, tried, why): &(&OwnerRef, usize, String)| WithoutTurnView {
        owner: shown_text::name(owner),
        tried: *tried,
        why: shown_text::text(why),
    };
    named(notes, &all, |(owner, ..)| owner, view)
}

/// The recoveries of the last 30 days, those first that need attention, and what is not known of these days.
pub(super) fn recoveries(notes: &StatusNotes, now: Timestamp) -> (ShownList<OwnerRecoveryView>, Vec<String>) {
    let report = report(notes, now, RECOVERIES);
    let is_measured = |owner: &&OwnerResilience| owner.recovery.count + owner.recovery.unrecovered > 0;
    let measured: Vec<_> = report.owners.iter().filter(is_measured).collect();
    let view = |owner: &&OwnerResilience| OwnerRecoveryView {
        owner: shown_text::name(&owner.owner),
        count: owner.recovery.count,
        p50_ms: owner.recovery.p50_ms,
        p90_ms: owner.recovery.p90_ms,
        max_ms: owner.recovery.max_ms,
        slow: owner.recovery.slow,
        unrecovered: owner.recovery.unrecovered,
    };
    let gaps = report.gaps.iter().map(|gap| shown_text::text(gap));
    (
        named(notes, &measured, |owner| &owner.owner, view),
        gaps.collect(),
    )
}

/// The first of those that may be named; the others are counted.
fn named<T, V>(
    notes: &StatusNotes,
    all: &[T],
    owner: impl Fn(&T) -> &OwnerRef,
    view: impl Fn(&T) -> V,
) -> ShownList<V> {
    let shown = all.iter().filter(|item| notes.names(&owner(item).namespace));
    let items: Vec<_> = shown.take(MOST).map(view).collect();
    let more = all.len() - items.len();
    ShownList { items, more }
}

fn report(notes: &StatusNotes, now: Timestamp, back: SignedDuration) -> ResilienceReport {
    let journal = notes.journal.as_ref().map(|read| &read.journal);
    let gaps = journal.map_or_else(Vec::new, |journal| notes.history.gaps(journal));
    let question = ResilienceQuestion {
        from: now.checked_sub(back).unwrap_or(now),
        to: now,
        namespaces: Vec::new(),
    };
    let evidence = ResilienceEvidence {
        history: &notes.history,
        gaps: &gaps,
        journal: notes.usable_journal(),
        scope: Err("the page lists no pods"),
    };
    ResilienceReport::of(&question, evidence)
}
