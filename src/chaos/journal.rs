//! The journal: what will be done is written down before it is done, then what became of it, then who was told.
//!
//! ```text
//! claim a slot ─▶ charge a victim ─▶ (disrupt it) ─▶ settle the charge ─▶ … ─▶ close the round ─▶ told
//!                     ▲                                     │
//!                     └──────── the next victim ◀───────────┘
//! ```
//!
//! A pure state machine: [`Journal::step`] takes an event and the moment, and gives the journal as it is to be
//! written, or why it is not. Whoever keeps a journal writes it conditionally, on the state that was read, and only
//! then acts; so of many replicas one gets its way, and a step that was taken twice is as one that was taken once.
//!
//! What follows from a round that nobody ends: another holder adopts it, looks its victims up, and closes it. No
//! victim is ever drawn for it again, so that a crash can make a round smaller and never larger.

mod codec;
mod denial;
mod ledger;
mod notices;

use std::fmt;
use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

pub use self::codec::{Sheet, Unreadable};
pub use self::denial::{Denial, Window};
pub use self::ledger::{Resting, Spent};
pub use self::notices::Notice;
use super::eligibility::Candidate;
use super::outcome::{Method, Outcome};
use super::plan::Limits;
use super::pod::{Owner, PodRef};
use super::report::{Attempt, Report};

/// The annotation of the journal's ConfigMap that pauses macaque: `true`, or the instant (RFC 3339) until which.
pub const PAUSED: &str = "macaque/paused";

/// Everything that must not be lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The version of this format.
    version: u32,
    /// How many times it was written: it never goes back.
    sequence: u64,
    /// The UID of the ConfigMap that it was written to: a copy in another one is no continuation.
    uid: String,
    /// The last round that was claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<Round>,
    /// What was spent within the last day.
    spent: Vec<Spent>,
    /// The owners that are left in peace.
    resting: Vec<Resting>,
    /// The reports that not everybody was told of yet.
    notices: Vec<Notice>,
    /// How many notices were dropped untold.
    dropped: u64,
    /// Why nothing may be disrupted for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// The scheduled instant: strictly later than that of the round before.
    pub slot: Timestamp,
    /// The seed of its draw.
    pub seed: u64,
    /// Who plays it, or finishes its books.
    pub holder: Holder,
    /// When it was claimed.
    pub claimed: Timestamp,
    /// Until when the holder is taken to be at it; later, another may adopt the round, and the holder charges no more.
    pub until: Timestamp,
    /// Whether it was closed.
    pub over: bool,
    /// Its victims, less those that are proven not to have been disrupted.
    pub charges: Vec<Charge>,
}

/// One victim, written down before it is disrupted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// The victim.
    pub pod: PodRef,
    /// Its controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// How it is to be disrupted.
    pub method: Method,
    /// When it was charged.
    pub at: Timestamp,
    /// What became of it.
    pub state: ChargeState,
}

/// What became of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChargeState {
    /// Not written down yet: the victim may have been disrupted, or may yet be.
    Open,
    /// It was disrupted.
    Disrupted,
    /// Nobody knows, and it counts as disrupted.
    Unknown,
}

/// One life of one Killer. Of two of the same process, the one with the higher life has replaced the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The process: its pod's name, or its host's, with a random suffix.
    pub process: String,
    /// Which life of its Killer.
    pub life: u64,
}

/// A time in which nothing is disrupted because the journal cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

/// A request to disrupt nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pause {
    /// Until somebody lifts it.
    Open,
    /// Until this instant.
    Until(Timestamp),
    /// The annotation holds this, which is neither `true` nor an instant: taken for a pause.
    Unreadable(String),
}

