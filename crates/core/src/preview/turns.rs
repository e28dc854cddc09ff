//! Whose turn it is in the round that is previewed.

use std::collections::BTreeSet;

use super::{PreviewedPod, RoundPreview};
use crate::eligibility::Candidate;
use crate::pod::OwnerRef;

/// Whose pods the round that is previewed may take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PreviewedTurns {
    /// Everybody's: owners have no turns.
    #[default]
    Everybody,
    /// Those of the owners whose turn it is.
    Of(BTreeSet<OwnerRef>),
}

impl PreviewedTurns {
    /// Whether the round may take `candidate`.
    pub fn include(&self, candidate: &Candidate) -> bool {
        match self {
            Self::Everybody => true,
            Self::Of(owners) => owners.contains(&candidate.owner_ref()),
        }
    }
}

impl RoundPreview {
    /// The candidates whose owners have a turn in the round.
    pub(super) fn due(&self) -> impl Iterator<Item = &PreviewedPod> {
        self.pods.iter().filter(|pod| self.turns.include(&pod.candidate))
    }

    /// How many candidates have to wait for their owner's turn.
    pub fn waiting(&self) -> usize {
        self.pods.len() - self.due().count()
    }
}
