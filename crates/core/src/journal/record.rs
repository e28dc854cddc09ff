//! What the journal records of one round: its slot, its holder, its victims.

use std::fmt;
use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::transitions::EARLY_CLAIM;
use super::{Denial, StepContext, after, is_zero};
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::{PodOwner, PodRef};
use crate::recovery::RecoveryBaseline;
use crate::report::AttemptReport;

/// The record of one round.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundRecord {
    /// The scheduled instant, strictly later than that of the previous round.
    pub slot: Timestamp,
    /// The seed of the draw.
    pub seed: u64,
    /// The holder that runs the round, or has taken it over.
    pub holder: LeaseHolder,
    /// When the round was claimed, by the API server's clock.
    pub claimed: Timestamp,
    /// When the lease ends, by the API server's clock: after that, another holder may take the round over, and this one
    /// may reserve no victim.
    pub lease_until: Timestamp,
    /// Whether the round was closed.
    pub closed: bool,
    /// The victims, without those that were surely not disrupted.
    pub reservations: Vec<Reservation>,
    /// The reason for which the round was withheld: it was never run, and its slot is spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    /// The guard that ended the round before its first victim, and its answer, as [`GuardHold::cause`] gives them.
    ///
    /// [`GuardHold::cause`]: crate::guard::GuardHold::cause
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// One victim, recorded before it is disrupted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    /// The number of the disruption, from 1 since [`Journal::numbered_since`]; 0 if it was reserved before.
    ///
    /// [`Journal::numbered_since`]: crate::journal::Journal::numbered_since
    #[serde(default, skip_serializing_if = "is_zero")]
    pub number: u64,
    /// The victim.
    pub pod: PodRef,
    /// The victim's controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<PodOwner>,
    /// The victim's team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How the victim is to be disrupted.
    pub method: DisruptionMethod,
    /// When the victim was reserved, by the API server's clock.
    pub at: Timestamp,
    /// What the owner's pods were, for its recovery to be watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Box<RecoveryBaseline>>,
    /// The end of the period in which the owner has its turn, if it was hit because of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_end: Option<Timestamp>,
    /// What is known about the outcome.
    pub state: ReservationState,
    /// Whether it is only inferred that the victim was disrupted: no answer said so, and the pod was found gone.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub inferred: bool,
}

/// What is known about the outcome of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReservationState {
    /// No outcome is recorded yet: the victim may have been disrupted, or may still be.
    Pending,
    /// The victim was disrupted.
    Disrupted,
    /// The outcome is unknown, and counts as a disruption.
    Unknown,
}

/// One incarnation of the Killer in one process. A higher incarnation has replaced the lower ones of its process.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseHolder {
    /// The process: the name of its pod or host, with a random suffix.
    pub process: String,
    /// How many times the Killer was started in that process.
    pub incarnation: u64,
}

/// A period in which nothing is disrupted, because the journal cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// When the quarantine ends.
    pub until: Timestamp,
    /// The reason.
    pub why: String,
}

impl RoundRecord {
    /// Whether `holder` runs the round and has to close it.
    pub(super) fn is_held_by(&self, holder: &LeaseHolder) -> bool {
        !self.closed && self.holder == *holder
    }

    /// The reservation of the victim with this UID.
    pub(super) fn reservation_of(&self, uid: &str) -> Option<&Reservation> {
        self.reservations
            .iter()
            .find(|reservation| reservation.pod.uid == uid)
    }

    /// The reservation without a recorded outcome; there is at most one.
    pub fn pending_reservation(&self) -> Option<&Reservation> {
        self.reservations
            .iter()
            .find(|reservation| reservation.state == ReservationState::Pending)
    }

    /// Checks whether `slot` is later than this one, and this round is over.
    pub(super) fn check_later(&self, slot: Timestamp, context: &StepContext<'_>) -> Result<(), Denial> {
        let latest = after(after(context.server_time(), context.timing.skew), EARLY_CLAIM);
        if self.slot > latest {
            return Err(Denial::JournalInFuture { slot: self.slot });
        }
        if slot <= self.slot {
            return Err(Denial::AlreadyClaimed {
                slot,
                last: self.slot,
                holder: self.holder.clone(),
                withheld: self.withheld.clone(),
            });
        }
        if !self.closed {
            return Err(Denial::StillRunning {
                slot: self.slot,
                holder: self.holder.clone(),
            });
        }
        Ok(())
    }

    /// Checks whether this round was claimed long enough ago for that of `slot` to follow.
    pub(super) fn check_spacing(&self, slot: Timestamp, context: &StepContext<'_>) -> Result<(), Denial> {
        let timing = context.timing;
        let claimed = self.claimed;
        let wait = after(claimed, timing.spacing).duration_since(context.server_time());
        if !wait.is_positive() {
            return Ok(());
        }

        // A slot has to be claimed by its deadline on this machine's clock.
        let is_in_time = context
            .now
            .saturating_add(wait)
            .is_ok_and(|then| then <= after(slot, timing.deadline));
        let retry_at = is_in_time.then(|| after(claimed, timing.spacing));
        Err(Denial::TooSoon { claimed, retry_at })
    }

    /// The victims, with the outcomes that the journal knows; a pending reservation counts as unknown.
    pub fn attempts(&self) -> Vec<AttemptReport> {
        let attempt = |reservation: &Reservation| AttemptReport {
            pod: reservation.pod.clone(),
            owner: reservation.owner.clone(),
            team: reservation.team.clone(),
            outcome: reservation.outcome(),
            warnings: Vec::new(),
        };
        self.reservations.iter().map(attempt).collect()
    }
}

impl Reservation {
    /// Turns a pending reservation into an unknown one; returns it with what its recovery needs.
    pub(super) fn take_doubtful(&mut self) -> Self {
        self.state = ReservationState::Unknown;
        let unknown = self.clone();
        self.baseline = None;
        unknown
    }

    fn outcome(&self) -> Outcome {
        match (self.state, self.method) {
            (ReservationState::Disrupted, DisruptionMethod::Evict) => Outcome::Evicted,
            (ReservationState::Disrupted, DisruptionMethod::Delete) => Outcome::Deleted,
            (ReservationState::Pending | ReservationState::Unknown, _) => Outcome::Unknown {
                why: "macaque was interrupted while disrupting it, and it may or may not have been disrupted"
                    .to_owned(),
            },
        }
    }
}

impl LeaseHolder {
    /// Gives a lease of this holder to the acting one if it is free: it ran out, or belongs to an earlier incarnation
    /// of the same process, or ends later than any lease that was renewed by the API server's clock as it is now. Returns
    /// whether the acting holder has the lease then.
    pub(super) fn try_acquire(&mut self, lease_until: Timestamp, context: &StepContext<'_>) -> bool {
        let acting = context.holder;
        let is_replaced = self.process == acting.process && self.incarnation < acting.incarnation;
        let is_over = context.server_time() > lease_until;
        let is_of_other_clock = lease_until > after(context.lease_end(), context.timing.lease);
        if is_replaced || is_over || is_of_other_clock {
            *self = acting.clone();
        }
        self == acting
    }
}

impl fmt::Display for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.process, self.incarnation)
    }
}
