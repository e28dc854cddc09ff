//! How many pods a round disrupts and whose, as a plan shows it.

use macaque_core::config::{DisruptionPace, VictimCount};
use macaque_core::duration::in_days;

/// How many victims a round has, as a plan shows it.
pub(super) struct ShownCount {
    pub(super) most: usize,
    pub(super) configured: Option<String>,
    pub(super) owners: Option<usize>,
}

impl ShownCount {
    /// The count of a round in which this many `owners` have candidates.
    pub(super) fn of(count: VictimCount, owners: usize) -> Self {
        let (most, of) = match count {
            VictimCount::Fixed(count) => (count, None),
            VictimCount::Percent(_) => (count.of_round(owners, 0), Some(owners)),
            VictimCount::Range { to, .. } => (to, None),
        };
        Self {
            most,
            configured: (!matches!(count, VictimCount::Fixed(_))).then(|| count.to_string()),
            owners: of,
        }
    }
}

/// How often each owner has a turn, if owners have turns.
pub(super) fn every(pace: &DisruptionPace) -> Option<String> {
    match pace {
        DisruptionPace::Count => None,
        DisruptionPace::Rota { every, .. } | DisruptionPace::Chance { every } => Some(in_days(*every)),
    }
}
