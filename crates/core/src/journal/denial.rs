//! Why the journal does not allow a step, in words for the log and the report.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::usage::MOST_COOLDOWNS;
use super::{LeaseHolder, OwnerCooldown, PauseRequest, Quarantine};
use crate::pod::PodRef;

/// The reason why a step is not taken: nothing must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// Somebody paused macaque.
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
    /// The round before is still running.
    StillRunning {
        /// Its slot.
        slot: Timestamp,
        /// Who runs it.
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
    /// The slot lies before the start of this process, and no record says whether its round was run.
    Unrecorded {
        /// The slot.
        slot: Timestamp,
    },
    /// The last slot of the journal lies in the future of this clock.
    JournalInFuture {
        /// The last slot of the journal.
        slot: Timestamp,
    },
    /// The round is not, or no longer, held by whoever acts.
    LeaseLost,
    /// The journal does not know the round: an old copy of it was restored.
    UnknownRound,
    /// The outcome of the victim before is not recorded yet.
    UnresolvedVictim {
        /// The victim.
        pod: PodRef,
    },
    /// The round has all its victims.
    CountReached {
        /// How many a round may have.
        count: usize,
    },
    /// The limit of a window is used up.
    LimitReached {
        /// The window.
        window: LimitWindow,
        /// The limit.
        limit: usize,
    },
    /// The victim's owner is in cooldown.
    InCooldown(OwnerCooldown),
    /// The journal can remember no more owners in cooldown.
    TooManyCooldowns,
}

/// The window of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum LimitWindow {
    Hour,
    Day,
}

impl Denial {
    /// Whether another replica, another incarnation or a process before this one has the slot: no news for anybody.
    pub fn is_held_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::AlreadyClaimed { .. } | Self::StillRunning { .. } | Self::Unrecorded { .. }
        )
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(pause) => pause.fmt(f),
            Self::Quarantined(Quarantine { until, why }) => write!(
                f,
                "the journal is not trusted: {why}; nothing is disrupted until {until}, when whatever it may have \
                 forgotten no longer counts; `macaque resume` accepts it at once"
            ),
            Self::ClockSkewed { skew } => {
                let side = if skew.is_negative() { "behind" } else { "ahead of" };
                let seconds = skew.unsigned_abs().as_secs();
                write!(
                    f,
                    "this machine's clock is {seconds} s {side} the API server's: correct one of them"
                )
            }
            Self::AlreadyClaimed { slot, holder } => {
                write!(f, "round {slot} was already taken by replica {holder}")
            }
            Self::StillRunning { slot, holder } => {
                write!(f, "replica {holder} is still running round {slot}")
            }
            Self::TooSoon { claimed } => {
                write!(f, "the previous round started only a moment ago, at {claimed}")
            }
            Self::SlotInFuture { slot } => {
                write!(f, "slot {slot} is in the future: check this machine's clock")
            }
            Self::TooLate { slot } => write!(f, "slot {slot} is past its starting deadline"),
            Self::Unrecorded { slot } => write!(
                f,
                "slot {slot} is before the start of this process, and the journal does not say whether its round was run"
            ),
            Self::JournalInFuture { slot } => write!(
                f,
                "the journal's last slot {slot} is in the future: check this machine's clock"
            ),
            Self::LeaseLost => f.write_str("another replica took over this round"),
            Self::UnknownRound => {
                f.write_str("this round is not in the journal: was it restored from a backup?")
            }
            Self::UnresolvedVictim { pod } => {
                write!(f, "the previous victim {pod} has no recorded outcome yet")
            }
            Self::CountReached { count } => write!(f, "this round already has its {count} victims"),
            Self::LimitReached { window, limit } => match window {
                LimitWindow::Hour => write!(f, "{limit} disrupted within an hour (limits.per_hour)"),
                LimitWindow::Day => write!(f, "{limit} disrupted within a day (limits.per_day)"),
            },
            Self::InCooldown(OwnerCooldown {
                namespace,
                owner,
                until,
            }) => write!(
                f,
                "{owner} in {namespace} is in cooldown until {until} (limits.cooldown)"
            ),
            Self::TooManyCooldowns => write!(
                f,
                "too many owners in cooldown (max {MOST_COOLDOWNS}): shorten limits.cooldown or run fewer rounds"
            ),
        }
    }
}
