//! What is written down, and what a step goes by beside it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::LeaseHolder;
use crate::config::DisruptionLimits;
use crate::eligibility::Candidate;
use crate::outcome::{DisruptionMethod, Outcome};
use crate::report::RoundReport;

/// A request to disrupt nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseRequest {
    /// Until somebody lifts it.
    Indefinite,
    /// Until this instant.
    Until(Timestamp),
    /// The annotation holds this, which is neither `true` nor an instant: taken for a pause.
    Unreadable(String),
}

/// What is to be written down.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalEvent {
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
    Reserve {
        /// The victim.
        victim: Candidate,
        /// How.
        method: DisruptionMethod,
    },
    /// What became of the victim of this UID is known.
    Resolve {
        /// The UID.
        uid: String,
        /// What became of it.
        settled: Resolution,
    },
    /// The holder's round is over, and this is its story.
    Close(Box<RoundReport>),
    /// A look round: what nobody holds any more is adopted, and what is one's own is held on to.
    Recover,
    /// These channels were told of a notice.
    Delivered {
        /// The notice: its round's slot.
        slot: Timestamp,
        /// The channels' names.
        channels: Vec<String>,
        /// Whether nobody is left to tell.
        done: bool,
    },
    /// The journal is not the one that was known before.
    Quarantine {
        /// What was seen.
        why: String,
        /// The sequence that was known before.
        known: u64,
    },
    /// Somebody vouches for the journal as it is.
    Accept,
}

/// What became of a charge, as far as the journal cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The victim was disrupted.
    Disrupted,
    /// Nobody knows.
    Unknown,
    /// It is proven that nothing came of it: the charge is taken back.
    Released,
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

/// How long things take, and how far clocks may be apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalTiming {
    /// A slot is played this late at most.
    pub deadline: Duration,
    /// The least time from one claim to the next, whatever the clocks do meanwhile.
    pub spacing: Duration,
    /// How long a holder is taken to be at its round, or at its notices, after its last sign.
    pub lease: Duration,
    /// How far this machine's clock may be from that of the API server.
    pub skew: Duration,
}

impl Default for JournalTiming {
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
pub struct StepContext<'a> {
    /// This machine's clock.
    pub now: Timestamp,
    /// How far it is ahead of the API server's, where that is known.
    pub skew: Option<SignedDuration>,
    /// Who acts.
    pub holder: &'a LeaseHolder,
    /// Whether somebody asked to disrupt nothing.
    pub pause: Option<PauseRequest>,
    /// The victims of one round at most.
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