/// What is to be written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody is about to play the round of `slot`.
    Claim {
        /// The scheduled instant.
        slot: Timestamp,
        /// The seed of the draw.
        seed: u64,
        /// Since when the claimant can know of slots: an earlier one is only played if the journal tells that it
        /// was not played before.
        since: Timestamp,
    },
    /// A victim of the holder's round is about to be disrupted.
    Charge {
        /// The victim.
        victim: Candidate,
        /// How.
        method: Method,
    },
    /// What became of the victim of this UID is known.
    Settle {
        /// The UID.
        uid: String,
        /// What became of it.
        settled: Settled,
    },
    /// The holder's round is over, and this is its story.
    Close(Box<Report>),
    /// A look round: what nobody holds any more is adopted, and what is one's own is held on to.
    Patrol,
    /// These channels were told of a notice.
    Told {
        /// The notice: its round's slot.
        slot: Timestamp,
        /// The channels' names.
        channels: Vec<String>,
        /// Whether nobody is left to tell.
        done: bool,
    },
    /// The journal is not the one that was known before.
    Distrust {
        /// What was seen.
        why: String,
        /// The sequence that was known before.
        known: u64,
    },
    /// Somebody vouches for the journal as it is.
    Trust,
}

/// What became of a charge, as far as the journal cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The victim was disrupted.
    Disrupted,
    /// Nobody knows.
    Unknown,
    /// It is proven that nothing came of it: the charge is taken back.
    Undone,
}

impl From<&Outcome> for Settled {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Evicted | Outcome::Deleted => Self::Disrupted,
            Outcome::Unknown { .. } => Self::Unknown,
            Outcome::Refused(_) | Outcome::Gone | Outcome::Spared => Self::Undone,
        }
    }
}

/// How long things take, and how far clocks may be apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// A slot is played this late at most.
    pub deadline: Duration,
    /// The least time from one claim to the next, whatever the clocks do meanwhile.
    pub spacing: Duration,
    /// How long a holder is taken to be at its round, or at its notices, after its last sign.
    pub lease: Duration,
    /// How far this machine's clock may be from that of the API server.
    pub skew: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            // Half of what crontab lines are apart at least.
            spacing: Duration::from_secs(30),
            // Longer than the list of a large cluster, or one victim, takes with all its patience.
            lease: Duration::from_secs(300),
            skew: Duration::from_secs(30),
        }
    }
}

/// What a step goes by, beside the journal and the event.
#[derive(Debug, Clone)]
pub struct Moment<'a> {
    /// This machine's clock.
    pub now: Timestamp,
    /// How far it is ahead of the API server's, where that is known.
    pub skew: Option<SignedDuration>,
    /// Who acts.
    pub holder: &'a Holder,
    /// Whether somebody asked to disrupt nothing.
    pub pause: Option<Pause>,
    /// The victims of one round at most.
    pub count: usize,
    /// The limits over time.
    pub limits: &'a Limits,
    /// How long things take.
    pub timing: &'a Timing,
}

impl Journal {
    /// A journal in which nothing is written yet.
    pub fn new(uid: &str) -> Self {
        Self {
            version: codec::VERSION,
            uid: uid.to_owned(),
            ..Self::default()
        }
    }

    /// How many times it was written.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The UID of the ConfigMap that it was written to.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The last round that was claimed.
    pub fn round(&self) -> Option<&Round> {
        self.round.as_ref()
    }

    /// The round that `holder` has to close.
    pub fn open_round_of(&self, holder: &Holder) -> Option<&Round> {
        self.round.as_ref().filter(|round| round.is_held_by(holder))
    }

