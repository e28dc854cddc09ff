//! Keeps the history small: the oldest is dropped.

use super::History;

/// The maximum number of victims that were disrupted, or may have been, and are numbered.
const MAX_NUMBERED: usize = 10_000;
/// The maximum number of other victims.
const MAX_OTHERS: usize = 4_000;
/// The maximum number of rounds.
const MAX_ROUNDS: usize = 1_000;

impl History {
    /// Drops the oldest victims and rounds if there are too many.
    pub fn bound(&mut self) {
        let (numbered, others) = self.counts();
        self.drop_oldest(
            numbered.saturating_sub(MAX_NUMBERED),
            others.saturating_sub(MAX_OTHERS),
            self.rounds.len().saturating_sub(MAX_ROUNDS),
        );
    }

    /// Drops the oldest tenth of the victims that are numbered, of the others and of the rounds, at least one of each.
    pub fn shrink(&mut self) {
        let (numbered, others) = self.counts();
        self.drop_oldest(
            numbered.div_ceil(10),
            others.div_ceil(10),
            self.rounds.len().div_ceil(10),
        );
    }

    /// How many victims are numbered, and how many are not.
    fn counts(&self) -> (usize, usize) {
        let numbered = self.entries.iter().filter(|entry| entry.number.is_some());
        let numbered = numbered.count();
        (numbered, self.entries.len() - numbered)
    }

    /// Drops so many of the victims that are numbered, of the others and of the rounds.
    fn drop_oldest(&mut self, mut numbered: usize, mut others: usize, rounds: usize) {
        self.entries.retain(|entry| {
            let left = if entry.number.is_some() {
                &mut numbered
            } else {
                &mut others
            };
            let is_kept = *left == 0;
            *left = left.saturating_sub(1);
            is_kept
        });
        self.rounds.drain(..rounds);
    }
}
