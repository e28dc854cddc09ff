//! The events that the journal records, and the context that decides whether it allows them.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{LeaseHolder, PAUSED};
use crate::config::DisruptionLimits;
use crate::eligibility::Candidate;
use crate::outcome::{DisruptionMethod, Outcome};
use crate::report::RoundReport;

/// A request to pause all disruptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseRequest {
    /// Paused until an operator resumes.
    Indefinite,
    /// Paused until this instant.
    Until(Timestamp),
    /// The annotation's value cannot be read, which counts as a pause.
    Unreadable(String),
}

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
    /// A recovery pass takes over the round and the reports whose leases are free, and renews the holder's own leases.
    Recover,
    /// A report was delivered to these channels.
    Delivered {
        /// The round's slot.
        slot: Timestamp,
        /// The channels' names.
        channels: Vec<String>,
        /// Whether every channel has the report now.
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

/// The durations by which the journal decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalTiming {
    /// How long after its slot a round may be claimed.
    pub deadline: Duration,
    /// The minimum time between two claims, even if a clock is set in between.
    pub spacing: Duration,
    /// How long a holder keeps a round, or a report, after its last write.
    pub lease: Duration,
    /// How much this machine's clock may differ from the API server's.
    pub skew: Duration,
}

/// Everything that a step depends on apart from the journal and the event.
#[derive(Debug, Clone)]
pub struct StepContext<'a> {
    /// The time by this machine's clock.
    pub now: Timestamp,
    /// How far that clock is ahead of the API server's, if known.
    pub skew: Option<SignedDuration>,
    /// The acting holder.
    pub holder: &'a LeaseHolder,
    /// The pause that an operator asked for.
    pub pause: Option<PauseRequest>,
    /// How many victims a round may have.
    pub count: usize,
    /// The limits on disruptions over time.
    pub limits: &'a DisruptionLimits,
    /// The durations by which the journal decides.
    pub timing: &'a JournalTiming,
}

impl PauseRequest {
    /// Reads the annotation's value: `false` is no pause, and a value that cannot be read is one.
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
            // Half the minimum distance of two slots of a crontab line.
            spacing: Duration::from_secs(30),
            // Longer than listing a large cluster, or disrupting one victim, takes with all retries.
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
