//! What stands in the journal of one round: its slot, its holder, its victims.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Denial, StepContext, ahead, signed};
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::{PodOwner, PodRef};
use crate::report::AttemptReport;

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundRecord {
    /// The scheduled instant: strictly later than that of the round before.
    pub slot: Timestamp,
    /// The seed of its draw.
    pub seed: u64,
    /// Who plays it, or finishes its books.
    pub holder: LeaseHolder,
    /// When it was claimed.
    pub claimed: Timestamp,
    /// Until when the holder is taken to be at it; later, another may adopt the round, and the holder charges no more.
    pub until: Timestamp,
    /// Whether it was closed.
    pub over: bool,
    /// Its victims, less those that are proven not to have been disrupted.
    pub charges: Vec<Reservation>,
}

/// One victim, written down before it is disrupted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    /// The victim.
    pub pod: PodRef,
    /// Its controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<PodOwner>,
    /// How it is to be disrupted.
    pub method: DisruptionMethod,
    /// When it was charged.
    pub at: Timestamp,
    /// What became of it.
    pub state: ReservationState,
}

/// What became of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReservationState {
    /// Not written down yet: the victim may have been disrupted, or may yet be.
    Pending,
    /// It was disrupted.
    Disrupted,
    /// Nobody knows, and it counts as disrupted.
    Unknown,
}

/// One life of one Killer. Of two of the same process, the one with the higher life has replaced the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseHolder {
    /// The process: its pod's name, or its host's, with a random suffix.
    pub process: String,
    /// Which life of its Killer.
    pub life: u64,
}

/// A time in which nothing is disrupted because the journal cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

impl RoundRecord {
    /// Whether it is for `holder` to play and to close.
    pub(super) fn is_held_by(&self, holder: &LeaseHolder) -> bool {
        !self.over && self.holder == *holder
    }

    /// What keeps the round of `slot` from following this one.
    pub(super) fn may_be_followed_by(&self, slot: Timestamp, moment: &StepContext<'_>) -> Result<(), Denial> {
        let StepContext { now, timing, .. } = moment;
        if self.slot > ahead(*now, timing.skew) {
            return Err(Denial::JournalInFuture { slot: self.slot });
        }
        if slot <= self.slot {
            return Err(Denial::AlreadyClaimed {
                slot,
                holder: self.holder.clone(),
            });
        }
        if !self.over {
            return Err(Denial::StillRunning {
                slot: self.slot,
                holder: self.holder.clone(),
            });
        }
        match now.duration_since(self.claimed) < signed(timing.spacing) {
            true => Err(Denial::TooSoon {
                claimed: self.claimed,
            }),
            false => Ok(()),
        }
    }

    /// What is known of its victims; an open charge counts as unknown.
    pub fn attempts(&self) -> Vec<AttemptReport> {
        let attempt = |charge: &Reservation| AttemptReport {
            pod: charge.pod.clone(),
            owner: charge.owner.clone(),
            outcome: charge.outcome(),
            warnings: Vec::new(),
        };
        self.charges.iter().map(attempt).collect()
    }
}

impl Reservation {
    fn outcome(&self) -> Outcome {
        match (self.state, self.method) {
            (ReservationState::Disrupted, DisruptionMethod::Evict) => Outcome::Evicted,
            (ReservationState::Disrupted, DisruptionMethod::Delete) => Outcome::Deleted,
            (ReservationState::Pending | ReservationState::Unknown, _) => Outcome::Unknown {
                why:
                    "it was about to be disrupted when macaque was interrupted, and may or may not have been"
                        .to_owned(),
            },
        }
    }
}

impl fmt::Display for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.process, self.life)
    }
}
