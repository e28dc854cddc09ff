//! The events that the journal records.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::MessageId;
use crate::eligibility::Candidate;
use crate::notice::DueNotices;
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::PodPlace;
use crate::recovery::{RecoveryBaseline, RecoveryReport};
use crate::report::RoundReport;

/// An event for the journal to record.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalEvent {
    /// The round of `slot` is about to run.
    Claim {
        /// The scheduled instant.
        slot: Timestamp,
        /// The seed of the draw.
        seed: u64,
        /// When this process started: an earlier slot is claimed only if the journal shows that its round was not run.
        /// [`Timestamp::MIN`] if rounds are run on demand.
        since: Timestamp,
    },
    /// A victim of the holder's round is about to be disrupted.
    Reserve {
        /// The victim.
        victim: Candidate,
        /// Where the victim runs.
        place: PodPlace,
        /// How it is disrupted.
        method: DisruptionMethod,
        /// What the owner's pods are, for its recovery to be watched; `None` if it is not to be.
        baseline: Option<Box<RecoveryBaseline>>,
    },
    /// The outcome of the victim with this UID is known.
    Resolve {
        /// The UID.
        uid: String,
        /// The outcome.
        resolution: Resolution,
        /// When the API server said yes, if it did.
        accepted: Option<Timestamp>,
    },
    /// The holder's round is over, with this report.
    Close(Box<RoundReport>),
    /// No replica may run the round of this report, which says why.
    Withhold(Box<RoundReport>),
    /// A takeover pass begins an empty journal, takes over the round, the recoveries and the messages whose leases are
    /// free, and renews the holder's own leases.
    TakeOver,
    /// The holder stops: another process may watch its recoveries at once.
    Release,
    /// A recovery ended, or its replacement is stuck.
    ReportRecovery(Box<RecoveryReport>),
    /// What of this is news is to be issued, and what is news of the pause.
    Issue(Box<DueNotices>),
    /// A message was delivered to these channels.
    Delivered {
        /// The message.
        message: MessageId,
        /// The channels' names, each with the name that the service gave to the message there, if it can be replied to.
        channels: BTreeMap<String, Option<String>>,
        /// Whether every channel has the message now.
        done: bool,
    },
    /// The stored journal is not the one that was seen before.
    Quarantine {
        /// The reason not to trust it.
        why: String,
        /// The sequence number that was seen before.
        known: u64,
    },
    /// An operator accepts the journal as it is.
    Accept,
}

/// The outcome of a reservation, reduced to what the journal needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The victim was disrupted.
    Disrupted,
    /// The outcome is unknown.
    Unknown,
    /// The victim was surely not disrupted: the reservation is removed.
    Released,
}

impl From<&Outcome> for Resolution {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Evicted | Outcome::Deleted => Self::Disrupted,
            Outcome::Unknown { .. } => Self::Unknown,
            Outcome::Refused(_) | Outcome::Held(_) | Outcome::Gone | Outcome::DryRun => Self::Released,
        }
    }
}