    /// The reports that `holder` has to tell.
    pub fn notices_of(&self, holder: &Holder) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(move |notice| notice.holder == *holder)
    }

    /// How many notices were dropped untold.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Why nothing may be disrupted at `now`, if the journal is not trusted.
    pub fn hold(&self, now: Timestamp) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| now < hold.until)
    }

    /// The journal after `event`, as it is to be written; the same as before if nothing changes. Taking a step twice
    /// is taking it once.
    ///
    /// # Errors
    /// Why it may not be: nothing must be done then.
    pub fn step(&self, event: &Event, moment: &Moment<'_>) -> Result<Self, Denial> {
        let mut next = self.clone();
        match event {
            Event::Claim { slot, seed, since } => next.claim(*slot, *seed, *since, moment)?,
            Event::Charge { victim, method } => next.charge(victim, *method, moment)?,
            Event::Settle { uid, settled } => next.settle(uid, *settled),
            Event::Close(report) => next.close(report, moment)?,
            Event::Patrol => next.patrol(moment),
            Event::Told { slot, channels, done } => next.told(*slot, channels, *done),
            Event::Distrust { why, known } => next.distrust(why, *known, moment),
            Event::Trust => next.hold = None,
        }
        if next != *self {
            next.forget_the_past(moment.now);
            next.sequence += 1;
        }
        Ok(next)
    }

    fn claim(
        &mut self,
        slot: Timestamp,
        seed: u64,
        since: Timestamp,
        moment: &Moment<'_>,
    ) -> Result<(), Denial> {
        self.may_disrupt(moment)?;
        let Moment {
            now, holder, timing, ..
        } = moment;
        match &self.round {
            Some(round) if round.slot == slot && round.is_held_by(holder) => return Ok(()),
            Some(round) => round.may_be_followed_by(slot, moment)?,
            None if slot <= since => return Err(Denial::Unrecorded { slot }),
            None => {}
        }
        if slot > ahead(*now, TOLERANCE) {
            return Err(Denial::NotYet { slot });
        }
        if now.duration_since(slot) > signed(timing.deadline) {
            return Err(Denial::TooLate { slot });
        }
        self.has_room(moment)?;
        self.round = Some(Round {
            slot,
            seed,
            holder: (*holder).clone(),
            claimed: *now,
            until: ahead(*now, timing.lease),
            over: false,
            charges: Vec::new(),
        });
        Ok(())
    }

    fn charge(&mut self, victim: &Candidate, method: Method, moment: &Moment<'_>) -> Result<(), Denial> {
        self.may_disrupt(moment)?;
        let round = self.open_round_of(moment.holder).ok_or(Denial::Lost)?;
        let known = round
            .charges
            .iter()
            .find(|charge| charge.pod.uid == victim.pod.uid);
        match known {
            Some(charge) if charge.state == ChargeState::Open => return Ok(()),
            Some(_) => return Err(Denial::Lost),
            None => {}
        }
        if moment.now > round.until {
            return Err(Denial::Lost);
        }
        if let Some(open) = round
            .charges
            .iter()
            .find(|charge| charge.state == ChargeState::Open)
        {
            return Err(Denial::Unsettled {
                pod: open.pod.clone(),
            });
        }
        if round.charges.len() >= moment.count {
            return Err(Denial::CountReached);
        }
        self.has_room(moment)?;
        self.may_be_disturbed(victim, moment.now)?;
        self.spend(moment.now);
        let charge = Charge {
            pod: victim.pod.clone(),
            owner: victim.owner.clone(),
            method,
            at: moment.now,
            state: ChargeState::Open,
        };
        self.rest(&charge, moment.limits)?;
        if let Some(round) = &mut self.round {
            round.until = round.until.max(ahead(moment.now, moment.timing.lease));
            round.charges.push(charge);
        }
        Ok(())
    }

    fn settle(&mut self, uid: &str, settled: Settled) {
        let Some(round) = &mut self.round else { return };
        let is_meant = |charge: &Charge| charge.pod.uid == uid && charge.state == ChargeState::Open;
        let Some(place) = round.charges.iter().position(is_meant) else {
            return;
        };
        match settled {
            Settled::Disrupted => round.charges[place].state = ChargeState::Disrupted,
            Settled::Unknown => round.charges[place].state = ChargeState::Unknown,
            Settled::Undone => {
                let charge = round.charges.remove(place);
                self.take_back(&charge);
            }
        }
    }

    fn close(&mut self, report: &Report, moment: &Moment<'_>) -> Result<(), Denial> {
        let round = self.round.as_mut().filter(|round| round.slot == report.slot);
        let round = round.filter(|round| round.holder == *moment.holder);
        let round = round.ok_or(Denial::Lost)?;
        if round.over {
            return Ok(());
        }
        round.over = true;
        for charge in &mut round.charges {
            if charge.state == ChargeState::Open {
                charge.state = ChargeState::Unknown;
            }
        }
        self.notify(report, moment);
        Ok(())
    }

    fn patrol(&mut self, moment: &Moment<'_>) {
        let Moment {
            now, holder, timing, ..
        } = moment;
        if let Some(round) = &mut self.round
            && !round.over
            && adopts(&mut round.holder, round.until, moment)
        {
            round.until = renewed(round.until, *now, timing.lease);
        }
        for notice in &mut self.notices {
            if notice.holder == **holder || adopts(&mut notice.holder, notice.until, moment) {
                notice.until = renewed(notice.until, *now, timing.lease);
            }
        }
    }

    fn distrust(&mut self, why: &str, known: u64, moment: &Moment<'_>) {
        let longest = self::ledger::horizon(moment.limits).max(moment.timing.deadline);
        self.sequence = self.sequence.max(known);
        self.hold = Some(Hold {
            until: whole_second(ahead(moment.now, longest)),
            why: why.to_owned(),
        });
    }

    /// The journal as it is written to the ConfigMap of this UID.
    pub fn of(mut self, uid: &str) -> Self {
        uid.clone_into(&mut self.uid);
        self
    }

    /// What keeps anybody from disrupting anything at this moment.
    fn may_disrupt(&self, moment: &Moment<'_>) -> Result<(), Denial> {
        match &moment.pause {
            Some(Pause::Until(until)) if moment.now >= *until => {}
            Some(pause) => return Err(Denial::Paused(pause.clone())),
            None => {}
        }
        if let Some(hold) = self.hold(moment.now) {
            return Err(Denial::Held(hold.clone()));
        }
        match moment.skew {
            Some(skew) if skew.unsigned_abs() > moment.timing.skew => Err(Denial::Skewed { skew }),
            _ => Ok(()),
        }
    }
}

