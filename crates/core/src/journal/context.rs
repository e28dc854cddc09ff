//! The context of a step: the clocks, the holder, the configuration, and an operator's pause.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{LeaseHolder, PAUSED};
use crate::config::DisruptionLimits;

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
