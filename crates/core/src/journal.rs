//! The journal, an intent log: it records each disruption before it is tried, then the outcome, then which channels got
//! the report.
//!
//! ```text
//! claim a slot ─▶ reserve a victim ─▶ (disrupt it) ─▶ resolve it ─▶ … ─▶ close the round ─▶ delivered
//!                     ▲                                    │
//!                     └──────── the next victim ◀──────────┘
//! ```
//!
//! The journal is a pure state machine: [`Journal::step`] takes an event and its context, and returns the journal to
//! write, or the reason why the step is not allowed. The caller writes it on the condition that the stored journal has
//! not changed since it was read, and acts only after that. So only one of several replicas succeeds, and a step that
//! is repeated changes nothing.
//!
//! If the holder of a round is gone, another takes the round over: it checks what happened to the victims and closes
//! the round. It picks no further victim, so a crash can make a round smaller and never larger.

mod caps;
mod codec;
mod context;
mod denial;
mod event;
mod notices;
mod outbox;
mod pause;
mod record;
mod recovering;
mod strikes;
mod transitions;
mod turns;
mod usage;
mod usual;
mod week;
mod writer;

use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

pub use self::caps::{CapReached, RecentVictim, VictimCap, caps_without_place};
pub use self::codec::{StoredJournal, UnreadableJournal};
pub use self::context::{JournalTiming, StepContext};
pub use self::denial::{Denial, LimitWindow};
pub use self::event::{JournalEvent, Resolution};
use self::notices::IssuedNotices;
pub use self::outbox::{Message, MessageId, MessagePart, OutboxEntry};
pub use self::pause::{PauseEnd, PauseRequest};
pub use self::record::{LeaseHolder, Quarantine, Reservation, ReservationState, RoundRecord};
pub use self::recovering::{KEPT_OVERDUE, RecoveryRecord};
use self::strikes::StrikePause;
pub use self::turns::TakenTurns;
pub use self::usage::{OwnerCooldown, UsageEntry};
use self::usual::OwnerRecoveries;
pub use self::writer::{DataWriter, FIELD_MANAGER};
use crate::instants::after;

/// The annotation on the journal's ConfigMap that pauses macaque: `true`, or the end of the pause (RFC 3339).
pub const PAUSED: &str = "macaque/paused";
/// The annotation beside it with the reason of the pause.
pub const PAUSED_REASON: &str = "macaque/paused-reason";
/// The annotation beside it with the name of the user who paused.
pub const PAUSED_BY: &str = "macaque/paused-by";
/// The annotations of a pause.
pub const PAUSE_KEYS: [&str; 3] = [PAUSED, PAUSED_REASON, PAUSED_BY];

/// The window of `limits.per_day`, and of the caps in a day.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long the disruptions of a day are kept: longer than the longest window, so that none is missing from it if a
/// clock is set back, or if another replica's clock is behind.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// The journal: the state that must survive a crash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The version of the format.
    version: u32,
    /// How many times the journal was written; this number never decreases.
    sequence: u64,
    /// The UID of the ConfigMap that the journal was written to: in another ConfigMap it is a copy.
    uid: String,
    /// The last round that was claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<RoundRecord>,
    /// How many victims were disrupted, or may have been, since `numbered_since`; the last one bears this number.
    #[serde(default, skip_serializing_if = "is_zero")]
    disruptions: u64,
    /// When this journal began to number disruptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    numbered_since: Option<Timestamp>,
    /// The number of disruptions in each minute of the last day.
    usage: Vec<UsageEntry>,
    /// The owners in cooldown.
    cooldowns: Vec<OwnerCooldown>,
    /// The owners that had their turn, by the end of the period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    turns: Vec<TakenTurns>,
    /// The slot up to which the turns of owners were reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turns_reported: Option<Timestamp>,
    /// The victims of the last minutes or days, for the caps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    victims: Vec<RecentVictim>,
    /// The recoveries that are being watched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovering: Vec<RecoveryRecord>,
    /// The owners that did not recover, in a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    strikes: Vec<String>,
    /// The pause that the strikes called for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strike_pause: Option<StrikePause>,
    /// How long the last recoveries of owners took, for comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    usual: Vec<OwnerRecoveries>,
    /// The notices that were issued, and what is counted for those to come.
    #[serde(default, skip_serializing_if = "IssuedNotices::is_empty")]
    notices: IssuedNotices,
    /// The messages that were not delivered to every channel yet.
    outbox: Vec<OutboxEntry>,
    /// How many messages were dropped before they were delivered.
    dropped: u64,
    /// The period in which nothing may be disrupted, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<Quarantine>,
}

/// By how many spaces each line of an entry of a list is indented in the text of the journal.
const ENTRY_INDENTATION: usize = 4;

