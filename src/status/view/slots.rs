//! The next slots: local and in UTC, with the quiet time that swallows some, and whose turn it is.

use jiff::Timestamp;
use macaque_core::schedule::ScheduledSlot;
use serde::Serialize;

use super::super::notes::StatusNotes;
use super::shown_text;

/// How many slots are shown.
const SLOTS: usize = 5;
/// The most owners that are named for one slot.
const MOST_TURNS: usize = 5;

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct SlotView {
    /// The instant.
    pub(in super::super) slot: Timestamp,
    /// The wall clock of the schedule's zone then.
    pub(in super::super) local: String,
    /// The quiet time that swallows the slot.
    pub(in super::super) quiet: Option<String>,
    /// The owners whose turn it is, as far as the last round shows; `None` if owners have no turns, or are not named.
    pub(in super::super) turns: Option<Vec<String>>,
    /// How many more owners have their turn.
    pub(in super::super) more_turns: usize,
}

/// The next slots.
pub(super) fn slots(notes: &StatusNotes, now: Timestamp) -> Vec<SlotView> {
    let Some(calendar) = &notes.config.calendar else {
        return notes.next_slot.map(without_calendar).into_iter().collect();
    };
    let view = |slot: ScheduledSlot| {
        let local = slot.instant.to_zoned(calendar.zone().clone());
        let turns = turns(notes, slot.instant).filter(|_| slot.quiet.is_none());
        let count = turns.as_ref().map_or(0, Vec::len);
        SlotView {
            slot: slot.instant,
            local: local.strftime("%a %-d %b %H:%M %Z").to_string(),
            quiet: slot.quiet.map(|quiet| quiet.to_string()),
            turns: turns.map(|turns| turns.into_iter().take(MOST_TURNS).collect()),
            more_turns: count.saturating_sub(MOST_TURNS),
        }
    };
    calendar.upcoming(now).take(SLOTS).map(view).collect()
}

/// The next slot where rounds follow no calendar.
fn without_calendar(slot: Timestamp) -> SlotView {
    SlotView {
        slot,
        local: slot.strftime("%a %-d %b %H:%M UTC").to_string(),
        quiet: None,
        turns: None,
        more_turns: 0,
    }
}

/// The owners whose turn is at this slot.
fn turns(notes: &StatusNotes, slot: Timestamp) -> Option<Vec<String>> {
    let turns = notes.turns.as_ref().filter(|_| notes.config.names)?;
    let owners = turns.iter().filter(|(_, at)| *at == slot);
    let named = owners.filter(|(owner, _)| notes.names(&owner.namespace));
    Some(named.map(|(owner, _)| shown_text::name(owner)).collect())
}
