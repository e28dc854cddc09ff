//! Merges two histories: each victim and each round once, with whatever either of them knows.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::HashMap;
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

        self.merge_entries(&other.entries, numbers_of != NumbersOf::Own);
        self.merge_rounds(&other.rounds);

        if let (Some(own), Some(others)) = (&mut self.numbering, &other.numbering)
            && own.id() == others.id()
        {
            own.absorb(others);
            if let Some(Some((since, first))) = set_back {
                own.begin_anew(since, first);
            }
        }
        self.settle_numbers();
        self.sort();
    }

    /// Takes the numbers from all victims, and forgets by which journal they were given: something other than macaque may
    /// have changed them. Until they are known again, the history has gaps.
    pub fn forget_numbers(&mut self) {
        self.numbering = None;
        for entry in &mut self.entries {
            entry.number = None;
        }
    }

    fn merge_entries(&mut self, others: &[HistoryEntry], with_numbers: bool) {
        let mut more: BTreeMap<(Timestamp, &str), HistoryEntry> = BTreeMap::new();
        for entry in others {
            let mut added = entry.clone();
            if !with_numbers {
                added.number = None;
            }
            let known = more.get_mut(&(entry.slot, entry.pod.uid.as_str()));
            match known {
                Some(known) => known.absorb(added),
                None => {
                    more.insert((entry.slot, &entry.pod.uid), added);
                }
            }
        }

        let mut both = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(added) = more.remove(&(entry.slot, entry.pod.uid.as_str())) {
                both.push((index, added));
            }
        }
        let added: Vec<_> = more.into_values().collect();
        for (index, more) in both {
            self.entries[index].absorb(more);
        }
        self.entries.extend(added);
    }

    fn merge_rounds(&mut self, others: &[RoundSummary]) {
        let mut more: BTreeMap<Timestamp, RoundSummary> = BTreeMap::new();
        for round in others {
            match more.get_mut(&round.slot) {
                Some(known) => known.absorb(round.clone()),
                None => {
                    more.insert(round.slot, round.clone());
                }
            }
        }

        for round in &mut self.rounds {
            if let Some(added) = more.remove(&round.slot) {
                round.absorb(added);
            }
        }
        self.rounds.extend(more.into_values());
    }

    /// Leaves each number with one victim.
    fn settle_numbers(&mut self) {
        let Some(numbering) = &mut self.numbering else {
            return;
        };
        let mut released = Vec::new();
        let mut given_again = Vec::new();
        let mut holders: HashMap<u64, usize> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(number) = entry.number.filter(|_| !numbering.is_outdated(entry)) else {
                continue;
            };
            let Some(holder) = holders.insert(number, index) else {
                continue;
            };

            let other = &self.entries[holder];
            let (earlier, later) = match compare_holders(other, entry) {
                Ordering::Less => (holder, index),
                _ => (index, holder),
            };
            holders.insert(number, later);
            // A reservation whose number was given to another victim was released: nothing was disrupted.
            if self.entries[earlier].outcome == EntryOutcome::Pending {
                released.push(earlier);
            } else {
                given_again.push(earlier);
                let since = self.entries[later].at;
                numbering.begin_anew(since, number);
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

    fn sort(&mut self) {
        self.entries
            .sort_by(|one, other| place_of(one).cmp(&place_of(other)));
        self.rounds.sort_by_key(|round| (round.finished, round.slot));
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

/// When it was seen that the journal was set back, and the number that it gave next: at that moment it had not given a
/// number that one of the victims had long before.
fn set_back_between(one: &History, other: &History) -> Option<(Timestamp, u64)> {
    let seen = |numbers: &History, counts: &History| {
        let counts = counts.numbering.as_ref()?;
        let is_lost = |entry: &&HistoryEntry| {
            let age = counts.counted.duration_since(entry.at);
            entry.outcome != EntryOutcome::Pending
                && entry.number > Some(counts.count)
                && age > CLOCKS_APART.try_into().unwrap_or_default()
        };
        let is_lost = numbers.entries.iter().any(|entry| is_lost(&entry));
        is_lost.then_some((counts.counted, counts.count.saturating_add(1)))
    };
    seen(one, other).max(seen(other, one))
}

/// Which of two victims that had the same number holds it: one with an outcome rather than one without, then the later.
fn compare_holders(one: &HistoryEntry, other: &HistoryEntry) -> Ordering {
    let rank = |entry: &HistoryEntry| (entry.outcome != EntryOutcome::Pending, entry.slot, entry.at);
    let ranks = rank(one).cmp(&rank(other));
    ranks.then_with(|| one.pod.uid.cmp(&other.pod.uid))
}

fn place_of(entry: &HistoryEntry) -> (Timestamp, Timestamp, &str) {
    (entry.at, entry.slot, &entry.pod.uid)
}