impl Journal {
    /// An empty journal for the ConfigMap with this UID.
    pub fn new(uid: &str) -> Self {
        Self {
            version: codec::VERSION,
            uid: uid.to_owned(),
            ..Self::default()
        }
    }

    /// How many times the journal was written.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The UID of the ConfigMap that the journal was written to.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// How many victims were disrupted, or may have been, since [`Journal::numbered_since`]; the last one bears this number.
    pub fn disruptions(&self) -> u64 {
        self.disruptions
    }

    /// When this journal began to number disruptions, and to record rounds; `None` before its first step.
    pub fn numbered_since(&self) -> Option<Timestamp> {
        self.numbered_since
    }

    /// The last round that was claimed.
    pub fn round(&self) -> Option<&RoundRecord> {
        self.round.as_ref()
    }

    /// The open round of `holder`, which has to close it.
    pub fn open_round_of(&self, holder: &LeaseHolder) -> Option<&RoundRecord> {
        self.round.as_ref().filter(|round| round.is_held_by(holder))
    }

    /// The messages that were not delivered to every channel yet.
    pub fn outbox(&self) -> &[OutboxEntry] {
        &self.outbox
    }

    /// The messages that `holder` has to deliver.
    pub fn outbox_of(&self, holder: &LeaseHolder) -> impl Iterator<Item = &OutboxEntry> {
        self.outbox.iter().filter(move |entry| entry.holder == *holder)
    }

    /// How many messages were dropped before they were delivered.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The quarantine in force at `now`, if the journal is not trusted.
    pub fn quarantine(&self, now: Timestamp) -> Option<&Quarantine> {
        self.quarantine
            .as_ref()
            .filter(|quarantine| now < quarantine.until)
    }

    /// Applies `event`, and returns the journal to write; it is unchanged if the event changes nothing. Applying an
    /// event twice has the effect of applying it once.
    ///
    /// # Errors
    /// The reason why the step is not allowed; the caller must then do nothing.
    pub fn step(&self, event: &JournalEvent, context: &StepContext<'_>) -> Result<Self, Denial> {
        let mut next = self.clone();
        next.forget_lifted_strikes(context.pause.as_ref(), context.earlier_time());

        match event {
            JournalEvent::Claim { slot, seed, since } => next.claim(*slot, *seed, *since, context)?,
            JournalEvent::Reserve {
                victim,
                place,
                method,
                baseline,
            } => next.reserve(victim, place, *method, baseline.as_deref(), context)?,
            JournalEvent::Resolve {
                uid,
                resolution,
                accepted,
            } => next.resolve(uid, *resolution, *accepted, context),
            JournalEvent::Close(report) => next.close(report, context)?,
            JournalEvent::Withhold(report) => next.withhold(report, context)?,
            JournalEvent::TakeOver => next.take_over(context),
            JournalEvent::Release => next.release_recoveries(context),
            JournalEvent::ReportRecovery(report) => next.report_recovery(report, context),
            JournalEvent::Issue(due) => next.issue(due, context),
            JournalEvent::Delivered {
                message,
                channels,
                done,
            } => next.record_delivery(message, channels, *done),
            JournalEvent::Quarantine { why, known } => next.start_quarantine(why, *known, context),
            JournalEvent::Accept => next.quarantine = None,
        }

        if next != *self {
            next.begin_numbering(context);
            next.forget_overdue(context);
            next.forget_expired(context.earlier_time());
            if next.quarantine(context.earlier_time()).is_none() {
                next.quarantine = None;
            }
            if next.recovering != self.recovering {
                next.bound_recoveries(context);
            }
            if next.outbox != self.outbox {
                next.bound_outbox();
            }
            next.sequence += 1;
        }
        Ok(next)
    }

    /// The journal for the ConfigMap with this UID.
    pub fn with_uid(mut self, uid: &str) -> Self {
        uid.clone_into(&mut self.uid);
        self
    }
}

/// `instant` rounded up to a whole second, which is easier to read.
fn whole_second(instant: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    instant.round(up).unwrap_or(instant)
}

/// The end of a lease after a renewal. More than half a lease is left as it is, so that not every takeover pass writes
/// the journal; more than a whole one is what a clock left that was set back since.
fn renewed(lease_until: Timestamp, context: &StepContext<'_>) -> Timestamp {
    if lease_until < after(context.server_time(), context.timing.lease / 2) {
        context.lease_end()
    } else {
        lease_until.min(context.lease_end())
    }
}

/// How many bytes an entry of a list takes in the text of the journal.
fn indented_bytes(entry: &impl Serialize) -> usize {
    let text = serde_json::to_string_pretty(entry).expect("an entry of the journal serialises");
    let indentation = text.lines().count() * ENTRY_INDENTATION;
    text.len() + indentation + ",\n".len()
}

/// Whether a number is zero, as in a journal that numbered no disruption yet: it is left out of its text.
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
