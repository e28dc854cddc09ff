//! What is written to the journal, and what a step depends on beside it.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{LeaseHolder, PAUSED};
use crate::config::DisruptionLimits;
use crate::eligibility::Candidate;
use crate::outcome::{DisruptionMethod, Outcome};
use crate::report::RoundReport;

/// A request to disrupt nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseRequest {
    /// Paused until somebody resumes.
    Indefinite,
    /// Paused until this instant.
    Until(Timestamp),
    /// The annotation's value is neither `true` nor an instant: taken for a pause.
    Unreadable(String),
}

/// What is to be written down.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalEvent {
    /// The round of `slot` is about to run.
    Claim {
        /// The scheduled instant.
        slot: Timestamp,
        /// The seed of the draw.
        seed: u64,
        /// Since when the claimant can know of slots: the round of an earlier slot only runs if the journal says that
        /// it was not run before.
        since: Timestamp,
    },
    /// A victim of the holder's round is about to be disrupted.
    Reserve {
        /// The victim.
        victim: Candidate,
        /// How it is disrupted.
        method: DisruptionMethod,
    },
    /// The outcome of the victim with this UID is known.
    Resolve {
        /// The UID.
        uid: String,
        /// The outcome.
        resolution: Resolution,
    },
    /// The holder's round is over, with this report.
    Close(Box<RoundReport>),
    /// A recovery pass: what nobody holds any more is taken over, and the holder's own leases are renewed.
    Recover,
    /// A report was delivered to these channels.
    Delivered {
        /// The round's slot.
        slot: Timestamp,
        /// The channels' names.
        channels: Vec<String>,
        /// Whether no channel is left.
        done: bool,
    },
    /// The journal is not the one that was known before.
    Quarantine {
        /// What was seen.
        why: String,
        /// The sequence that was known before.
        known: u64,
    },
    /// Somebody accepts the journal as it is.
    Accept,
}

/// The outcome of a reservation, as far as the journal cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The victim was disrupted.
    Disrupted,
    /// Nobody knows.
    Unknown,
    /// The victim is proven not to have been disrupted: the reservation is taken back.
    Released,
}

/// How long things take, and how far clocks may be apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalTiming {
    /// How late the round of a slot may start.
    pub deadline: Duration,
    /// The least time from one claim to the next, whatever the clocks do meanwhile.
    pub spacing: Duration,
    /// How long a holder keeps a round, or a report, after its last write.
    pub lease: Duration,
    /// How far this machine's clock may be from that of the API server.
    pub skew: Duration,
}

/// What a step depends on, beside the journal and the event.
#[derive(Debug, Clone)]
pub struct StepContext<'a> {
    /// This machine's clock.
    pub now: Timestamp,
    /// How far that clock is ahead of the API server's, where it is known.
    pub skew: Option<SignedDuration>,
    /// Who acts.
    pub holder: &'a LeaseHolder,
    /// The pause that somebody asked for.
    pub pause: Option<PauseRequest>,
    /// How many victims a round may have.
    pub count: usize,
    /// The limits over time.
    pub limits: &'a DisruptionLimits,
    /// How long things take.
    pub timing: &'a JournalTiming,
}

impl PauseRequest {
    /// Reads the annotation's value; one that is neither `true` nor an instant pauses too.
    pub fn from_annotation(value: &str) -> Option<Self> {
        match value.trim() {
            "true" => Some(Self::Indefinite),
            "false" => None,
            other => Some(match other.parse() {
                Ok(until) => Self::Until(until),
                Err(_) => Self::Unreadable(other.chars().take(40).collect()),
            }),
        }
    }
}

impl From<&Outcome> for Resolution {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Evicted | Outcome::Deleted => Self::Disrupted,
            Outcome::Unknown { .. } => Self::Unknown,
            Outcome::Refused(_) | Outcome::Gone | Outcome::Spared => Self::Released,
        }
    }
}

impl Default for JournalTiming {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            // Half of what crontab lines are apart at least.
            spacing: Duration::from_secs(30),
            // Longer than the list of a large cluster, or one victim, takes with all its retries.
            lease: Duration::from_secs(300),
            skew: Duration::from_secs(30),
        }
    }
}

impl fmt::Display for PauseRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Indefinite => write!(f, "paused by the annotation {PAUSED}; `macaque resume` lifts it"),
            Self::Until(until) => write!(f, "paused until {until} by the annotation {PAUSED}"),
            Self::Unreadable(value) => write!(
                f,
                "paused by the annotation {PAUSED}, whose value {value:?} is neither true nor an instant such as \
                 2026-12-24T15:00:00Z; `macaque resume` lifts it"
            ),
        }
    }
}