/// How much earlier than its slot a round may be claimed: a clock is read twice on the way.
const TOLERANCE: Duration = Duration::from_secs(1);

impl Round {
    /// Whether it is for `holder` to play and to close.
    fn is_held_by(&self, holder: &Holder) -> bool {
        !self.over && self.holder == *holder
    }

    /// What keeps the round of `slot` from following this one.
    fn may_be_followed_by(&self, slot: Timestamp, moment: &Moment<'_>) -> Result<(), Denial> {
        let Moment { now, timing, .. } = moment;
        if self.slot > ahead(*now, timing.skew) {
            return Err(Denial::FromTheFuture { slot: self.slot });
        }
        if slot <= self.slot {
            return Err(Denial::Taken {
                slot,
                holder: self.holder.clone(),
            });
        }
        if !self.over {
            return Err(Denial::Busy {
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
    pub fn attempts(&self) -> Vec<Attempt> {
        let attempt = |charge: &Charge| Attempt {
            pod: charge.pod.clone(),
            owner: charge.owner.clone(),
            outcome: charge.outcome(),
            warnings: Vec::new(),
        };
        self.charges.iter().map(attempt).collect()
    }
}

impl Charge {
    fn outcome(&self) -> Outcome {
        match (self.state, self.method) {
            (ChargeState::Disrupted, Method::Evict) => Outcome::Evicted,
            (ChargeState::Disrupted, Method::Delete) => Outcome::Deleted,
            (ChargeState::Open | ChargeState::Unknown, _) => Outcome::Unknown {
                why:
                    "it was about to be disrupted when macaque was interrupted, and may or may not have been"
                        .to_owned(),
            },
        }
    }
}

impl Pause {
    /// Reads the annotation's value; one that is neither `true` nor an instant pauses too.
    pub fn from_annotation(value: &str) -> Option<Self> {
        match value.trim() {
            "true" => Some(Self::Open),
            "false" => None,
            other => Some(match other.parse() {
                Ok(until) => Self::Until(until),
                Err(_) => Self::Unreadable(other.chars().take(40).collect()),
            }),
        }
    }
}

/// Whether what `owner` holds until `until` passes to the acting holder, or is its own.
fn adopts(owner: &mut Holder, until: Timestamp, moment: &Moment<'_>) -> bool {
    let Moment { now, holder, .. } = moment;
    let replaced = owner.process == holder.process && owner.life < holder.life;
    if replaced || *now > until {
        *owner = (*holder).clone();
    }
    owner == *holder
}

/// A lease that was renewed at `now`, if it was about to run out: a write for each look would be too many.
fn renewed(until: Timestamp, now: Timestamp, lease: Duration) -> Timestamp {
    match until < ahead(now, lease / 2) {
        true => ahead(now, lease),
        false => until,
    }
}

fn ahead(now: Timestamp, duration: Duration) -> Timestamp {
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The end of the second that `instant` lies in, for people to read.
fn whole_second(instant: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    instant.round(up).unwrap_or(instant)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.process, self.life)
    }
}

#[cfg(test)]
mod tests;
