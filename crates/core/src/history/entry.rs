//! One victim that was tried: its outcome, and how its owner recovered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::outcome::DisruptionMethod;
use crate::pod::{PodOwner, PodRef};
use crate::recovery::{RecoveryTimes, RecoveryVerdict};

/// One victim that was tried. Its slot and the victim's UID identify it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryEntry {
    /// The number that the journal gave to the disruption; `None` if nothing was disrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The slot of the round.
    pub slot: Timestamp,
    /// When the victim was reserved or, without a reservation, when the outcome was known.
    pub at: Timestamp,
    /// The victim.
    pub pod: PodRef,
    /// The victim's owner; `None` for a bare pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PodOwner>,
    /// The victim's team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How the victim was disrupted, or would have been.
    pub method: DisruptionMethod,
    /// The outcome.
    pub outcome: EntryOutcome,
    /// What became of the owner, as far as that was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<EntryRecovery>,
}

/// The outcome for a victim, without the texts that only its own round needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum EntryOutcome {
    /// No outcome is recorded yet: the victim may have been disrupted, or may still be.
    Pending,
    /// The pod was evicted.
    Evicted,
    /// The pod was deleted.
    Deleted,
    /// The disruption was refused.
    Refused {
        /// Who refused: `budget shop/web`, for example.
        by: String,
    },
    /// A guard held the victim back.
    Held {
        /// The guard.
        by: String,
        /// Whether the guard could not answer.
        #[serde(default, skip_serializing_if = "is_false")]
        unanswered: bool,
    },
    /// The pod was gone already.
    Gone,
    /// A dry run: no request was sent.
    DryRun,
    /// Nobody knows whether the pod was disrupted.
    Unknown,
}

/// What became of the owner of a victim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRecovery {
    /// When the disruption was accepted, by this machine's clock.
    pub accepted: Timestamp,
    /// How the recovery ended; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RecoveryVerdict>,
    /// When the verdict was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// When each phase ended, in milliseconds since `accepted`.
    #[serde(default)]
    pub times: RecoveryTimes,
    /// How long the recovery was expected to take, in milliseconds.
    pub expect_ms: u64,
    /// Why the replacement was stuck, if it was: `CrashLoopBackOff`, for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl EntryOutcome {
    /// Whether the victim was disrupted, as far as that is known.
    pub fn is_disruption(&self) -> bool {
        matches!(self, Self::Evicted | Self::Deleted)
    }

    /// Whether nobody knows, perhaps not yet, whether the victim was disrupted.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Pending | Self::Unknown)
    }

    /// The outcome in one word, for tables and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Evicted => "evicted",
            Self::Deleted => "deleted",
            Self::Refused { .. } => "refused",
            Self::Held { .. } => "held",
            Self::Gone => "gone",
            Self::DryRun => "dry-run",
            Self::Unknown => "unknown",
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
