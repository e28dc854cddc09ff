//! The reasons why the journal does not allow a step, in words for the log and the report.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::usage::MAX_COOLDOWNS;
use super::{CapReached, LeaseHolder, OwnerCooldown, PauseRequest, Quarantine};
use crate::eligibility::Exemption;
use crate::guard::GuardHold;
use crate::pod::PodRef;
use crate::rota::MOST_TURNS;

/// The reason why the journal does not allow a step; the caller must then do nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// An operator paused macaque.
    Paused(PauseRequest),
    /// The journal is not trusted.
    Quarantined(Quarantine),
    /// This machine's clock differs too much from the API server's.
    ClockSkewed {
        /// How far this machine's clock is ahead; it is behind if this is negative.
        skew: SignedDuration,
    },
    /// The slot, or a later one, was claimed before, or withheld.
    AlreadyClaimed {
        /// The slot.
        slot: Timestamp,
        /// The last slot that was claimed or withheld.
        last: Timestamp,
        /// The holder of that slot's record.
        holder: LeaseHolder,
        /// The reason for which that slot was withheld; its holder reports it.
        withheld: Option<String>,
    },
    /// The previous round is still running.
    StillRunning {
        /// The slot of the running round.
        slot: Timestamp,
        /// The holder that runs the round.
        holder: LeaseHolder,
    },
    /// The previous round was claimed only a moment ago.
    TooSoon {
        /// When the previous round was claimed.
        claimed: Timestamp,
        /// When the slot may be claimed, if that is within its starting deadline.
        retry_at: Option<Timestamp>,
    },
    /// The slot is in the future.
    SlotInFuture {
        /// The slot.
        slot: Timestamp,
    },
    /// The slot is past its starting deadline.
    TooLate {
        /// The slot.
        slot: Timestamp,
    },
    /// The slot is before the start of this process or of the journal, which does not say whether its round was run.
    Unrecorded {
        /// The slot.
        slot: Timestamp,
    },
    /// The last slot of the journal is in the future by the API server's clock.
    JournalInFuture {
        /// The last slot of the journal.
        slot: Timestamp,
    },
    /// The acting holder does not hold the round, or no longer holds it.
    LeaseLost,
    /// The round is not in the journal, because an old copy was restored for example.
    UnknownRound,
    /// The outcome of the previous victim is not recorded yet.
    UnresolvedVictim {
        /// The previous victim.
        pod: PodRef,
    },
    /// The round has all its victims.
    CountReached {
        /// How many victims a round may have.
        count: usize,
    },
    /// A limit on disruptions within a window is used up.
    LimitReached {
        /// The window.
        window: LimitWindow,
        /// The limit.
        limit: usize,
    },
    /// The victim's owner is in cooldown.
    InCooldown(OwnerCooldown),
    /// The victim's owner had its turn in this period.
    TurnTaken {
        /// The end of the period.
        until: Timestamp,
    },
    /// A cap on the victim's node, zone, namespace or owner is reached.
    CapReached(CapReached),
    /// The maximum number of victims that have not recovered at once is reached.
    InFlightReached {
        /// The limit.
        limit: usize,
    },
    /// A recovery that goes on holds the victim back.
    NotRecovered(GuardHold),
    /// The journal has no room for more victims that a cap counts.
    TooManyVictims,
    /// The journal already holds the maximum number of owners in cooldown.
    TooManyCooldowns,
    /// The journal already holds the maximum number of turns.
    TooManyTurns,
}

/// The window of time that a limit counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum LimitWindow {
    Hour,
    Day,
}

impl Denial {
    /// The exemption of the victim, if the denial concerns only pods like this one and others may be tried.
    pub fn exemption(&self) -> Option<Exemption> {
        match self {
            Self::InCooldown(cooldown) => Some(Exemption::cooldown(cooldown.until)),
            Self::TurnTaken { until } => Some(Exemption::turn_taken(*until)),
            Self::CapReached(reached) => Some(Exemption {
                rule: reached.cap.name(),
                why: reached.to_string().into(),
            }),
            _ => None,
        }
    }

