//! How many pods a sampled round may pick by name in vain before it judges the metadata of all pods instead.
//!
//! Picks and the list of all lead to the same victims, since both follow the order of the seed; only their costs differ. The
//! metadata of one pod are some 12 kB, because the API server compresses no answer as short as that; in a page of 500 they
//! are a third of a kilobyte. So a pick costs as much as 37 pods of the list, and many picks in vain cost more than the list
//! that follows them.
//!
//! A few picks are tried first, because mostly they suffice. If none of them is eligible, a page of the list tells how many
//! pods are, and with that how many picks to expect: as long as those would cost no more than half of the list, picking
//! goes on, for three times as long as expected. One in twenty rounds then still has no victim, if the page was like the others.

/// How many pods of the list cost as much as one pick.
const PICK_COST: usize = 37;

/// The first picks are one in so many pods: below four hundredths of what the list costs.
const PODS_PER_FIRST_PICK: usize = 1_000;

/// The fewest first picks: 120 kB. If half of the pods are eligible, they are in vain once in a thousand rounds.
const FEWEST_FIRST_PICKS: usize = 10;

/// The most first picks: more would tell nothing that a page of the list does not.
const MOST_FIRST_PICKS: usize = 100;

/// With fewer pods than this, a page is a tenth of the list or more, and the list is read at once.
const WORTH_A_PAGE: usize = 5_000;

/// The limit of the picks of one round.
#[derive(Debug, Clone, Copy)]
pub struct PickLimit {
    pods: usize,
    most: usize,
    /// Whether a page of the list was read.
    has_sample: bool,
}

/// How many pods of a page of the list are eligible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageSample {
    /// The pods that were checked.
    pub checked: usize,
    /// Those of them that are eligible.
    pub eligible: usize,
}

impl PickLimit {
    /// The limit among so many pods, of which nothing else is known.
    pub fn new(pods: usize) -> Self {
        let most = (pods / PODS_PER_FIRST_PICK).clamp(FEWEST_FIRST_PICKS, MOST_FIRST_PICKS);
        Self {
            pods,
            most,
            has_sample: false,
        }
    }

    /// Whether another pod may be picked after so many picks in vain.
    pub fn allows(&self, in_vain: usize) -> bool {
        in_vain < self.most
    }

    /// Whether a page of the list is worth its cost, to find out whether picking may go on.
    pub fn wants_sample(&self) -> bool {
        !self.has_sample && self.pods >= WORTH_A_PAGE
    }

    /// Takes into account what a page of the list showed.
    pub fn note_sample(&mut self, sample: PageSample) {
        self.has_sample = true;
        if sample.eligible == 0 {
            return;
        }

        let half = self.pods / (2 * PICK_COST);
        let expected = sample.checked.div_ceil(sample.eligible);
        if expected <= half {
            self.most = self.most.max((3 * expected).min(half));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(pods: usize, checked: usize, eligible: usize) -> usize {
        let mut limit = PickLimit::new(pods);
        limit.note_sample(PageSample { checked, eligible });
        limit.most
    }

    #[test]
    fn the_first_picks_cost_less_than_four_hundredths_of_the_list_where_there_are_many_pods() {
        for pods in [10_000, 50_000, 500_000] {
            let picks = PickLimit::new(pods).most;
            assert!(picks * PICK_COST * 100 <= pods * 4, "{pods}: {picks}");
            assert!(picks >= FEWEST_FIRST_PICKS);
        }
    }

    #[test]
    fn picking_goes_on_three_times_as_long_as_a_page_lets_expect() {
        assert_eq!(limit(50_000, 500, 5), 300);
        assert_eq!(
            limit(50_000, 500, 50),
            PickLimit::new(50_000).most,
            "as many as the first"
        );
        assert_eq!(limit(500_000, 500, 1), 1_500);
    }

    #[test]
    fn picks_never_cost_more_than_half_of_the_list_once_there_is_a_page() {
        for pods in [5_000, 10_000, 50_000, 500_000] {
            for eligible in 0..=500 {
                let picks = limit(pods, 500, eligible);
                let first = PickLimit::new(pods).most;
                assert!(
                    picks == first || picks * PICK_COST * 2 <= pods,
                    "{pods} {eligible}: {picks}"
                );
            }
        }
        assert_eq!(limit(50_000, 500, 0), PickLimit::new(50_000).most);
        assert_eq!(
            limit(10_000, 500, 1),
            PickLimit::new(10_000).most,
            "500 to expect cost too much"
        );
    }

    #[test]
    fn a_page_is_read_once_and_only_where_it_is_a_small_part_of_the_list() {
        assert!(!PickLimit::new(WORTH_A_PAGE - 1).wants_sample());
        let mut limit = PickLimit::new(WORTH_A_PAGE);
        assert!(limit.wants_sample());
        limit.note_sample(PageSample::default());
        assert!(!limit.wants_sample());
    }
}
