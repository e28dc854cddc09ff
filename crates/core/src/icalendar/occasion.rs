//! The slots that a feed shows, by days and by windows.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::FeedSpan;
use crate::pod::OwnerRef;
use crate::rota::Turn;
use crate::schedule::LocalRound;

/// The longest time between two slots of one window.
const WINDOW_GAP: SignedDuration = SignedDuration::from_hours(1);

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Occasion<'a> {
    pub(super) slot: Timestamp,
    /// The owners whose turn it is; none if turns are not shown.
    pub(super) owners: Vec<&'a OwnerRef>,
}

/// The rounds, whoever they may take a pod of.
pub(super) fn of_rounds(rounds: &[LocalRound]) -> Vec<Occasion<'static>> {
    let slots = rounds
        .iter()
        .filter_map(|round| Timestamp::from_second(round.instant).ok());
    let occasions = slots.map(|slot| Occasion {
        slot,
        owners: Vec::new(),
    });
    occasions.collect()
}

/// The slots of `span` at which an owner has its turn.
pub(super) fn of_turns(turns: &[Turn], span: FeedSpan) -> Vec<Occasion<'_>> {
    let within = turns
        .iter()
        .filter(|turn| span.from <= turn.slot && turn.slot < span.to);
    let mut by_slot: BTreeMap<Timestamp, Vec<&OwnerRef>> = BTreeMap::new();
    for turn in within {
        by_slot.entry(turn.slot).or_default().push(&turn.owner);
    }

    let occasions = by_slot
        .into_iter()
        .map(|(slot, owners)| Occasion { slot, owners });
    occasions.collect()
}

/// The slots of one day after the other, as the wall clock of `zone` shows them.
pub(super) fn days<'o, 'a>(
    occasions: &'o [Occasion<'a>],
    zone: &TimeZone,
) -> impl Iterator<Item = &'o [Occasion<'a>]> {
    let day = |occasion: &Occasion<'_>| zone.to_datetime(occasion.slot).date();
    occasions.chunk_by(move |a, b| day(a) == day(b))
}

/// The slots of one window after the other: between two of them lies more than an hour.
pub(super) fn windows<'o, 'a>(day: &'o [Occasion<'a>]) -> impl Iterator<Item = &'o [Occasion<'a>]> {
    day.chunk_by(|a, b| b.slot.duration_since(a.slot) <= WINDOW_GAP)
}
