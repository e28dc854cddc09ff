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
mod event;
mod lease;
mod outbox;
mod record;
mod transitions;
mod usage;

use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

pub use self::codec::{StoredJournal, UnreadableJournal};
pub use self::denial::{Denial, LimitWindow};
pub use self::event::{JournalEvent, JournalTiming, PauseRequest, Resolution, StepContext};
pub use self::outbox::OutboxEntry;
pub use self::record::{LeaseHolder, Quarantine, Reservation, ReservationState, RoundRecord};
pub use self::usage::{OwnerCooldown, UsageEntry};

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
    round: Option<RoundRecord>,
    /// What was spent within the last day.
    spent: Vec<UsageEntry>,
    /// The owners that are left in peace.
    resting: Vec<OwnerCooldown>,
    /// The reports that not everybody was told of yet.
    notices: Vec<OutboxEntry>,
    /// How many notices were dropped untold.
    dropped: u64,
    /// Why nothing may be disrupted for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Quarantine>,
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
    pub fn round(&self) -> Option<&RoundRecord> {
        self.round.as_ref()
    }

    /// The round that `holder` has to close.
    pub fn open_round_of(&self, holder: &LeaseHolder) -> Option<&RoundRecord> {
        self.round.as_ref().filter(|round| round.is_held_by(holder))
    }

    /// The reports that `holder` has to tell.
    pub fn notices_of(&self, holder: &LeaseHolder) -> impl Iterator<Item = &OutboxEntry> {
        self.notices.iter().filter(move |notice| notice.holder == *holder)
    }

    /// How many notices were dropped untold.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Why nothing may be disrupted at `now`, if the journal is not trusted.
    pub fn hold(&self, now: Timestamp) -> Option<&Quarantine> {
        self.hold.as_ref().filter(|hold| now < hold.until)
    }

    /// The journal after `event`, as it is to be written; the same as before if nothing changes. Taking a step twice
    /// is taking it once.
    ///
    /// # Errors
    /// Why it may not be: nothing must be done then.
    pub fn step(&self, event: &JournalEvent, moment: &StepContext<'_>) -> Result<Self, Denial> {
        let mut next = self.clone();
        match event {
            JournalEvent::Claim { slot, seed, since } => next.claim(*slot, *seed, *since, moment)?,
            JournalEvent::Reserve { victim, method } => next.charge(victim, *method, moment)?,
            JournalEvent::Resolve { uid, settled } => next.settle(uid, *settled),
            JournalEvent::Close(report) => next.close(report, moment)?,
            JournalEvent::Recover => next.patrol(moment),
            JournalEvent::Delivered { slot, channels, done } => next.told(*slot, channels, *done),
            JournalEvent::Quarantine { why, known } => next.distrust(why, *known, moment),
            JournalEvent::Accept => next.hold = None,
        }
        if next != *self {
            next.forget_the_past(moment.now);
            next.sequence += 1;
        }
        Ok(next)
    }

    /// The journal as it is written to the ConfigMap of this UID.
    pub fn of(mut self, uid: &str) -> Self {
        uid.clone_into(&mut self.uid);
        self
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
