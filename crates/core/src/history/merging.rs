//! Merges two histories: each victim and each round once, with whatever either of them knows.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;

use super::{EntryOutcome, History, HistoryEntry, Numbering, RoundSummary};

/// By how much the clocks of two replicas may differ, with some time to spare.
const CLOCKS_APART: Duration = Duration::from_secs(120);

/// Whose numbers count after a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumbersOf {
    Both,
    Own,
    Other,
}

impl History {
    /// Adds what `other` knows. The order of merges, and how often one is repeated, makes no difference.
    ///
    /// If the two are numbered by different journals, the later numbering counts, and victims of the other lose their
    /// numbers. If they show that the journal was set back, and gives numbers a second time, the numbering begins anew
    /// when that was seen.
    pub fn merge(&mut self, other: &Self) {
        let numbers_of = numbers_of(self.numbering.as_ref(), other.numbering.as_ref());
        if numbers_of == NumbersOf::Other {
            self.forget_numbers();
            self.numbering.clone_from(&other.numbering);
        }
        let set_back = (numbers_of == NumbersOf::Both).then(|| set_back_between(self, other));

        let with_number = |entry: &HistoryEntry| HistoryEntry {
            number: entry.number.filter(|_| numbers_of != NumbersOf::Own),
            ..entry.clone()
        };
        self.add_entries(other.entries.iter().map(with_number));
        self.add_rounds(other.rounds.iter().cloned());

        if let (Some(own), Some(others)) = (&mut self.numbering, &other.numbering)
            && own.id() == others.id()
        {
            own.absorb(others);
            if let Some(Some((since, first))) = set_back {
                own.begin_anew(since, first);
            }
        }
        self.settle();
    }

    /// Takes the numbers from all victims, and forgets by which journal they were given: something other than macaque may
    /// have changed them. Until they are known again, the history has gaps.
    pub fn forget_numbers(&mut self) {
        self.numbering = None;
        for entry in &mut self.entries {
            entry.number = None;
        }
    }

    /// Adds victims, each once.
    pub(super) fn add_entries(&mut self, more: impl IntoIterator<Item = HistoryEntry>) {
        self.entries.extend(more);
        self.entries
            .sort_by(|one, other| one.identity().cmp(&other.identity()));
        self.entries.dedup_by(|other, known| {
            let is_same = other.identity() == known.identity();
            if is_same {
                known.absorb(other);
            }
            is_same
        });
    }

    /// Adds rounds, each once.
    pub(super) fn add_rounds(&mut self, more: impl IntoIterator<Item = RoundSummary>) {
        self.rounds.extend(more);
        self.rounds.sort_by_key(|round| round.slot);
        self.rounds.dedup_by(|other, known| {
            let is_same = other.slot == known.slot;
            if is_same {
                known.absorb(other);
            }
            is_same
        });
    }

    /// Settles whose the numbers are, and puts the oldest victims and rounds first.
    pub(super) fn settle(&mut self) {
        self.settle_numbers();
        self.entries
            .sort_by(|one, other| place_of(one).cmp(&place_of(other)));
        self.rounds.sort_by_key(|round| (round.finished, round.slot));
    }

    /// Leaves each number with one victim.
    fn settle_numbers(&mut self) {
        let Some(numbering) = &mut self.numbering else {
            return;
        };
        let entries = &self.entries;
        let mut numbered: Vec<_> = (0..entries.len()).collect();
        numbered.retain(|index| entries[*index].number.is_some());
        numbered.sort_by(|one, other| compare_holders(&entries[*one], &entries[*other]));

        let mut released = Vec::new();
        let mut given_again = Vec::new();
        for pair in numbered.windows(2) {
            let [earlier, later] = [&entries[pair[0]], &entries[pair[1]]];
            if earlier.number != later.number || numbering.is_outdated(earlier) {
                continue;
            }
            // A reservation whose number was given to another victim was released: nothing was disrupted.
            if earlier.outcome == EntryOutcome::Pending {
                released.push(pair[0]);
            } else {
                given_again.push(pair[0]);
                numbering.begin_anew(later.at, later.number.unwrap_or_default());
            }
        }

        for index in given_again {
            self.entries[index].number = None;
        }
        for entry in &mut self.entries {
            if numbering.is_outdated(entry) {
                entry.number = None;
            }
        }
        released.sort_unstable();
        for index in released.into_iter().rev() {
            self.entries.remove(index);
        }
    }
}

/// Whose numbers count: those of the later numbering.
fn numbers_of(own: Option<&Numbering>, other: Option<&Numbering>) -> NumbersOf {
    let ids = (own.map(Numbering::id), other.map(Numbering::id));
    match ids.0.cmp(&ids.1) {
        Ordering::Equal => NumbersOf::Both,
        Ordering::Less => NumbersOf::Other,
        Ordering::Greater => NumbersOf::Own,
    }
}

/// When it was seen that the journal was set back, and the number that it gave next: at that moment it had given fewer
/// numbers, the one of a pending reservation included, than one of the victims had long before.
fn set_back_between(one: &History, other: &History) -> Option<(Timestamp, u64)> {
    let seen = |numbers: &History, counts: &History| {
        let counts = counts.numbering.as_ref()?;
        let is_lost = |entry: &&HistoryEntry| {
            let age = counts.counted.duration_since(entry.at);
            entry.outcome != EntryOutcome::Pending
                && entry.number > Some(counts.count.saturating_add(1))
                && age > CLOCKS_APART.try_into().unwrap_or_default()
        };
        let is_lost = numbers.entries.iter().any(|entry| is_lost(&entry));
        is_lost.then_some((counts.counted, counts.count.saturating_add(1)))
    };
    seen(one, other).max(seen(other, one))
}

/// Compares two victims by their numbers, and if those are equal by whose it is: the one's with an outcome rather than the
/// one's without, then the later one's.
fn compare_holders(one: &HistoryEntry, other: &HistoryEntry) -> Ordering {
    let rank = |entry: &HistoryEntry| {
        let has_outcome = entry.outcome != EntryOutcome::Pending;
        (entry.number, has_outcome, entry.slot, entry.at)
    };
    let ranks = rank(one).cmp(&rank(other));
    ranks.then_with(|| one.pod.uid.cmp(&other.pod.uid))
}

fn place_of(entry: &HistoryEntry) -> (Timestamp, Timestamp, &str) {
    (entry.at, entry.slot, &entry.pod.uid)
}
