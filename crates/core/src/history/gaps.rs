//! Finds what the history lacks: the numbers of disruptions that neither it nor the journal has.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{EntryOutcome, History, HistoryEntry};
use crate::journal::Journal;

/// Disruptions that the history lacks, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryGap {
    /// The instant before which none of them was reserved; `None` if that is not known.
    pub from: Option<Timestamp>,
    /// The instant after which none of them was reserved.
    pub to: Timestamp,
    /// How many they are.
    pub count: u64,
}

impl History {
    /// Since when every disruption has a number by `journal`; `None` if it does not number disruptions yet.
    pub fn covered_since(&self, journal: &Journal) -> Option<Timestamp> {
        let known = self.numbering.as_ref().filter(|known| known.is_of(journal));
        known.map_or_else(|| journal.numbered_since(), |known| Some(known.since))
    }

    /// The disruptions since [`History::covered_since`] that neither the history nor the journal has, oldest first.
    pub fn gaps(&self, journal: &Journal) -> Vec<HistoryGap> {
        let count = journal.disruptions();
        let first = self.first_number(journal);
        let mut gaps = Vec::new();
        let mut from = self.covered_since(journal);
        let mut next = first;

        let known = self.known_numbers(journal);
        for (number, at) in known.range(first..=count.max(first)) {
            if let Some(count) = number.checked_sub(next).filter(|count| *count > 0) {
                gaps.push(HistoryGap::between(from, *at, count));
            }
            from = Some(*at);
            next = number.saturating_add(1);
        }
        if next <= count {
            let to = self.latest_disruption(journal);
            gaps.push(HistoryGap::between(from, to, count - next + 1));
        }
        gaps
    }

    fn first_number(&self, journal: &Journal) -> u64 {
        let known = self.numbering.as_ref().filter(|known| known.is_of(journal));
        known.map_or(1, |known| known.first)
    }

    /// The numbers that the history or the journal has, with the instants of their reservations. A reservation without an
    /// outcome that is not in the journal any more may have been released, and its number given to another victim.
    fn known_numbers(&self, journal: &Journal) -> BTreeMap<u64, Timestamp> {
        let is_same = self.numbering.as_ref().is_some_and(|known| known.is_of(journal));
        let is_settled = |entry: &&HistoryEntry| is_same && entry.outcome != EntryOutcome::Pending;
        let entries = self.entries.iter().filter(is_settled);
        let of_history = entries.filter_map(|entry| Some((entry.number?, entry.at)));

        let rounds = journal.round().into_iter();
        let reservations = rounds.flat_map(|round| &round.reservations);
        let of_journal = reservations.map(|reservation| (reservation.number, reservation.at));
        of_history.chain(of_journal).collect()
    }

    /// The instant by which the last disruption that `journal` numbered was reserved, as far as that is known.
    fn latest_disruption(&self, journal: &Journal) -> Timestamp {
        let known = self.numbering.as_ref().filter(|known| known.is_of(journal));
        let known = known.filter(|known| known.count >= journal.disruptions());
        let counted = known.map(|known| known.counted);
        let instants = [counted, journal.latest_reservation()];
        instants.into_iter().flatten().min().unwrap_or(Timestamp::MAX)
    }
}

impl HistoryGap {
    /// So many disruptions between two others. A clock may have been set back between the two.
    fn between(from: Option<Timestamp>, to: Timestamp, count: u64) -> Self {
        Self {
            from: from.map(|from| from.min(to)),
            to: from.map_or(to, |from| from.max(to)),
            count,
        }
    }
}
