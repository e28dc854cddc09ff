//! What is broken by macaque now: the victims whose owners are not whole again.

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::journal::RecoveryRecord;
use macaque_core::recovery::{AcceptedBy, RecoveryTimes};
use serde::Serialize;

use super::super::notes::StatusNotes;
use super::rounds::VictimName;
use super::{MOST, ShownList};

/// One victim whose owner is not whole again, as far as the journal knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct BrokenView {
    /// The victim and its owner.
    #[serde(flatten)]
    pub(in super::super) victim: VictimName,
    /// When the disruption was accepted.
    pub(in super::super) since: Timestamp,
    /// How long ago that was, in milliseconds.
    pub(in super::super) age_ms: u64,
    /// How long the recovery was expected to take, in milliseconds.
    pub(in super::super) expect_ms: u64,
    /// What the owner waits for, as far as it was reported.
    pub(in super::super) phase: &'static str,
    /// The reason for which the replacement is stuck, if it is.
    pub(in super::super) trouble: Option<String>,
    /// When the recovery is given up.
    pub(in super::super) until: Timestamp,
}

/// The victims whose owners are not whole again, the oldest first.
pub(super) fn broken(notes: &StatusNotes, now: Timestamp) -> ShownList<BrokenView> {
    let journal = notes.journal.as_ref().map(|read| &read.journal);
    let open = journal
        .into_iter()
        .flat_map(|journal| journal.open_recoveries(now));
    let mut views: Vec<_> = open.map(|record| view(notes, record, now)).collect();
    views.sort_by_key(|view| view.since);

    let most = if notes.config.names { MOST } else { 0 };
    ShownList::first(views, most)
}

fn view(notes: &StatusNotes, record: &RecoveryRecord, now: Timestamp) -> BrokenView {
    let victim = &record.victim;
    let age = Duration::try_from(now.duration_since(victim.accepted)).unwrap_or_default();
    let entry = notes.history.entry(victim.slot, &victim.pod.uid);
    let times = entry
        .and_then(|entry| entry.recovery.as_ref())
        .map(|recovery| recovery.times);
    let trouble = record.trouble.as_ref();

    BrokenView {
        victim: VictimName::of(notes, &victim.pod, Some(&victim.owner)),
        since: victim.accepted,
        age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
        expect_ms: victim.baseline.expect_ms,
        phase: match (trouble, victim.origin) {
            (_, AcceptedBy::Doubt) => "not known whether it was disrupted",
            (Some(_), _) => "the replacement is stuck",
            (None, _) => phase(times.unwrap_or_default()),
        },
        trouble: trouble.map(|trouble| super::shown_text::name(&trouble.reason)),
        until: record.until,
    }
}

/// What the owner waits for, by the last report of its recovery.
fn phase(times: RecoveryTimes) -> &'static str {
    if times.ready_ms.is_some() {
        "waiting for its other pods"
    } else if times.containers_ready_ms.is_some() {
        "the replacement is becoming ready"
    } else if times.scheduled_ms.is_some() {
        "the replacement starts"
    } else if times.created_ms.is_some() {
        "the replacement waits for a node"
    } else {
        "not whole yet"
    }
}