    /// Whether the slot belongs to another replica, another incarnation or an earlier process, which is no problem.
    pub fn is_held_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::AlreadyClaimed { .. } | Self::StillRunning { .. } | Self::Unrecorded { .. }
        )
    }

    /// Whether a clock is wrong, of this machine or of the API server, so that the round fails instead of being withheld.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::ClockSkewed { .. } | Self::SlotInFuture { .. } | Self::JournalInFuture { .. }
        )
    }

    /// Whether every replica gets the same answer, as far as their clocks agree: it follows from the journal, the slot and the
    /// time. The slot is then nobody's, and one replica reports it.
    pub fn is_common(&self) -> bool {
        match self {
            Self::Paused(_)
            | Self::Quarantined(_)
            | Self::TooSoon { .. }
            | Self::TooLate { .. }
            | Self::LimitReached { .. }
            | Self::InFlightReached { .. } => true,

            Self::ClockSkewed { .. }
            | Self::AlreadyClaimed { .. }
            | Self::StillRunning { .. }
            | Self::SlotInFuture { .. }
            | Self::Unrecorded { .. }
            | Self::JournalInFuture { .. }
            | Self::LeaseLost
            | Self::UnknownRound
            | Self::UnresolvedVictim { .. }
            | Self::CountReached { .. }
            | Self::InCooldown(_)
            | Self::TurnTaken { .. }
            | Self::CapReached(_)
            | Self::NotRecovered(_)
            | Self::TooManyVictims
            | Self::TooManyCooldowns
            | Self::TooManyTurns => false,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(pause) => pause.fmt(f),
            Self::Quarantined(Quarantine { until, why }) => write!(
                f,
                "the journal is not trusted: {why}; nothing is disrupted until {until}, when whatever it may have \
                 forgotten no longer counts; to accept it now, run `macaque resume`"
            ),
            Self::ClockSkewed { skew } => {
                let side = if skew.is_negative() { "behind" } else { "ahead of" };
                let seconds = skew.unsigned_abs().as_secs();
                write!(
                    f,
                    "this machine's clock is {seconds} s {side} the API server's: correct one of them"
                )
            }
            Self::AlreadyClaimed {
                slot,
                last,
                holder,
                withheld,
            } => match withheld {
                _ if last > slot => write!(f, "replica {holder} already took a later round, {last}"),
                Some(why) => write!(f, "replica {holder} reports why round {slot} is withheld: {why}"),
                None => write!(f, "round {slot} was already taken by replica {holder}"),
            },
            Self::StillRunning { slot, holder } => {
                write!(f, "replica {holder} is still running round {slot}")
            }
            Self::TooSoon { claimed, .. } => {
                write!(f, "the previous round started only a moment ago, at {claimed}")
            }
            Self::SlotInFuture { slot } => {
                write!(f, "slot {slot} is in the future: check this machine's clock")
            }
            Self::TooLate { slot } => write!(f, "slot {slot} is past its starting deadline"),
            Self::Unrecorded { slot } => write!(
                f,
                "slot {slot} is before the start of this process or of the journal, which does not say whether its round \
                 was run"
            ),
            Self::JournalInFuture { slot } => write!(
                f,
                "the journal's last slot {slot} is in the future: check the API server's clock, and this machine's"
            ),
            Self::LeaseLost => f.write_str("another replica took over this round"),
            Self::UnknownRound => {
                f.write_str("this round is not in the journal: was the journal restored from a backup?")
            }
            Self::UnresolvedVictim { pod } => {
                write!(f, "the previous victim {pod} has no recorded outcome yet")
            }
            Self::CountReached { count } => write!(f, "this round already has its {count} victims"),
            Self::LimitReached { window, limit } => match window {
                LimitWindow::Hour => write!(
                    f,
                    "the limit of {limit} disruptions per hour is reached (limits.per_hour)"
                ),
                LimitWindow::Day => write!(
                    f,
                    "the limit of {limit} disruptions per day is reached (limits.per_day)"
                ),
            },
            Self::InCooldown(OwnerCooldown {
                namespace,
                owner,
                until,
            }) => write!(
                f,
                "{owner} in {namespace} is in cooldown until {until} (limits.cooldown)"
            ),
            Self::TurnTaken { until } => {
                write!(f, "the owner had its turn in the period that ends at {until}")
            }
            Self::CapReached(reached) => reached.fmt(f),
            Self::InFlightReached { limit } => {
                let victims = if *limit == 1 { "victim that has" } else { "victims that have" };
                write!(f, "the limit of {limit} {victims} not recovered yet is reached (limits.in_flight)")
            }
            Self::NotRecovered(hold) => hold.fmt(f),
            Self::TooManyVictims => f.write_str(
                "the journal has no room for more victims to count: run fewer rounds, or set fewer of limits.per_node, \
                 limits.per_zone, limits.per_namespace_day and limits.per_owner_day",
            ),
            Self::TooManyCooldowns => write!(
                f,
                "too many owners in cooldown (max {MAX_COOLDOWNS}): shorten limits.cooldown or run fewer rounds"
            ),
            Self::TooManyTurns => write!(
                f,
                "too many owners had a turn in periods that go on (max {MOST_TURNS}): shorten disrupt.every or narrow \
                 the target"
            ),
        }
    }
}
