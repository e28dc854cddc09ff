//! Why the journal does not allow a step, in words for the log and the report.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{LeaseHolder, OwnerCooldown, PAUSED, PauseRequest, Quarantine};
use crate::pod::PodRef;

/// Why a step is not taken: nothing must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// Somebody asked to disrupt nothing.
    Paused(PauseRequest),
    /// The journal is not trusted.
    Quarantined(Quarantine),
    /// This machine's clock is too far from that of the API server.
    ClockSkewed {
        /// How far it is ahead; behind, if negative.
        skew: SignedDuration,
    },
    /// The slot, or a later one, was claimed before.
    AlreadyClaimed {
        /// The slot.
        slot: Timestamp,
        /// Who claimed last.
        holder: LeaseHolder,
    },
    /// The round before is not over.
    StillRunning {
        /// Its slot.
        slot: Timestamp,
        /// Who holds it.
        holder: LeaseHolder,
    },
    /// The round before was claimed only a moment ago.
    TooSoon {
        /// When.
        claimed: Timestamp,
    },
    /// The slot lies in the future.
    SlotInFuture {
        /// The slot.
        slot: Timestamp,
    },
    /// The slot is past its starting deadline.
    TooLate {
        /// The slot.
        slot: Timestamp,
    },
    /// The slot lies before the start of this process, and no record tells whether it was played.
    Unrecorded {
        /// The slot.
        slot: Timestamp,
    },
    /// The last slot of the journal lies in the future of this clock.
    JournalInFuture {
        /// That slot.
        slot: Timestamp,
    },
    /// The round is not, or no longer, the acting holder's.
    LeaseLost,
    /// The journal does not know the round: an old copy of it was put back.
    UnknownRound,
    /// A victim before is not settled yet.
    UnresolvedVictim {
        /// The victim.
        pod: PodRef,
    },
    /// The round has its victims.
    CountReached,
    /// The limit of a window is used up.
    LimitReached {
        /// The window.
        window: LimitWindow,
        /// The limit.
        limit: usize,
    },
    /// The victim's owner is left in peace.
    InCooldown(OwnerCooldown),
    /// The journal can remember no more owners at rest.
    TooManyCooldowns,
}

/// A window of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum LimitWindow {
    Hour,
    Day,
}

impl Denial {
    /// Whether the slot is another's: of another replica, another life, or of a process before this one. Nobody need
    /// hear of that.
    pub fn is_anothers(&self) -> bool {
        matches!(
            self,
            Self::AlreadyClaimed { .. } | Self::StillRunning { .. } | Self::Unrecorded { .. }
        )
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(PauseRequest::Indefinite) => write!(f, "paused by the annotation {PAUSED}; `macaque resume` lifts it"),
            Self::Paused(PauseRequest::Until(until)) => write!(f, "paused until {until} by the annotation {PAUSED}"),
            Self::Paused(PauseRequest::Unreadable(value)) => write!(
                f,
                "paused by the annotation {PAUSED}, whose value {value:?} is neither true nor an instant such as \
                 2026-12-24T15:00:00Z; `macaque resume` lifts it"
            ),
            Self::Quarantined(Quarantine { until, why }) => write!(
                f,
                "the journal is not trusted: {why}; nothing is disrupted until {until}, when what it may have forgotten \
                 no longer counts; `macaque resume` trusts it at once"
            ),
            Self::ClockSkewed { skew } => {
                let side = if skew.is_negative() { "behind" } else { "ahead of" };
                write!(
                    f,
                    "this machine's clock is {} s {side} the API server's: set one of them right",
                    skew.unsigned_abs().as_secs()
                )
            }
            Self::AlreadyClaimed { slot, holder } => write!(f, "the round of {slot} was claimed already, the last by {holder}"),
            Self::StillRunning { slot, holder } => write!(f, "the round of {slot} is not over: {holder} is at it"),
            Self::TooSoon { claimed } => write!(f, "the round before was begun only a moment ago, at {claimed}"),
            Self::SlotInFuture { slot } => write!(f, "the slot {slot} lies in the future of this clock"),
            Self::TooLate { slot } => write!(f, "the slot {slot} is past its starting deadline"),
            Self::Unrecorded { slot } => write!(
                f,
                "the slot {slot} lies before the start of this process, and the journal does not tell whether it was \
                 played"
            ),
            Self::JournalInFuture { slot } => write!(
                f,
                "the last slot of the journal, {slot}, lies in the future of this clock: one of the two is wrong"
            ),
            Self::LeaseLost => f.write_str("the round is no longer this Killer's"),
            Self::UnknownRound => f.write_str("the journal does not know the round: an old copy was put back"),
            Self::UnresolvedVictim { pod } => write!(f, "what became of {pod} is not written down yet"),
            Self::CountReached => f.write_str("the round has its victims"),
            Self::LimitReached { window, limit } => match window {
                LimitWindow::Hour => write!(f, "{limit} were disrupted within an hour (limits.per_hour)"),
                LimitWindow::Day => write!(f, "{limit} were disrupted within a day (limits.per_day)"),
            },
            Self::InCooldown(OwnerCooldown {
                namespace,
                owner,
                until,
                ..
            }) => write!(f, "{owner} in {namespace} is left in peace until {until} (limits.cooldown)"),
            Self::TooManyCooldowns => f.write_str(
                "more owners are at rest than the journal remembers: make limits.cooldown shorter, or disrupt less",
            ),
        }
    }
}
