//! Finds the next slot that has a turn left.

/// The slots of one period, with how many turns each has left.
pub(super) struct FreeSlots {
    left: Vec<usize>,
    /// For each slot one from which the search for the next free slot may go on: itself while it is free. Behind the last
    /// slot there is one more, which stands for none.
    next: Vec<usize>,
}

impl FreeSlots {
    /// The slots with this many turns left, in their order.
    pub(super) fn new(left: impl Iterator<Item = usize>) -> Self {
        let left: Vec<_> = left.collect();
        let next = left.iter().enumerate();
        let next = next.map(|(slot, left)| if *left == 0 { slot + 1 } else { slot });
        let next = next.chain([left.len()]).collect();
        Self { left, next }
    }

    /// Takes a turn of the slot `wanted` or, if it has none left, of the next that has, after the last slot of the first.
    /// `None` if no slot has a turn left.
    pub(super) fn take(&mut self, wanted: usize) -> Option<usize> {
        let behind = self.find(wanted);
        let found = behind.or_else(|| self.find(0))?;

        self.left[found] -= 1;
        if self.left[found] == 0 {
            self.next[found] = found + 1;
        }
        Some(found)
    }

    /// The first free slot from `slot` on. What the search passed points to its result afterwards, so that the next search
    /// is short.
    fn find(&mut self, slot: usize) -> Option<usize> {
        let mut found = slot;
        while self.next[found] != found {
            found = self.next[found];
        }

        let mut passed = slot;
        while self.next[passed] != passed {
            passed = std::mem::replace(&mut self.next[passed], found);
        }
        (found < self.left.len()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::FreeSlots;

    fn taken(left: &[usize], wanted: &[usize]) -> Vec<Option<usize>> {
        let mut free = FreeSlots::new(left.iter().copied());
        wanted.iter().map(|wanted| free.take(*wanted)).collect()
    }

    #[test]
    fn a_full_slot_passes_on_to_the_next_and_the_last_to_the_first() {
        assert_eq!(
            taken(&[1, 1, 1], &[1, 1, 1, 1]),
            [Some(1), Some(2), Some(0), None]
        );
        assert_eq!(
            taken(&[2, 0, 1], &[1, 1, 0, 2]),
            [Some(2), Some(0), Some(0), None]
        );
        assert_eq!(taken(&[0, 0], &[0]), [None]);
    }
}
