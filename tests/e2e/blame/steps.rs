//! What the script did, and when.

use jiff::Timestamp;

/// One step of the script.
#[derive(Debug, Clone)]
pub(super) struct HourStep {
    pub(super) kind: StepKind,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// The kind of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// macaque evicts a pod, and watches its owner.
    Round,
    /// macaque evicts a pod, and then cannot reach the API server for a while.
    RoundThenOutage,
    /// macaque evicts a pod, and is killed before it knows.
    Crash,
    /// The requests of macaque are lost.
    LostRequests,
    /// The request of macaque is lost, and somebody deletes the pod.
    LostAndTaken,
    /// macaque evicts a pod, and what the history knew of it is lost.
    ForgottenRound,
    /// The first round after that.
    RoundAfterRestore,
    /// Somebody drains.
    DrainByHand,
    /// Somebody deletes a pod.
    DeletionByHand,
}

impl StepKind {
    /// Whether macaque takes the pod that is gone in this step.
    pub(super) fn is_of_macaque(self) -> bool {
        !matches!(
            self,
            Self::LostRequests | Self::LostAndTaken | Self::DrainByHand | Self::DeletionByHand
        )
    }

    /// Whether the answer to the request arrived.
    pub(super) fn is_answered(self) -> bool {
        matches!(
            self,
            Self::Round | Self::RoundThenOutage | Self::RoundAfterRestore
        )
    }

    /// Whether macaque requested something, and does not know what became of it.
    pub(super) fn is_unknown(self) -> bool {
        matches!(self, Self::Crash | Self::LostRequests | Self::LostAndTaken)
    }
}
