//! Whose turn it is in the round that is previewed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{PreviewedPod, RoundPreview};
use crate::config::VictimCount;
use crate::eligibility::Candidate;
use crate::pod::OwnerRef;
use crate::rota::{RotaOwner, by_chance};
use crate::schedule::Calendar;
use crate::selection::count_owners;

/// Whose pods the round that is previewed may take.
#[derive(Debug, Clone, Default)]
pub enum PreviewedTurns {
    /// Everybody's: owners have no turns.
    #[default]
    Everybody,
    /// Those of the owners whose turn it is.
    Of(BTreeSet<OwnerRef>),
    /// Those of the owners that chance picks.
    ByChance(Box<ChanceTurns>),
}

/// What chance decides by.
#[derive(Debug, Clone)]
pub struct ChanceTurns {
    /// The schedule.
    pub calendar: Calendar,
    /// The mean time between two turns of one owner.
    pub every: Duration,
    /// The owners that have turns.
    pub owners: BTreeSet<RotaOwner>,
    /// The slot of the round.
    pub slot: Timestamp,
    /// How many turns the slot has.
    pub count: VictimCount,
}

impl PreviewedTurns {
    /// The owners whose turn it is in the round of `seed`; `None` if it is everybody's.
    fn of_round(&self, seed: u64) -> Option<Cow<'_, BTreeSet<OwnerRef>>> {
        match self {
            Self::Everybody => None,
            Self::Of(owners) => Some(Cow::Borrowed(owners)),
            Self::ByChance(chance) => Some(Cow::Owned(chance.of_round(seed))),
        }
    }

    /// Whether some round may take `candidate`.
    pub(super) fn may_include(&self, candidate: &Candidate) -> bool {
        match self {
            Self::Everybody | Self::ByChance(_) => true,
            Self::Of(owners) => owners.contains(&candidate.owner_ref()),
        }
    }
}

impl ChanceTurns {
    fn of_round(&self, seed: u64) -> BTreeSet<OwnerRef> {
        let most = self.count.of_round(self.owners.len(), seed);
        by_chance(&self.calendar, self.every, &self.owners, self.slot, seed, most)
    }
}

impl RoundPreview {
    /// The candidates that a round may take, whatever its seed.
    fn possible(&self) -> impl Iterator<Item = &PreviewedPod> {
        let pods = self.pods.iter();
        pods.filter(|pod| self.turns.may_include(&pod.candidate))
    }

    /// How many owners the candidates have that a round may take; a pod without an owner counts as its own owner.
    pub fn count_owners(&self) -> usize {
        count_owners(self.possible().map(|pod| &pod.candidate))
    }

    /// How many candidates have to wait for their owner's turn.
    pub fn waiting(&self) -> usize {
        self.pods.len() - self.possible().count()
    }

    /// How many victims the round of `seed` wants: one of each owner whose turn it is, if owners have turns.
    pub(super) fn wanted(&self, seed: u64) -> usize {
        match self.turns.of_round(seed) {
            None => self.disrupt.count.of_round(self.count_owners(), seed),
            Some(owners) => owners.len(),
        }
    }

    /// How many victims every round wants, if the seed does not decide that.
    pub(super) fn always_wanted(&self) -> Option<usize> {
        match (&self.turns, self.disrupt.count) {
            (PreviewedTurns::ByChance(_), _) | (PreviewedTurns::Everybody, VictimCount::Range { .. }) => None,
            (PreviewedTurns::Everybody | PreviewedTurns::Of(_), _) => Some(self.wanted(0)),
        }
    }

    /// Those of `candidates` that the round of `seed` may take.
    pub(super) fn of_round(&self, seed: u64, candidates: impl Iterator<Item = Candidate>) -> Vec<Candidate> {
        let owners = self.turns.of_round(seed);
        let has_turn = |candidate: &Candidate| {
            let owners = owners.as_deref();
            owners.is_none_or(|owners| owners.contains(&candidate.owner_ref()))
        };
        candidates.filter(has_turn).collect()
    }
}
